import type { AssetSummary, Unmatched } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import { type FeedState, shownUnmatched, unmatchedInSql } from '../../findings/unmatched.ts';
import { hostSilent, type Moment, silentSince } from '../moment.ts';

/** An asset as lists read it. */
export type AssetRow = {
  readonly id: string;
  readonly kind: AssetSummary['kind'];
  readonly name: string;
  readonly status: AssetSummary['status'];
  readonly risk: number | null;
  readonly unmatched: Unmatched | null;
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
  readonly hostId: string | null;
  readonly hostname: string | null;
  readonly imageId: string | null;
  readonly imageName: string | null;
  readonly zone: string | null;
  readonly labels: Record<string, string>;
  readonly exposure: AssetSummary['exposure'];
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly endedAt: Date | null;
  readonly scannedAt: Date | null;
  readonly silentSince: Date | null;
};

/** What is there was last seen when its sensor last spoke: records come only when something changed. */
const lastSeenColumn = sql`greatest(a.last_seen_at,
  (select s.last_seen_at from sensors s where s.host_id = coalesce(a.host_id, a.id) and a.ended_at is null))`;

/** Columns of AssetRow; expects `assets a left join assets h on h.id = a.host_id left join assets i on i.id = a.image_id`. */
export const assetColumns = (moment: Moment): RawBuilder<AssetRow> => sql<AssetRow>`
  a.id, a.kind, a.name, ${statusColumn(moment)} as status, a.risk, ${unmatchedInSql} as unmatched, a.findings_critical as critical, a.findings_high as high,
  a.findings_medium as medium, a.findings_low as low, a.host_id as "hostId", h.name as hostname, a.image_id as "imageId",
  coalesce(nullif(a.record ->> 'imageName', ''), i.name) as "imageName", coalesce(a.zone, h.zone) as zone, a.effective_labels as labels, a.exposure,
  a.first_seen_at as "firstSeenAt", ${lastSeenColumn} as "lastSeenAt", a.ended_at as "endedAt", a.scanned_at as "scannedAt",
  ${silentSince(sql`coalesce(a.host_id, a.id)`, moment)} as "silentSince"`;

export const assetTables = sql`assets a left join assets h on h.id = a.host_id left join assets i on i.id = a.image_id`;

/** What runs on a silent host may or may not still run. */
export const statusColumn = (moment: Moment): RawBuilder<AssetSummary['status']> => {
  const silent = hostSilent(sql`coalesce(a.host_id, a.id)`, moment);
  return moment.live
    ? sql`case when a.status = 'running' and ${silent} then 'unknown' else a.status end`
    : sql`case when a.kind in ('image', 'upload') then 'present' when ${silent} then 'unknown' else 'running' end`;
};

export const presentAsset = (row: AssetRow, feeds?: FeedState): AssetSummary => ({
  id: row.id,
  kind: row.kind,
  name: row.name,
  status: row.status,
  findings: { critical: row.critical, high: row.high, medium: row.medium, low: row.low },
  labels: row.labels,
  exposure: row.exposure,
  firstSeenAt: row.firstSeenAt.toISOString(),
  lastSeenAt: row.lastSeenAt.toISOString(),
  ...riskOf(row, feeds),
  ...(row.hostId === null ? {} : { hostId: row.hostId }),
  ...(row.hostname === null ? {} : { hostname: row.hostname }),
  ...(row.imageId === null ? {} : { imageId: row.imageId }),
  ...(row.imageName === null || row.kind === 'image' ? {} : { imageName: row.imageName }),
  ...(row.zone === null ? {} : { zone: row.zone }),
  ...(row.endedAt === null ? {} : { endedAt: row.endedAt.toISOString() }),
  ...(row.scannedAt === null ? {} : { scannedAt: row.scannedAt.toISOString() }),
  // What had ended before its host fell silent is known.
  ...(row.silentSince === null || row.status !== 'unknown' ? {} : { silentSince: row.silentSince.toISOString() }),
});

/** A risk of 0 says that nothing was found, which is true only of what was matched. */
const riskOf = (row: AssetRow, feeds: FeedState | undefined): Pick<AssetSummary, 'risk' | 'unmatched'> => {
  const unmatched = shownUnmatched(row.unmatched, feeds);
  if (row.risk !== null && (row.risk > 0 || unmatched === undefined))
    return { risk: row.risk, ...(unmatched === 'no-advisories' ? { unmatched } : {}) };
  return unmatched === undefined ? {} : { unmatched };
};

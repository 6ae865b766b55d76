import type { Clock } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { Log } from '../../logging/log.ts';
import { type CopyOf, followTable, type TableCopy } from '../follow/follow-table.ts';
import type { WrittenSince } from '../follow/written-since.ts';
import { assetThere, type Moment } from '../moment.ts';
import { type AssetTable, createAssetTable, keptBytes, type LiveAsset } from './asset-table.ts';

/** The live hosts and containers in memory: each view of the map counts and looks through all of them. */
export type AssetIndex = TableCopy<AssetTable>;

export const createAssetIndex = (deps: {
  readonly db: Database;
  readonly log: Log;
  readonly clock?: Clock;
  readonly limit?: number;
}): AssetIndex => followTable(deps, { ...assets, limit: deps.limit ?? assets.limit });

const live: Moment = { live: true, at: new Date(0) };
const isLive = sql<boolean>`(a.kind in ('host', 'container') and ${assetThere('a', live)})`;
const liveCount = sql`(select count(*) from assets a where ${isLive})::int`;

/** Takes up the assets that were written since, and which hosts are silent now; returns how many are live. */
const takeUp = async (db: Database, table: AssetTable, since: WrittenSince, isFirst: boolean): Promise<number> => {
  const [changed, silent] = await Promise.all([
    // One row without an asset when none was written.
    sql<Reading | Nothing>`
      select a.id, a.kind, coalesce(a.host_id, a.id) as "hostId", a.name, a.status = 'unknown' as unknown, a.risk, a.first_seen_at as since,
        coalesce(a.zone, '') as zone, case a.kind when 'host' then a.effective_labels else '{}' end as labels, a.image_id as "imageId",
        coalesce(a.record ->> 'imageName', '') as "imageName", coalesce((a.record -> 'privilege' ->> 'privileged')::boolean, false) as privileged,
        ${isLive} as "isLive", ${liveCount} as live
      from (values (1)) one left join assets a on ${isFirst ? isLive : since.isNew('a')}`.execute(db),
    sql<{ ids: string | null }>`
      select string_agg(s.host_id::text, ',') as ids from sensors s where s.presence <> 'online'`.execute(db),
  ]);
  for (const row of changed.rows) {
    if (row.id === null) continue;
    if (row.isLive) table.put(present(row));
    else table.remove(row.id);
  }
  table.setSilent(silent.rows[0]?.ids?.split(',') ?? []);
  return changed.rows[0]?.live ?? 0;
};

const countLive = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ live: number }>`select ${liveCount} as live`.execute(db);
  return rows[0]?.live ?? 0;
};

const dropVanished = async (db: Database, table: AssetTable): Promise<void> => {
  const { rows } = await sql<{ ids: string | null }>`
    select string_agg(a.id::text, ',') as ids from assets a where ${isLive}`.execute(db);
  const kept = new Set(rows[0]?.ids?.split(',') ?? []);
  for (const id of [...table.ids()]) if (!kept.has(id)) table.remove(id);
};

const assets: CopyOf<AssetTable> = {
  ...{ what: 'live hosts and containers', limit: 100_000, bytesPerRow: keptBytes, make: createAssetTable },
  ...{ takeUp, countLive, dropVanished, isWorn: () => false },
};

type Reading = Omit<LiveAsset, 'risk' | 'imageId'> & {
  readonly risk: number | null;
  readonly imageId: string | null;
  readonly isLive: boolean;
  readonly live: number;
};
type Nothing = { readonly id: null; readonly live: number };

const present = ({ isLive: _, live: __, risk, imageId, ...row }: Reading): LiveAsset => ({
  ...row,
  risk: risk ?? undefined,
  imageId: imageId ?? undefined,
});

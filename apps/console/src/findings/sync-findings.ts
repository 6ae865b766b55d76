import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';
import type { FindingStatus, UnmatchedList } from '../database/tables/findings.ts';
import { riskInSql } from '../risk/asset-risk.ts';
import { formulaVersion } from '../risk/formula.ts';
import type { Instance } from '../risk/instances.ts';
import { contextColumns } from '../risk/recompute-risk.ts';
import type { StoredPackage } from '../sboms/asset-packages.ts';
import { recordHistory } from './history.ts';
import type { ContentFinding, MatchedContent } from './matched-content.ts';

export type SyncOutcome = { readonly opened: number; readonly closed: number; readonly findings: number };

/**
 * Makes an asset's findings those of its packages' content: new ones open, gone ones close with the reason, those that came back
 * open again (or stay accepted while their acceptance lasts). Rows that did not change are not written; where the same packages
 * matched the same as last time, none is even read. `applyRisk` belongs into the same `writeFindings`.
 */
export const syncFindings = async (
  tx: DatabaseTransaction,
  input: {
    readonly assetId: string;
    readonly packages: readonly StoredPackage[];
    readonly content: MatchedContent;
    readonly unmatched: UnmatchedList | null;
    /** Asked when there is something to write. */
    readonly instances: () => Promise<readonly Instance[]>;
    readonly feedVersion: string;
    readonly at: Date;
  },
): Promise<SyncOutcome & { readonly isSame: boolean }> => {
  const { findings } = input.content;
  const digest = digestOf(input.content, input.packages);
  const { rows: same } = await sql`
    update asset_software set matched_feed = ${input.feedVersion}, matched_at = ${input.at}
    where asset_id = ${input.assetId} and matched_feed is not null and not closed_as_gone and match_digest = ${digest}
      and unmatched is not distinct from ${input.unmatched} returning 1`.execute(tx);
  if (same.length > 0) return { opened: 0, closed: 0, findings: findings.length, isSame: true };
  const known = await readKnown(tx, input.assetId);
  const byPurl = new Map(input.packages.map((item) => [item.purl, item]));
  const contextOf = createContextLookup(input.assetId, await input.instances());
  const wanted = findings.flatMap((finding) => {
    const item = byPurl.get(finding.purl);
    if (item === undefined) return [];
    const row = { ...finding, ...contextOf(item), package_id: item.id };
    return [{ key: keyOf(finding.package_key, finding.vulnerability_id), row }];
  });
  const reopened = wanted.flatMap(({ key }) => {
    const row = known.get(key);
    return row?.status === 'closed' ? [row.id] : [];
  });
  for (let from = 0; from < wanted.length; from += batchSize) {
    await upsertFindings(
      tx,
      input,
      wanted.slice(from, from + batchSize).map((item) => item.row),
    );
  }
  const wantedKeys = new Set(wanted.map((item) => item.key));
  const gone = [...known].filter(([key, row]) => row.status !== 'closed' && !wantedKeys.has(key)).map(([, row]) => row);
  await closeFindings(tx, gone, input.packages, input.at);
  await recordHistory(
    tx,
    reopened.map((id) => ({ findingId: id, at: input.at, text: 'Found again' })),
  );
  await sql`
    update asset_software set matched_feed = ${input.feedVersion}, matched_at = ${input.at}, match_digest = ${digest}, unmatched = ${input.unmatched}
    where asset_id = ${input.assetId}`.execute(tx);
  const added = wanted.filter((item) => !known.has(item.key)).length;
  return { opened: added + reopened.length, closed: gone.length, findings: wanted.length, isSame: false };
};

/** Of what the rows are made from: the content, and which packages of the asset it is of. */
const digestOf = ({ digest }: MatchedContent, packages: readonly StoredPackage[]): string =>
  createHash('sha256')
    .update(digest)
    .update(packages.map(({ id }) => id).join(' '))
    .digest('base64');

/** Rows of one statement, each well below the statement timeout. */
const batchSize = 5000;

type KnownRow = {
  readonly id: string;
  readonly package_key: string;
  readonly vulnerability_id: number;
  readonly package_version: string;
  readonly status: FindingStatus;
};

const keyOf = (packageKey: string, vulnerabilityId: number): string => `${vulnerabilityId}|${packageKey}`;

const readKnown = async (tx: DatabaseTransaction, assetId: string): Promise<ReadonlyMap<string, KnownRow>> => {
  const rows = await tx
    .selectFrom('findings')
    .select(['id', 'package_key', 'vulnerability_id', 'package_version', 'status'])
    .where('asset_id', '=', assetId)
    .execute();
  return new Map(rows.map((row) => [keyOf(row.package_key, row.vulnerability_id), row]));
};

type Context = NonNullable<ReturnType<typeof contextColumns>>;

/** The stated middle values, for a package that no instance has any more. */
const noInstance: Context = {
  worst: null,
  exposure: 0.5,
  use_value: 0.5,
  impact: 0.6,
  exposure_kind: 'unknown',
  use_kind: 'unknown',
};

/** Contexts depend on the package alone; most packages with findings have several. */
const createContextLookup = (assetId: string, instances: readonly Instance[]) => {
  const known = new Map<number, Context>();
  return (item: StoredPackage): Context => {
    const found = known.get(item.id) ?? contextColumns(instances, assetId, item.id, item.purl) ?? noInstance;
    known.set(item.id, found);
    return found;
  };
};

type NewRow = ContentFinding & Context & { readonly package_id: number };

const upsertFindings = async (
  tx: DatabaseTransaction,
  input: { readonly assetId: string; readonly feedVersion: string; readonly at: Date },
  rows: readonly NewRow[],
): Promise<void> => {
  if (rows.length === 0) return;
  const risk = riskInSql(sql`new.likelihood`, sql`new.exposure`, sql`new.use_value`, sql`new.impact`);
  await sql`
    insert into findings as old (id, asset_id, package_id, package_key, product_id, vulnerability_id, fix_id, status, purl, package_version,
      advisory_id, fixed_version, affected_ranges, cvss, epss, kev, epss_high, exploit, likelihood, exposure, use_value, impact, risk,
      exposure_kind, use_kind, worst_asset_id, formula, feed_version, first_seen_at, ecosystem, notes, other_purls)
    select gen_random_uuid(), ${input.assetId}, new.package_id, new.package_key, new.product_id, new.vulnerability_id, new.fix_id, 'open',
      new.purl, new.package_version, new.advisory_id, new.fixed_version, coalesce(new.affected_ranges, '{}'), new.cvss, new.epss, new.kev,
      coalesce(new.epss > 0.5, false), new.exploit, new.likelihood, new.exposure, new.use_value, new.impact, ${risk},
      new.exposure_kind, new.use_kind, new.worst, ${formulaVersion}, ${input.feedVersion}, ${input.at}, new.ecosystem, coalesce(new.notes, '{}'), coalesce(new.other_purls, '{}')
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as new (package_id bigint, package_key text, product_id bigint, vulnerability_id bigint,
      fix_id bigint, purl text, package_version text, advisory_id text, fixed_version text, affected_ranges text[], cvss real, epss real,
      kev boolean, exploit boolean, likelihood real, exposure real, use_value real, impact real, exposure_kind text, use_kind text, worst uuid, ecosystem text, notes text[],
      other_purls text[])
    on conflict (asset_id, package_key, vulnerability_id) do update set
      package_id = excluded.package_id, product_id = excluded.product_id, fix_id = excluded.fix_id, purl = excluded.purl,
      package_version = excluded.package_version, advisory_id = excluded.advisory_id, fixed_version = excluded.fixed_version,
      affected_ranges = excluded.affected_ranges, cvss = excluded.cvss, epss = excluded.epss, kev = excluded.kev,
      epss_high = excluded.epss_high, exploit = excluded.exploit, likelihood = excluded.likelihood, exposure = excluded.exposure,
      use_value = excluded.use_value, impact = excluded.impact, risk = excluded.risk, exposure_kind = excluded.exposure_kind,
      use_kind = excluded.use_kind, worst_asset_id = excluded.worst_asset_id, formula = excluded.formula,
      feed_version = excluded.feed_version, ecosystem = excluded.ecosystem, notes = excluded.notes,
      other_purls = excluded.other_purls, closed_at = null, close_reason = null,
      status = case when old.status <> 'closed' then old.status when old.accepted_until > ${input.at} then 'accepted' else 'open' end
    where old.status = 'closed' or (old.package_id, old.fix_id, old.purl, old.advisory_id, old.fixed_version, old.affected_ranges, old.cvss,
        old.epss, old.kev, old.exploit, old.likelihood, old.ecosystem, old.notes, old.other_purls)
      is distinct from (excluded.package_id, excluded.fix_id, excluded.purl, excluded.advisory_id, excluded.fixed_version,
        excluded.affected_ranges, excluded.cvss, excluded.epss, excluded.kev, excluded.exploit, excluded.likelihood,
        excluded.ecosystem, excluded.notes, excluded.other_purls)`.execute(tx);
};

const closeFindings = async (
  tx: DatabaseTransaction,
  gone: readonly KnownRow[],
  packages: readonly StoredPackage[],
  at: Date,
): Promise<void> => {
  if (gone.length === 0) return;
  const now = new Map(packages.map((item) => [item.packageKey, item.version]));
  const reasons = gone.map((row) => closeReason(row, now.get(row.package_key)));
  await sql`
    update findings as f set status = 'closed', closed_at = ${at}, close_reason = new.reason
    from unnest(${gone.map((row) => row.id)}::uuid[], ${reasons}::text[]) as new (id, reason) where f.id = new.id`.execute(
    tx,
  );
  await recordHistory(
    tx,
    gone.map((row, index) => ({ findingId: row.id, at, text: `Closed: ${reasons[index]}` })),
  );
};

const closeReason = (row: KnownRow, installed: string | undefined): string => {
  if (installed === undefined) return 'the package is no longer there';
  if (installed !== row.package_version) return `version ${installed} is installed`;
  return 'the advisories no longer name this version';
};

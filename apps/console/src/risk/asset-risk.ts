import { type RawBuilder, sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';
import { unmatchedInSql } from '../findings/unmatched.ts';

/** The formula of `riskValue` in SQL; a test compares both. Arguments are columns or parameters. */
export const riskInSql = (
  likelihood: RawBuilder<unknown>,
  exposure: RawBuilder<unknown>,
  use: RawBuilder<unknown>,
  impact: RawBuilder<unknown>,
): RawBuilder<number> => sql<number>`
  (round(1000 * sqrt((${likelihood})::float8 * (${exposure})::float8 * (${use})::float8 * (${impact})::float8)) / 10)::real`;

const counts = sql`
  count(*) filter (where r.risk >= 80) as critical, count(*) filter (where r.risk >= 50 and r.risk < 80) as high,
  count(*) filter (where r.risk >= 20 and r.risk < 50) as medium, count(*) filter (where r.risk < 20) as low`;

/**
 * Keeps the risk and counts shown with assets. A container shows its own findings and those of its image as they weigh in
 * this container: what it runs is what an attacker finds there.
 */
export const refreshAssetRisk = async (tx: DatabaseTransaction, assetIds: readonly string[]): Promise<void> => {
  if (assetIds.length === 0) return;
  const ids = sql`${[...assetIds]}::uuid[]`;
  await sql`
    update assets as a set risk = s.shown, findings_critical = s.critical, findings_high = s.high, findings_medium = s.medium, findings_low = s.low
    from (
      select a.id, ${shownRisk} as shown, ${counts}
      from assets as a left join lateral (${openRisks}) as r on true
      where a.id = any(${ids}) group by a.id
    ) as s
    where a.id = s.id and (a.risk, a.findings_critical, a.findings_high, a.findings_medium, a.findings_low)
      is distinct from (s.shown, s.critical, s.high, s.medium, s.low)`.execute(tx);
};

/** The highest; 0 for one without findings, absent where that says nothing. */
const shownRisk = sql`coalesce(max(r.risk), case when ${unmatchedInSql} is null then 0 end)::real`;

/** Risks of the open findings of `a`, one row each. */
const openRisks = sql`
  select f.risk from findings as f where f.asset_id = a.id and f.status = 'open'
  union all
  select ${riskInSql(sql`f.likelihood`, sql`ctx.exposure`, sql`ctx.use_value`, sql`ctx.impact`)}
  from findings as f
  left join asset_software as software on software.asset_id = a.id
  cross join lateral (
    select c.exposure, c.use_value, c.impact from risk_contexts as c
    where c.asset_id = a.image_id and c.instance_id = a.id and c.package_id in (f.package_id, 0)
    order by c.package_id desc limit 1
  ) as ctx
  where a.kind = 'container' and f.asset_id = a.image_id and f.status = 'open'
    and not f.purl = any(coalesce(software.removed_purls, '{}'))`;

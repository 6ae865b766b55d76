import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type AskedScope, inScope } from '../people/scope.ts';

/** Writes down the present risk of everything, for this hour. */
export const recordRiskOfHour = async (db: Database, at: Date): Promise<void> => {
  await sql`
    insert into risk_hours (at, risk, open)
    select date_trunc('hour', ${at}::timestamptz, 'UTC'), coalesce(sum(risk_sum), 0), coalesce(sum(findings), 0)
    from finding_totals where cell & 3 = 0
    on conflict (at) do update set risk = excluded.risk, open = excluded.open`.execute(db);
};

/** Writes down the present risk of each asset, for this day. */
export const recordRiskOfDay = async (db: Database, at: Date): Promise<void> => {
  const day = at.toISOString().slice(0, 10);
  await sql`
    insert into risk_days as old (day, asset_id, risk, open)
    select ${day}::date, asset_id, sum(risk_sum), sum(findings) from finding_asset_counts where cell & 3 = 0 group by asset_id
    on conflict (day, asset_id) do update set risk = excluded.risk, open = excluded.open
    where (old.risk, old.open) is distinct from (excluded.risk, excluded.open)`.execute(db);
  // Assets whose last finding closed today have no counts any more.
  await sql`
    update risk_days as d set risk = 0, open = 0 where day = ${day}::date and open > 0
      and not exists (select 1 from finding_asset_counts as c where c.asset_id = d.asset_id and c.cell & 3 = 0)`.execute(
    db,
  );
};

export type RiskPoint = { readonly at: string; readonly risk: number; readonly open: number };

/** The last two weeks: by hour for all, by day within a scope. */
export const readRiskHistory = async (db: Database, scope: AskedScope, at: Date): Promise<RiskPoint[]> => {
  const since = new Date(at.getTime() - 14 * 24 * 3_600_000);
  const query =
    scope === null
      ? sql<{ at: Date; risk: number; open: number }>`
        select at, risk, open from risk_hours where at >= ${since} order by at`
      : sql<{ at: Date; risk: number; open: number }>`
        select day::timestamp at time zone 'UTC' as at, sum(risk) as risk, sum(open)::int as open from risk_days
        where day >= ${since} and ${inScope(scope, sql.ref('risk_days.asset_id'))} group by day order by day`;
  const { rows } = await query.execute(db);
  return rows.map((row) => ({ at: row.at.toISOString(), risk: row.risk, open: row.open }));
};

import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';

/** How many rows of each roll-up say something else than the findings that they sum. */
export const wrongRollUps = async (db: Database): Promise<Readonly<Record<string, number>>> => {
  const { rows } = await sql<{ totals: number; assets: number; groups: number; statuses: number }>`
    with by_cell as (select cell, count(*) as n, sum(risk) as r from findings group by cell),
    by_asset as (select asset_id, cell, count(*) as n, sum(risk) as r, max(risk) as m from findings group by 1, 2),
    by_group as (
      select g.grouping, g.group_id, f.cell, count(*) as n, sum(f.risk) as r, max(f.risk) as m from findings as f
      cross join lateral (values ('fix', f.fix_id), ('vulnerability', f.vulnerability_id), ('package', f.product_id)) as g (grouping, group_id)
      group by 1, 2, 3
    ),
    by_status as (
      select grouping, group_id, (cell & 3)::smallint as status, sum(n) as n, sum(r) as r, max(m) as m,
        coalesce(sum(n) filter (where cell & 512 <> 0), 0) as k
      from by_group group by 1, 2, 3
    )
    select
      (select count(*)::int from by_cell as l full join finding_totals as t using (cell)
        where l.n is distinct from t.findings or ${isFar}) as totals,
      (select count(*)::int from by_asset as l full join finding_asset_counts as t using (asset_id, cell)
        where l.n is distinct from t.findings or l.m is distinct from t.risk_max or ${isFar}) as assets,
      (select count(*)::int from by_group as l full join finding_group_counts as t using (grouping, group_id, cell)
        where l.n is distinct from t.findings or l.m is distinct from t.risk_max or ${isFar}) as groups,
      (select count(*)::int from by_status as l full join finding_group_totals as t using (grouping, group_id, status)
        where l.n is distinct from t.findings or l.m is distinct from t.risk_max or l.k is distinct from t.kev or ${isFar}) as statuses`.execute(
    db,
  );
  return rows[0] ?? {};
};

/** Sums of floating-point numbers in another order. */
const isFar = sql`abs(coalesce(l.r, 0) - coalesce(t.risk_sum, 0)) > 0.01`;

export const noneWrong = { totals: 0, assets: 0, groups: 0, statuses: 0 } as const;

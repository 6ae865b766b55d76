import { type Kysely, type RawBuilder, sql } from 'kysely';

/**
 * Each roll-up is written once a change: the sums, whether the highest risk must be looked up, and whether the row goes. Before, a
 * row was added to, asked whether it is empty, and asked for its highest risk, each in a statement of its own. Whoever writes
 * findings has the writers' lock from here on, also outside of `writeFindings`, so what is read here is what is written to.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create or replace function findings_roll_up() returns trigger language plpgsql as $body$
declare
  changes finding_delta[];
begin
  if tg_op = 'INSERT' then
    select array_agg((asset_id, fix_id, vulnerability_id, product_id, cell, 1, risk)::finding_delta) into changes from added;
  elsif tg_op = 'DELETE' then
    select array_agg((asset_id, fix_id, vulnerability_id, product_id, cell, -1, risk)::finding_delta) into changes from removed;
  else
    select array_agg(side.delta) into changes from removed o join added n using (id)
    cross join lateral (values
      ((o.asset_id, o.fix_id, o.vulnerability_id, o.product_id, o.cell, -1, o.risk)::finding_delta),
      ((n.asset_id, n.fix_id, n.vulnerability_id, n.product_id, n.cell, 1, n.risk)::finding_delta)
    ) as side (delta)
    where (o.cell, o.risk, o.fix_id) is distinct from (n.cell, n.risk, n.fix_id);
  end if;
  if changes is null then
    return null;
  end if;
  perform pg_advisory_xact_lock(7227003);

  merge into finding_totals as t
  using (select d.cell, ${summed} from unnest(changes) as d group by d.cell) as c on t.cell = c.cell
  when matched and t.findings + c.n = 0 then delete
  when matched then update set findings = t.findings + c.n, risk_sum = t.risk_sum + c.risk_sum
  when not matched then insert (cell, findings, risk_sum) values (c.cell, c.n, c.risk_sum);

  merge into finding_asset_counts as t
  using (select d.asset_id, d.cell, ${summed}, ${highest} from unnest(changes) as d group by d.asset_id, d.cell) as c
  on t.asset_id = c.asset_id and t.cell = c.cell
  when matched and t.findings + c.n = 0 then delete
  when matched then update set findings = t.findings + c.n, risk_sum = t.risk_sum + c.risk_sum,
    risk_max = case when ${isKnown} then greatest(t.risk_max, c.gained)
      else (select max(f.risk) from findings as f where f.asset_id = t.asset_id and f.cell = t.cell) end
  when not matched then insert (asset_id, cell, findings, risk_sum, risk_max) values (c.asset_id, c.cell, c.n, c.risk_sum, c.gained);

  merge into finding_group_counts as t
  using (
    select g.grouping, g.group_id, d.cell, ${summed}, ${highest} from unnest(changes) as d ${groups} group by g.grouping, g.group_id, d.cell
  ) as c
  on t.grouping = c.grouping and t.group_id = c.group_id and t.cell = c.cell
  when matched and t.findings + c.n = 0 then delete
  when matched then update set findings = t.findings + c.n, risk_sum = t.risk_sum + c.risk_sum,
    risk_max = case when ${isKnown} then greatest(t.risk_max, c.gained)
      when t.grouping = 'fix' then (select max(f.risk) from findings as f where f.fix_id = t.group_id and f.cell = t.cell)
      when t.grouping = 'vulnerability' then (select max(f.risk) from findings as f where f.vulnerability_id = t.group_id and f.cell = t.cell)
      else (select max(f.risk) from findings as f where f.product_id = t.group_id and f.cell = t.cell) end
  when not matched then insert (grouping, group_id, cell, findings, risk_sum, risk_max)
    values (c.grouping, c.group_id, c.cell, c.n, c.risk_sum, c.gained);

  merge into finding_group_totals as t
  using (
    select g.grouping, g.group_id, d.cell & 3 as status, coalesce(sum(d.n) filter (where d.cell & 512 <> 0), 0) as kev, ${summed}, ${highest}
    from unnest(changes) as d ${groups} group by g.grouping, g.group_id, d.cell & 3
  ) as c
  on t.grouping = c.grouping and t.group_id = c.group_id and t.status = c.status
  when matched and t.findings + c.n = 0 then delete
  when matched then update set findings = t.findings + c.n, kev = t.kev + c.kev, risk_sum = t.risk_sum + c.risk_sum,
    risk_max = case when ${isKnown} then greatest(t.risk_max, c.gained)
      else (select max(n.risk_max) from finding_group_counts as n
        where n.grouping = t.grouping and n.group_id = t.group_id and n.cell & 3 = t.status) end
  when not matched then insert (grouping, group_id, status, findings, kev, risk_sum, risk_max)
    values (c.grouping, c.group_id, c.status, c.n, c.kev, c.risk_sum, c.gained);
  return null;
end
$body$`.execute(db);
  await sql`drop function findings_roll_up_maxima(finding_delta[])`.execute(db);
};

const summed: RawBuilder<unknown> = sql`sum(d.n) as n, sum(d.n * d.risk) as risk_sum`;
/** The highest risk among what came, and among what left. */
const highest: RawBuilder<unknown> = sql`coalesce(max(d.risk) filter (where d.n > 0), 0) as gained,
      coalesce(max(d.risk) filter (where d.n < 0), -1) as lost`;
/** A highest risk that may have left is looked up, unless one as high came. */
const isKnown: RawBuilder<unknown> = sql`c.gained >= t.risk_max or c.lost < t.risk_max`;
const groups: RawBuilder<unknown> = sql`cross join lateral (values
      ('fix', d.fix_id), ('vulnerability', d.vulnerability_id), ('package', d.product_id)) as g (grouping, group_id)`;

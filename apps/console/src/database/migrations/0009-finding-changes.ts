import { type Kysely, sql } from 'kysely';

/**
 * Which assets' findings changed, so that copies in memory (findings/index) can follow. One row an asset: the table is as
 * large as the fleet, however much is written. Numbers are drawn under the writers' lock and so appear in their order.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create sequence finding_change_numbers;
create table finding_changes (
  -- no reference: an asset that is gone is told here once more
  asset_id uuid primary key,
  change bigint not null
);
create index finding_changes_by_number on finding_changes (change);

create function findings_changed() returns trigger language plpgsql as $body$
declare
  assets uuid[];
begin
  if tg_op = 'INSERT' then
    select array_agg(distinct asset_id) into assets from added;
  elsif tg_op = 'DELETE' then
    select array_agg(distinct asset_id) into assets from removed;
  else
    select array_agg(distinct n.asset_id) into assets from removed o join added n using (id)
    where (o.cell, o.risk, o.fix_id, o.product_id, o.cvss, o.first_seen_at)
      is distinct from (n.cell, n.risk, n.fix_id, n.product_id, n.cvss, n.first_seen_at);
  end if;
  if assets is null then
    return null;
  end if;
  perform pg_advisory_xact_lock(7227003);
  insert into finding_changes (asset_id, change) select a, nextval('finding_change_numbers') from unnest(assets) a
  on conflict (asset_id) do update set change = excluded.change;
  return null;
end
$body$;

create trigger findings_inserted_changes after insert on findings referencing new table as added
  for each statement execute function findings_changed();
create trigger findings_updated_changes after update on findings referencing old table as removed new table as added
  for each statement execute function findings_changed();
create trigger findings_deleted_changes after delete on findings referencing old table as removed
  for each statement execute function findings_changed();

insert into finding_changes (asset_id, change)
select asset_id, nextval('finding_change_numbers') from (select distinct asset_id from finding_asset_counts) counted;
`.execute(db);
};

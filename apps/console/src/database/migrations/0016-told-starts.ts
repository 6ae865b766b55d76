import { type Kysely, sql } from 'kysely';

/**
 * The start of a life as its sensor told it, which tells lives apart however the clocks are compared (ingest/inventory/lives.ts).
 * Rows of before have none, except the last life of each container: the record that was told last names its start.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
-- milliseconds since the Unix epoch by the clock of the sensor's host; null for hosts, images and lives of before
alter table asset_intervals add column told_start bigint,
  -- true when the sensor only concluded it, so that another record may name the same life with another start
  add column start_inferred boolean not null default false;
update asset_intervals i set told_start = (a.record->>'startedAt')::numeric::bigint, start_inferred = true
from assets a
where a.id = i.asset_id and a.kind = 'container' and jsonb_typeof(a.record->'startedAt') = 'number'
  and a.record->>'state' <> 'created'
  and i.id = (select p.id from asset_intervals p where p.asset_id = a.id order by p.started_at desc, p.id desc limit 1);
create unique index asset_intervals_by_told_start on asset_intervals (asset_id, told_start) where told_start is not null;
alter table listeners add column told_start bigint;
create index listeners_by_key on listeners (host_id, key);
`.execute(db);
};

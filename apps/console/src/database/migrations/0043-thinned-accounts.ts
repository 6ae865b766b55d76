import { type Kysely, sql } from 'kysely';

/** Until when accounts of events are thinned: what is stored with an earlier time moves it back. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table telemetry_thinned (
  singleton boolean primary key default true check (singleton),
  -- by the clocks of hosts, in milliseconds
  until bigint not null
)`.execute(db);
  await sql`
insert into telemetry_thinned (until) select coalesce(min(until), 0) from telemetry_accounts`.execute(db);
};

import { type Kysely, sql } from 'kysely';

/** Which events the console had and let go: a search that reaches back to them says so. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table telemetry_gone (
  -- age, size: by retention; disk: to make room; restore: not in the backup; missing: their file is not there
  cause text not null,
  -- of their last event; one row for each cause and day, so that there are few whatever is let go
  day date not null,
  first_at bigint not null,
  last_at bigint not null,
  rows bigint not null,
  bytes bigint not null,
  primary key (cause, day)
);
create index telemetry_gone_by_time on telemetry_gone (last_at);
`.execute(db);
};

import { type Kysely, sql } from 'kysely';

/** Versions of the telemetry policy, and what each sensor says that it follows. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table telemetry_policies (
  version integer primary key check (version > 0),
  rules jsonb not null,
  created_at timestamptz not null,
  -- a name, which stays when the person goes
  created_by text not null
);
-- null from a sensor that follows no policy
alter table sensors add column telemetry_policy jsonb;
`.execute(db);
};

import { type Kysely, sql } from 'kysely';

/** Of which hosts accounts came for a time that is thinned already; there is nothing to take over, such a time was thinned anew for all. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table telemetry_late (
  -- no reference: what a host told outlives the host
  host_id uuid primary key,
  -- the earliest of them, by the host's clock in milliseconds
  since bigint not null,
  -- how many times some came: whoever thinned them sees whether more did meanwhile
  times bigint not null,
  due_at timestamptz not null
)`.execute(db);
  await sql`create index telemetry_late_by_due on telemetry_late (due_at)`.execute(db);
};

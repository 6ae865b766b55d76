import { type Kysely, sql } from 'kysely';

/** Indexes for lists that grow with the years: the audit log by outcome and by any text. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create index audit_log_by_outcome on audit_log (outcome, id);
create index audit_log_text on audit_log
  using gin (lower(actor_name || ' ' || action || ' ' || coalesce(target, '') || ' ' || coalesce(address, '')) gin_trgm_ops);
`.execute(db);
};

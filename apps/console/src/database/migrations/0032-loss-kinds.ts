import { type Kysely, sql } from 'kysely';

/**
 * What a count of losses counts. Until now sensors told losses of events twice, with their accounts and with the inventory. Where there
 * are both, that of the inventory goes: its run is a random UUID, while the console makes one from a hash for accounts.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table losses add column kind text not null default 'records'`.execute(db);
  await sql`update losses set kind = 'arguments' where stage = 'reader' and cause = 'arguments of a start'`.execute(db);
  await sql`
update losses set kind = 'events'
where kind = 'records' and stage <> 'inventory' and collector in ('activity', 'files', 'logins', 'accounts', 'spool')`.execute(
    db,
  );
  await sql`
delete from losses as told using losses as counted
where told.kind = 'events' and counted.kind = 'events' and told.run_id::text ~ ${randomId} and counted.run_id::text !~ ${randomId}
  and counted.host_id = told.host_id and counted.collector = told.collector
  and counted.stage = told.stage and counted.cause = told.cause`.execute(db);
};

const randomId = '^.{14}4.{4}[89ab]';

import { type Kysely, sql } from 'kysely';

/**
 * Since when each collector of a host tells events, which outlives its accounts: a search that reaches back further says so. And
 * accounts of a clock that was far ahead are brought to when they came: those after them passed by unread.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  // Apart, since they are few: the planner expects a third of all accounts, and would compare each with all others of its start.
  await sql`
create temporary table accounts_ahead on commit drop as
select host_id, collector, since, until, (extract(epoch from received_at) * 1000)::bigint as came from telemetry_accounts
where until > extract(epoch from received_at) * 1000 + ${dayMs}::bigint`.execute(db);
  await sql`analyze accounts_ahead`.execute(db);
  await sql`
delete from telemetry_accounts a using accounts_ahead ahead
where ${isAhead} and exists (select from telemetry_accounts later where later.host_id = a.host_id and later.collector = a.collector
  and later.since = a.since and later.until > a.until)`.execute(db);
  await sql`
update telemetry_accounts a set until = ahead.came, began = least(a.began, ahead.came) from accounts_ahead ahead
where ${isAhead} and not exists (select from telemetry_accounts other where other.host_id = a.host_id
  and other.collector = a.collector and other.since = a.since and other.until = ahead.came)`.execute(db);
  await sql`
create table telemetry_watched (
  -- no reference: what a host told outlives the host
  host_id uuid not null,
  collector text not null,
  -- by the host's clock in milliseconds
  since bigint not null,
  primary key (host_id, collector)
)`.execute(db);
  await sql`create index telemetry_watched_by_time on telemetry_watched (since)`.execute(db);
  await sql`
insert into telemetry_watched
select host_id, collector, min(least(since, until)) from telemetry_accounts
where collector in ('activity', 'files', 'logins', 'accounts') group by host_id, collector`.execute(db);
};

const dayMs = 86_400_000;

const isAhead = sql`a.host_id = ahead.host_id and a.collector = ahead.collector and a.since = ahead.since and a.until = ahead.until`;

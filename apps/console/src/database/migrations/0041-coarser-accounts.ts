import { type Kysely, sql } from 'kysely';

/**
 * Accounts say themselves since when they tell and from which loss they begin, so that what was lost in a span is found without looking
 * at all that was told in it; and one a minute is kept of those that came every few seconds.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table telemetry_accounts rename to told_accounts`.execute(db);
  await sql`alter index telemetry_accounts_by_time rename to told_accounts_by_time`.execute(db);
  await sql`alter table told_accounts rename constraint telemetry_accounts_pkey to told_accounts_pkey`.execute(db);
  await sql`
create table telemetry_accounts (
  host_id uuid not null,
  collector text not null,
  -- sums since then, by the host's clock in milliseconds
  since bigint not null,
  until bigint not null,
  produced bigint not null,
  told bigint not null,
  unwanted bigint not null,
  lost bigint not null,
  -- counts by stage and cause
  losses jsonb not null,
  received_at timestamptz not null,
  -- the end of the account before this one, and what had been lost by then; the start, and nothing, for the first one
  began bigint not null,
  lost_before bigint not null
)`.execute(db);
  await sql`
insert into telemetry_accounts
select *, coalesce(lag(until) over one_start, since), coalesce(lag(lost) over one_start, 0)
from (
  select distinct on (host_id, collector, since, until / 60000) * from told_accounts
  order by host_id, collector, since, until / 60000, until desc
) last_of_minute
window one_start as (partition by host_id, collector, since order by until)`.execute(db);
  await sql`drop table told_accounts`.execute(db);
  await sql`alter table telemetry_accounts add primary key (host_id, collector, since, until)`.execute(db);
  await sql`create index telemetry_accounts_by_time on telemetry_accounts (until)`.execute(db);
  await sql`create index telemetry_accounts_lossy on telemetry_accounts (until) where lost > lost_before`.execute(db);
};

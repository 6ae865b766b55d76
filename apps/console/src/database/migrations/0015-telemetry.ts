import { type Kysely, sql } from 'kysely';

/** Where the events of sensors lie, how far each host's stream is stored, and what became of its events. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table telemetry_files (
  -- its name below the store's folder
  path text primary key,
  rows bigint not null,
  bytes bigint not null,
  -- microseconds since the Unix epoch, of the events in it
  first_at bigint not null,
  last_at bigint not null,
  hosts uuid[] not null,
  stored_at timestamptz not null,
  -- merged into another, or past its time: no search begins with it, and it is deleted a while later
  retired_at timestamptz
);
create index telemetry_files_in_use on telemetry_files (last_at, first_at) where retired_at is null;
create index telemetry_files_retired on telemetry_files (retired_at) where retired_at is not null;

-- the last spooled segment whose events are in the files: what a crash leaves of it is not taken twice
create table telemetry_progress (singleton boolean primary key default true check (singleton), segment bigint not null);

create table telemetry_positions (
  -- no reference: what a host told outlives the host
  host_id uuid primary key,
  epoch bigint not null,
  seq bigint not null
);

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
  primary key (host_id, collector, since, until)
);
create index telemetry_accounts_by_time on telemetry_accounts (until);
`.execute(db);
};

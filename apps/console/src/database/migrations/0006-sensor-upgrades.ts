import { type Kysely, sql } from 'kysely';

/** What a sensor says of its program, and upgrades in rollouts. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
alter table sensors add column program jsonb;
create table sensor_rollouts (
  id uuid primary key,
  requested_by text not null,
  created_at timestamptz not null,
  state text not null check (state in ('running', 'done', 'stopped')),
  message text,
  ended_at timestamptz
);
create index sensor_rollouts_newest on sensor_rollouts (created_at desc, id desc);
create index sensor_rollouts_running on sensor_rollouts (id) where state = 'running';
create table sensor_upgrades (
  id uuid primary key,
  rollout_id uuid not null references sensor_rollouts (id) on delete cascade,
  host_id uuid not null references sensors (host_id) on delete cascade,
  from_version text not null,
  archive jsonb not null,
  state text not null check (state in ('waiting', 'sent', 'running', 'done', 'failed', 'cancelled', 'expired')),
  step text,
  progress real,
  reason text,
  message text,
  started_at timestamptz,
  ended_at timestamptz,
  deadline timestamptz not null
);
-- one at a time for each host
create unique index sensor_upgrades_open on sensor_upgrades (host_id) where state in ('waiting', 'sent', 'running');
create index sensor_upgrades_by_rollout on sensor_upgrades (rollout_id);
create index sensor_upgrades_by_host on sensor_upgrades (host_id, ended_at desc);
`.execute(db);
};

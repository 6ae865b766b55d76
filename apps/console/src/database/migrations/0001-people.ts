import { type Kysely, sql } from 'kysely';

/** People, how they sign in, and what they did. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table users (
  id uuid primary key,
  username text not null,
  -- argon2id in PHC form; null until an invitation is accepted
  password_hash text,
  role text not null check (role in ('viewer', 'operator', 'admin')),
  -- label selector; null for all assets
  scope jsonb,
  state text not null check (state in ('invited', 'active', 'disabled')),
  failed_logins integer not null default 0,
  locked_until timestamptz,
  created_at timestamptz not null,
  last_seen_at timestamptz
);
-- Names are compared without case, so that nobody poses as somebody.
create unique index users_by_name on users (lower(username));

-- Only hashes of secrets are kept in the next three.
create table sessions (
  secret_hash bytea primary key,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  expires_at timestamptz not null,
  address text
);
create index sessions_by_user on sessions (user_id);
create index sessions_by_expiry on sessions (expires_at);

create table one_time_links (
  secret_hash bytea primary key,
  purpose text not null check (purpose in ('first-admin', 'invitation', 'reset')),
  user_id uuid references users (id) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index one_time_links_by_user on one_time_links (user_id);

create table api_tokens (
  id uuid primary key,
  name text not null,
  secret_hash bytea not null unique,
  role text not null check (role in ('viewer', 'operator', 'admin')),
  permissions text[] not null,
  scope jsonb,
  created_by uuid references users (id) on delete set null,
  created_by_name text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  revoked_at timestamptz
);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  actor_kind text not null,
  actor_name text not null,
  action text not null,
  outcome text not null check (outcome in ('succeeded', 'refused', 'failed')),
  target text,
  address text,
  details jsonb not null default '{}'
);
create index audit_log_by_time on audit_log (at);

-- Small facts about this console that every replica shares, e.g. when the web certificate was made.
create table console_settings (
  name text primary key,
  value jsonb not null,
  updated_at timestamptz not null
);
`.execute(db);
};

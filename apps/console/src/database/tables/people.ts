import type { AuditEntry, Permission, Role, Scope } from '@parapet/contract/api';
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';

type Json<T> = ColumnType<T, string, string>;

export type UsersTable = {
  id: string;
  username: string;
  password_hash: string | null;
  role: Role;
  scope: ColumnType<Scope, string | null, string | null>;
  state: 'invited' | 'active' | 'disabled';
  failed_logins: Generated<number>;
  locked_until: Date | null;
  created_at: Date;
  last_seen_at: Date | null;
};

export type SessionsTable = {
  secret_hash: Buffer;
  user_id: string;
  created_at: Date;
  last_used_at: Date;
  expires_at: Date;
  address: string | null;
};

export type OneTimeLinksTable = {
  secret_hash: Buffer;
  purpose: 'first-admin' | 'invitation' | 'reset';
  user_id: string | null;
  created_at: Date;
  expires_at: Date;
  used_at: Date | null;
};

export type ApiTokensTable = {
  id: string;
  name: string;
  secret_hash: Buffer;
  role: Role;
  permissions: Permission[];
  scope: ColumnType<Scope, string | null, never>;
  created_by: string | null;
  created_by_name: string;
  created_at: Date;
  expires_at: Date;
  last_used_at: Date | null;
  revoked_at: Date | null;
};

export type AuditLogTable = {
  id: GeneratedAlways<number>;
  at: Date;
  actor_kind: AuditEntry['actor']['kind'];
  actor_name: string;
  action: string;
  outcome: AuditEntry['outcome'];
  target: string | null;
  address: string | null;
  details: Json<AuditEntry['details']>;
};

export type ConsoleSettingsTable = {
  name: string;
  value: Json<unknown>;
  updated_at: Date;
};

/** Tables of people, sessions, tokens and audit. */
export type PeopleTables = {
  users: UsersTable;
  sessions: SessionsTable;
  one_time_links: OneTimeLinksTable;
  api_tokens: ApiTokensTable;
  audit_log: AuditLogTable;
  console_settings: ConsoleSettingsTable;
};

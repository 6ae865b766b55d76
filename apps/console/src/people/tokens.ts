import { randomUUID } from 'node:crypto';
import { type ApiToken, type Permission, type Role, rolePermissions, type Scope } from '@parapet/contract/api';
import { type Clock, notFound } from '@parapet/core';
import type { Selectable } from 'kysely';
import type { Database } from '../database/database.ts';
import type { ApiTokensTable } from '../database/tables/people.ts';
import { createSecret, hashSecret } from './secrets.ts';

export type TokenRow = Selectable<ApiTokensTable>;

export type NewToken = {
  readonly name: string;
  readonly role: Role;
  readonly permissions: readonly Permission[] | undefined;
  readonly scope: Scope;
  readonly expiresInDays: number;
  readonly createdBy: { readonly id: string; readonly name: string };
};

/** A token and what it may do now: its own permissions, as far as the person who made it still has them. */
export type LiveToken = { readonly token: TokenRow; readonly permissions: ReadonlySet<Permission> };

export type Tokens = {
  readonly list: () => Promise<readonly ApiToken[]>;
  readonly create: (token: NewToken) => Promise<{ readonly token: ApiToken; readonly secret: string }>;
  readonly revoke: (id: string) => Promise<TokenRow>;
  /** Undefined when it is unknown, expired, revoked, or the person who made it is not active any more. */
  readonly find: (secret: string) => Promise<LiveToken | undefined>;
  readonly isLive: (id: string) => Promise<boolean>;
};

/** Makes a leaked token recognisable, by people and by secret scanners. */
const tokenPrefix = 'ppt_';
const touchEveryMs = 60_000;

export const createTokens = (deps: { readonly db: Database; readonly clock: Clock }): Tokens => {
  const now = (): Date => new Date(deps.clock.now());
  const live = () =>
    deps.db
      .selectFrom('api_tokens')
      .innerJoin('users', 'users.id', 'api_tokens.created_by')
      .selectAll('api_tokens')
      .select('users.role as owner_role')
      .where('api_tokens.expires_at', '>', now())
      .where('api_tokens.revoked_at', 'is', null)
      .where('users.state', '=', 'active');
  return {
    list: async () => {
      const rows = await deps.db
        .selectFrom('api_tokens')
        .selectAll()
        .orderBy('created_at', 'desc')
        .limit(10_000)
        .execute();
      return rows.map(presentToken);
    },
    create: async (wanted) => {
      const secret = tokenPrefix + createSecret();
      const row = await deps.db
        .insertInto('api_tokens')
        .values({
          id: randomUUID(),
          name: wanted.name,
          secret_hash: hashSecret(secret),
          role: wanted.role,
          permissions: [...tokenPermissions(wanted.role, wanted.permissions)],
          scope: wanted.scope === null ? null : JSON.stringify(wanted.scope),
          created_by: wanted.createdBy.id,
          created_by_name: wanted.createdBy.name,
          created_at: now(),
          expires_at: new Date(deps.clock.now() + wanted.expiresInDays * 86_400_000),
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      return { token: presentToken(row), secret };
    },
    revoke: async (id) => {
      const row = await deps.db
        .updateTable('api_tokens')
        .set((eb) => ({ revoked_at: eb.fn.coalesce('revoked_at', eb.val(now())) }))
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      if (row === undefined) throw notFound('This token');
      return row;
    },
    find: async (secret) => {
      if (!secret.startsWith(tokenPrefix)) return undefined;
      const row = await live().where('secret_hash', '=', hashSecret(secret)).executeTakeFirst();
      if (row === undefined) return undefined;
      const { owner_role, ...token } = row;
      if (deps.clock.now() - (token.last_used_at?.getTime() ?? 0) > touchEveryMs)
        await deps.db.updateTable('api_tokens').set({ last_used_at: now() }).where('id', '=', token.id).execute();
      const owners = new Set(rolePermissions[owner_role]);
      return { token, permissions: new Set(token.permissions.filter((permission) => owners.has(permission))) };
    },
    isLive: async (id) => (await live().where('api_tokens.id', '=', id).executeTakeFirst()) !== undefined,
  };
};

/** The role's permissions, or those of them that were asked for. */
export const tokenPermissions = (role: Role, wanted: readonly Permission[] | undefined): ReadonlySet<Permission> => {
  const ofRole = rolePermissions[role];
  return new Set(wanted === undefined ? ofRole : ofRole.filter((permission) => wanted.includes(permission)));
};

const presentToken = (row: TokenRow): ApiToken => ({
  id: row.id,
  name: row.name,
  role: row.role,
  permissions: row.permissions,
  scope: row.scope,
  createdBy: row.created_by_name,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  ...(row.last_used_at === null ? {} : { lastUsedAt: row.last_used_at.toISOString() }),
  ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at.toISOString() }),
});

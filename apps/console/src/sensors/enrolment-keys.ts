import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { EnrolmentKey } from '@parapet/contract/api';
import { type Clock, fail, ok, type Result } from '@parapet/core';
import { type Selectable, sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import type { EnrolmentKeysTable } from '../database/tables/inventory.ts';

export type NewEnrolmentKey = {
  readonly name: string;
  readonly zone: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
  readonly maxUses?: number | undefined;
  readonly createdBy: string;
};

export type KeyRefusal = 'key-unknown' | 'key-expired' | 'key-revoked' | 'key-used-up';

/** What a host gets from the key it enrolled with. */
export type UsedKey = {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
  readonly labels: Readonly<Record<string, string>>;
};

export type EnrolmentKeys = {
  /** The secret is in this answer only: the store keeps its hash. */
  readonly create: (key: NewEnrolmentKey) => Promise<{ readonly key: EnrolmentKey; readonly secret: string }>;
  readonly list: () => Promise<readonly EnrolmentKey[]>;
  /** `undefined` when there is no such key; revoking twice changes nothing. */
  readonly revoke: (id: string) => Promise<EnrolmentKey | undefined>;
};

export const createEnrolmentKeys = (deps: { readonly db: Database; readonly clock: Clock }): EnrolmentKeys => ({
  create: async (key) => {
    const secret = `ppk_${randomBytes(32).toString('base64url')}`;
    const row = await deps.db
      .insertInto('enrolment_keys')
      .values({
        id: randomUUID(),
        name: key.name,
        secret_hash: hashSecret(secret),
        zone: key.zone,
        labels: JSON.stringify(key.labels),
        created_by: key.createdBy,
        created_at: new Date(deps.clock.now()),
        expires_at: key.expiresAt,
        max_uses: key.maxUses ?? null,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return { key: presentKey(row, deps.clock.now()), secret };
  },
  list: async () => {
    const rows = await deps.db
      .selectFrom('enrolment_keys')
      .selectAll()
      .orderBy('created_at', 'desc')
      .limit(1000)
      .execute();
    return rows.map((row) => presentKey(row, deps.clock.now()));
  },
  revoke: async (id) => {
    const row = await deps.db
      .updateTable('enrolment_keys')
      .set({ revoked_at: sql`coalesce(revoked_at, ${new Date(deps.clock.now())})` })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirst();
    return row === undefined ? undefined : presentKey(row, deps.clock.now());
  },
});

/** Counts one use of a key, atomically with the host it is for: two sensors can never share the last use. */
export const useKey = async (
  trx: DatabaseTransaction,
  secret: string,
  now: Date,
): Promise<Result<UsedKey, KeyRefusal>> => {
  const hash = hashSecret(secret);
  const used = await trx
    .updateTable('enrolment_keys')
    .set({ uses: sql`uses + 1` })
    .where('secret_hash', '=', hash)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .where((eb) => eb.or([eb('max_uses', 'is', null), eb('uses', '<', eb.ref('max_uses'))]))
    .returning(['id', 'name', 'zone', 'labels'])
    .executeTakeFirst();
  if (used !== undefined) return ok(used);
  const known = await trx
    .selectFrom('enrolment_keys')
    .select(['revoked_at', 'expires_at'])
    .where('secret_hash', '=', hash)
    .executeTakeFirst();
  if (known === undefined) return fail('key-unknown');
  if (known.revoked_at !== null) return fail('key-revoked');
  return fail(known.expires_at <= now ? 'key-expired' : 'key-used-up');
};

/** Secrets are 256 random bits, so a plain hash keeps them as well as a slow one. */
const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();

const presentKey = (row: Selectable<EnrolmentKeysTable>, nowMs: number): EnrolmentKey => ({
  id: row.id,
  name: row.name,
  zone: row.zone,
  labels: row.labels,
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  ...(row.max_uses === null ? {} : { maxUses: row.max_uses }),
  uses: row.uses,
  ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at.toISOString() }),
  state: stateOf(row, nowMs),
});

const stateOf = (row: Selectable<EnrolmentKeysTable>, nowMs: number): EnrolmentKey['state'] => {
  if (row.revoked_at !== null) return 'revoked';
  if (row.expires_at.getTime() <= nowMs) return 'expired';
  return row.max_uses !== null && row.uses >= row.max_uses ? 'used-up' : 'usable';
};

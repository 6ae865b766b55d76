import type { Clock } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { createSecret, hashSecret } from './secrets.ts';
import type { UserRow } from './users.ts';

export type LiveSession = {
  /** Hex of the secret's hash: names the session without being able to open it. */
  readonly id: string;
  readonly user: UserRow;
  readonly expiresAt: Date;
};

export type Sessions = {
  readonly open: (db: Database, user: UserRow, address: string) => Promise<{ secret: string; session: LiveSession }>;
  /** The session a secret opens; undefined when it ended, expired, or its person is not active any more. */
  readonly find: (secret: string) => Promise<LiveSession | undefined>;
  readonly isLive: (id: string) => Promise<boolean>;
  readonly end: (id: string) => Promise<void>;
  /** Ends all sessions of a person, but for one. */
  readonly endAll: (db: Database, userId: string, exceptId?: string) => Promise<void>;
  readonly removeExpired: () => Promise<void>;
};

export const sessionLimits = { idleMs: 12 * 3_600_000, absoluteMs: 7 * 86_400_000 } as const;

/** The time of use is written at most this often; a write for every request would cost more than it tells. */
const touchEveryMs = 60_000;

export const createSessions = (deps: { readonly db: Database; readonly clock: Clock }): Sessions => {
  const now = (): Date => new Date(deps.clock.now());
  const find = async (hash: Buffer): Promise<LiveSession | undefined> => {
    const row = await deps.db
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .selectAll('users')
      .select(['sessions.last_used_at', 'sessions.expires_at'])
      .where('secret_hash', '=', hash)
      .where('users.state', '=', 'active')
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { last_used_at, expires_at, ...user } = row;
    const expiresAt = new Date(Math.min(expires_at.getTime(), last_used_at.getTime() + sessionLimits.idleMs));
    if (expiresAt <= now()) return undefined;
    const id = hash.toString('hex');
    if (deps.clock.now() - last_used_at.getTime() < touchEveryMs) return { id, user, expiresAt };
    await touch(deps.db, hash, user.id, now());
    return { id, user, expiresAt: earlier(expires_at, new Date(deps.clock.now() + sessionLimits.idleMs)) };
  };
  return {
    open: async (db, user, address) => {
      const secret = createSecret();
      const hash = hashSecret(secret);
      const absolute = new Date(deps.clock.now() + sessionLimits.absoluteMs);
      await db
        .insertInto('sessions')
        .values({
          secret_hash: hash,
          user_id: user.id,
          created_at: now(),
          last_used_at: now(),
          expires_at: absolute,
          address,
        })
        .execute();
      await db.updateTable('users').set({ last_seen_at: now() }).where('id', '=', user.id).execute();
      const expiresAt = new Date(deps.clock.now() + sessionLimits.idleMs);
      return { secret, session: { id: hash.toString('hex'), user: { ...user, last_seen_at: now() }, expiresAt } };
    },
    find: (secret) => find(hashSecret(secret)),
    isLive: async (id) => (await find(Buffer.from(id, 'hex'))) !== undefined,
    end: async (id) => {
      await deps.db.deleteFrom('sessions').where('secret_hash', '=', Buffer.from(id, 'hex')).execute();
    },
    endAll: async (db, userId, exceptId) => {
      await db
        .deleteFrom('sessions')
        .where('user_id', '=', userId)
        .$if(exceptId !== undefined, (q) => q.where('secret_hash', '!=', Buffer.from(exceptId ?? '', 'hex')))
        .execute();
    },
    removeExpired: async () => {
      const idleSince = new Date(deps.clock.now() - sessionLimits.idleMs);
      await deps.db
        .deleteFrom('sessions')
        .where((eb) => eb.or([eb('expires_at', '<=', now()), eb('last_used_at', '<=', idleSince)]))
        .execute();
    },
  };
};

const touch = async (db: Database, hash: Buffer, userId: string, at: Date): Promise<void> => {
  await sql`with used as (update sessions set last_used_at = ${at} where secret_hash = ${hash})
    update users set last_seen_at = ${at} where id = ${userId}`.execute(db);
};

const earlier = (a: Date, b: Date): Date => (a < b ? a : b);

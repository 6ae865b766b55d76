import { AppError, type Clock } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Passwords } from './passwords.ts';
import type { UserRow } from './users.ts';

const lockout = { failures: 10, lockedMs: 15 * 60_000 } as const;

/** One answer for an unknown name, a wrong password, a lock and a disabled account: who asks learns nothing of which. */
export const refusedSignIn = (): AppError =>
  new AppError(
    'sign-in-refused',
    401,
    'The name or the password is wrong, or there were too many tries. After 10 failures an account rests for 15 minutes.',
  );

export type SignInOutcome =
  | { readonly ok: true; readonly user: UserRow }
  | {
      readonly ok: false;
      readonly reason: 'unknown' | 'locked' | 'not-active' | 'wrong-password';
      readonly lockedNow: boolean;
    };

/**
 * Checks a name and password. Each try is counted before the password is looked at, so that many at once are not tried for
 * free.
 */
export const checkPassword = async (
  deps: { readonly db: Database; readonly clock: Clock; readonly passwords: Passwords },
  username: string,
  password: string,
): Promise<SignInOutcome> => {
  const user = await countTry(deps.db, deps.clock, username);
  const fits = await deps.passwords.verify(
    password,
    user?.admitted === true ? (user.password_hash ?? undefined) : undefined,
  );
  if (user === undefined) return { ok: false, reason: 'unknown', lockedNow: false };
  if (!user.admitted) return { ok: false, reason: 'locked', lockedNow: false };
  if (user.state !== 'active') return { ok: false, reason: 'not-active', lockedNow: false };
  if (!fits) return { ok: false, reason: 'wrong-password', lockedNow: user.failed_logins >= lockout.failures };
  await clearTries(deps.db, user.id);
  const { admitted: _, ...row } = user;
  return { ok: true, user: { ...row, failed_logins: 0, locked_until: null } };
};

/** Forgets failed tries and a lock. */
export const clearTries = async (db: Database, userId: string): Promise<void> => {
  await db.updateTable('users').set({ failed_logins: 0, locked_until: null }).where('id', '=', userId).execute();
};

const countTry = async (
  db: Database,
  clock: Clock,
  username: string,
): Promise<(UserRow & { readonly admitted: boolean }) | undefined> => {
  const now = new Date(clock.now());
  const until = new Date(clock.now() + lockout.lockedMs);
  // A lock that is over starts a new count. The row is locked from read to write, so no try is lost.
  const counted = sql<number>`case when locked_until is null then failed_logins + 1 else 1 end`;
  const row = await db
    .updateTable('users')
    .set({
      failed_logins: counted,
      locked_until: sql<Date | null>`case when ${counted} >= ${lockout.failures} then ${until}::timestamptz end`,
    })
    .where(sql`lower(username)`, '=', username.toLowerCase())
    .where((eb) => eb.or([eb('locked_until', 'is', null), eb('locked_until', '<=', now)]))
    .returningAll()
    .executeTakeFirst();
  if (row !== undefined) return { ...row, admitted: true };
  const locked = await db
    .selectFrom('users')
    .selectAll()
    .where(sql`lower(username)`, '=', username.toLowerCase())
    .executeTakeFirst();
  return locked === undefined ? undefined : { ...locked, admitted: false };
};

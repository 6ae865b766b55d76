import { AppError, type Clock, conflict } from '@parapet/core';
import { type Selectable, sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import type { OneTimeLinksTable } from '../database/tables/people.ts';
import { createSecret, hashSecret } from './secrets.ts';
import { hasActiveAdmin, type UserRow } from './users.ts';

export type LinkPurpose = OneTimeLinksTable['purpose'];
export type LinkRow = Selectable<OneTimeLinksTable>;
export type IssuedLink = { readonly url: string; readonly expiresAt: string };

export type Links = {
  /** A new link; unused ones of the same purpose and person stop working. */
  readonly issue: (db: Database, purpose: LinkPurpose, userId: string | undefined) => Promise<IssuedLink>;
  /** What a secret is for. Throws AppError `link-refused` when it is unknown, used or too old. */
  readonly inspect: (secret: string) => Promise<{ readonly link: LinkRow; readonly user: UserRow | undefined }>;
  /** Uses a link up; of two at once only one succeeds. */
  readonly use: (transaction: DatabaseTransaction, secret: string) => Promise<LinkRow>;
};

const linkLifetimeMs = 24 * 3_600_000;

export const createLinks = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  /** The console's address for people, without a slash at the end. */
  readonly baseUrl: () => string;
}): Links => ({
  issue: async (db, purpose, userId) => {
    const secret = createSecret();
    const now = deps.clock.now();
    const expiresAt = new Date(now + linkLifetimeMs);
    await db
      .deleteFrom('one_time_links')
      .where('purpose', '=', purpose)
      .where('used_at', 'is', null)
      .where(sql<boolean>`user_id is not distinct from ${userId ?? null}::uuid`)
      .execute();
    await db
      .insertInto('one_time_links')
      .values({
        secret_hash: hashSecret(secret),
        purpose,
        user_id: userId ?? null,
        created_at: new Date(now),
        expires_at: expiresAt,
      })
      .execute();
    // In the fragment: a browser does not send it, so it is in no log of a server or proxy.
    return { url: `${deps.baseUrl()}/link#${secret}`, expiresAt: expiresAt.toISOString() };
  },
  inspect: async (secret) => {
    const link = await deps.db
      .selectFrom('one_time_links')
      .selectAll()
      .where('secret_hash', '=', hashSecret(secret))
      .where('used_at', 'is', null)
      .where('expires_at', '>', new Date(deps.clock.now()))
      .executeTakeFirst();
    if (link === undefined) throw refusedLink();
    const user =
      link.user_id === null
        ? undefined
        : await deps.db.selectFrom('users').selectAll().where('id', '=', link.user_id).executeTakeFirst();
    return { link, user };
  },
  use: async (transaction, secret) => {
    const now = new Date(deps.clock.now());
    const link = await transaction
      .updateTable('one_time_links')
      .set({ used_at: now })
      .where('secret_hash', '=', hashSecret(secret))
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .returningAll()
      .executeTakeFirst();
    if (link === undefined) throw refusedLink();
    return link;
  },
});

/** The first admin's link works only while there is no admin, however many links were printed. */
export const requireNoAdmin = async (transaction: DatabaseTransaction): Promise<void> => {
  // Two links used at once must not make two first admins.
  await sql`select pg_advisory_xact_lock(7227002)`.execute(transaction);
  if (await hasActiveAdmin(transaction))
    throw conflict('admin-exists', 'The first admin is there already. Ask them for an invitation.');
};

export const refusedLink = (): AppError =>
  new AppError(
    'link-refused',
    410,
    'This link was used already, is too old, or was replaced by a newer one. Ask for a new one.',
  );

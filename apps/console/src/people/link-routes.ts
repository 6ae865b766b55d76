import { AppError, badRequest, conflict, notFound } from '@parapet/core';
import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { type IssuedLink, type LinkRow, type Links, refusedLink, requireNoAdmin } from './links.ts';
import { presentSession, refuseWeak, type SessionRouteDeps, setSessionCookie } from './session-routes.ts';
import { clearTries } from './sign-in.ts';
import { findUser, hasActiveAdmin, insertUser, type UserRow } from './users.ts';

export type LinkRouteDeps = SessionRouteDeps & {
  readonly links: Links;
  /** How people call the command line, e.g. `./parapet`. */
  readonly command: string;
};

type Names = 'setup.get' | 'links.inspect' | 'links.use';

export const createLinkRoutes = (deps: LinkRouteDeps): Pick<RouteHandlers, Names> => ({
  'setup.get': async () => ({ needed: !(await hasActiveAdmin(deps.db)), command: deps.command }),
  'links.inspect': async ({ body }) => {
    const { link, user } = await deps.links.inspect(body.secret);
    return {
      purpose: link.purpose,
      ...(user === undefined ? {} : { username: user.username }),
      expiresAt: link.expires_at.toISOString(),
    };
  },
  'links.use': async (request) => {
    const { secret, username, password } = request.body;
    // Before the slow hash, so that guessed secrets cost a look-up and no more.
    const { link, user } = await deps.links.inspect(secret);
    const name = user?.username ?? username;
    if (name === undefined) throw badRequest('no-name', 'Choose a name.');
    refuseWeak(name, password);
    const hash = await deps.passwords.hash(password);
    const opened = await deps.db.transaction().execute(async (transaction) => {
      const used = await deps.links.use(transaction, secret);
      const person = await personOf(deps, transaction, used, name, hash);
      return { person, ...(await deps.sessions.open(transaction, person, request.address)) };
    });
    deps.credentialEnds.announce({ userId: opened.person.id });
    await deps.audit.record({
      actor: { kind: 'user', name: opened.person.username },
      action: `links.use.${link.purpose}`,
      outcome: 'succeeded',
      target: opened.person.username,
      address: request.address,
    });
    setSessionCookie(request, deps.clock, opened.secret);
    return presentSession(deps, opened.session);
  },
});

/**
 * A link that a person at the console's own machine asks for: to make the first admin while there is none, else to let a
 * named person set a new password.
 */
export const issueAdminLink = async (
  deps: Pick<LinkRouteDeps, 'db' | 'links' | 'audit'>,
  username: string | undefined,
): Promise<IssuedLink & { readonly purpose: 'first-admin' | 'reset' }> => {
  if (!(await hasActiveAdmin(deps.db))) {
    return { ...(await deps.links.issue(deps.db, 'first-admin', undefined)), purpose: 'first-admin' };
  }
  if (username === undefined)
    throw conflict(
      'admin-exists',
      'There is an admin already. Name the person whose password is to be reset: --user NAME.',
    );
  const user = await deps.db
    .selectFrom('users')
    .selectAll()
    .where(sql`lower(username)`, '=', username.toLowerCase())
    .executeTakeFirst();
  if (user === undefined) throw notFound(`A person called ${username}`);
  const link = await deps.links.issue(deps.db, 'reset', user.id);
  await deps.audit.record({
    actor: { kind: 'system', name: 'command line' },
    action: 'users.reset',
    outcome: 'succeeded',
    target: user.username,
  });
  return { ...link, purpose: 'reset' };
};

/** Does in the transaction what the link is for and returns the person, who can sign in now. */
const personOf = async (
  deps: LinkRouteDeps,
  transaction: DatabaseTransaction,
  link: LinkRow,
  name: string,
  passwordHash: string,
): Promise<UserRow> => {
  if (link.purpose === 'first-admin') {
    await requireNoAdmin(transaction);
    const user = await insertUser(transaction, deps.clock, {
      username: name,
      role: 'admin',
      scope: null,
      state: 'active',
    });
    return setPassword(transaction, user, passwordHash);
  }
  if (link.user_id === null) throw refusedLink();
  const user = await findUser(transaction, link.user_id);
  if (user.state === 'disabled')
    throw new AppError('disabled', 403, 'This account is disabled. Ask an admin to enable it.');
  await deps.sessions.endAll(transaction, user.id);
  await clearTries(transaction, user.id);
  return setPassword(transaction, user, passwordHash);
};

const setPassword = (transaction: DatabaseTransaction, user: UserRow, passwordHash: string): Promise<UserRow> =>
  transaction
    .updateTable('users')
    .set({ password_hash: passwordHash, state: 'active' })
    .where('id', '=', user.id)
    .returningAll()
    .executeTakeFirstOrThrow();

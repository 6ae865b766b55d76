import type { Session } from '@parapet/contract/api';
import { rolePermissions } from '@parapet/contract/api';
import { badRequest, type Clock, forbidden, unauthenticated } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import type { Caller, HandlerRequest, RouteHandlers } from '../http/handler.ts';
import type { CredentialEnds } from './credential-ends.ts';
import type { Passwords } from './passwords.ts';
import { sessionCookie } from './session-cookie.ts';
import { type LiveSession, type Sessions, sessionLimits } from './sessions.ts';
import { checkPassword, refusedSignIn, type SignInOutcome } from './sign-in.ts';
import { presentUser } from './users.ts';

export type SessionRouteDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly credentialEnds: CredentialEnds;
  readonly console: { readonly version: string; readonly name: string };
};

type Names = 'session.create' | 'session.get' | 'session.delete' | 'me.password';

export const createSessionRoutes = (deps: SessionRouteDeps): Pick<RouteHandlers, Names> => ({
  'session.create': async (request) => {
    const { username, password } = request.body;
    const outcome = await checkPassword(deps, username, password);
    await recordSignIn(deps.audit, username, request.address, outcome);
    if (!outcome.ok) throw refusedSignIn();
    const { secret, session } = await deps.sessions.open(deps.db, outcome.user, request.address);
    setSessionCookie(request, deps.clock, secret);
    return presentSession(deps, session);
  },
  'session.get': async (request) => {
    const secret = request.cookies[sessionCookie];
    if (requirePerson(request.caller) === undefined || secret === undefined) throw unauthenticated();
    const session = await deps.sessions.find(secret);
    if (session === undefined) throw unauthenticated();
    return presentSession(deps, session);
  },
  'session.delete': async (request) => {
    const { sessionId } = requirePerson(request.caller);
    await deps.sessions.end(sessionId);
    deps.credentialEnds.announce({ sessionId });
    request.answer.clearCookie(sessionCookie);
    return undefined;
  },
  'me.password': async (request) => {
    const { id, name, sessionId } = requirePerson(request.caller);
    const outcome = await checkPassword(deps, name, request.body.current);
    if (!outcome.ok) throw badRequest('wrong-password', 'The current password is wrong.');
    refuseWeak(name, request.body.next);
    const hash = await deps.passwords.hash(request.body.next);
    await deps.db.transaction().execute(async (transaction) => {
      await transaction.updateTable('users').set({ password_hash: hash }).where('id', '=', id).execute();
      await deps.sessions.endAll(transaction, id, sessionId);
    });
    deps.credentialEnds.announce({ userId: id });
    return undefined;
  },
});

/** What a signed-in person is shown of the session. */
export const presentSession = (
  deps: Pick<SessionRouteDeps, 'clock' | 'console'>,
  { user, expiresAt }: LiveSession,
): Session => ({
  user: presentUser(user, deps.clock.now()),
  permissions: [...rolePermissions[user.role]],
  console: deps.console,
  expiresAt: expiresAt.toISOString(),
});

export const setSessionCookie = (
  request: Pick<HandlerRequest<'session.create'>, 'answer'>,
  clock: Clock,
  secret: string,
): void =>
  request.answer.setCookie(sessionCookie, secret, { expires: new Date(clock.now() + sessionLimits.absoluteMs) });

/** Refuses what everybody tries first. */
export const refuseWeak = (username: string, password: string): void => {
  const bare = password.toLowerCase();
  if (bare.includes(username.toLowerCase()) || new Set(bare).size < 5)
    throw badRequest('weak-password', 'This password is too easy to guess: it repeats itself or holds your name.');
};

const requirePerson = (caller: Caller): Caller & { readonly sessionId: string } => {
  if (caller.sessionId === undefined) throw forbidden('This is for people who signed in; a token has no session.');
  return { ...caller, sessionId: caller.sessionId };
};

const recordSignIn = (audit: AuditLog, username: string, address: string, outcome: SignInOutcome): Promise<void> =>
  outcome.ok
    ? audit.record({
        actor: { kind: 'user', name: outcome.user.username },
        action: 'session.create',
        outcome: 'succeeded',
        address,
      })
    : audit.record({
        actor: { kind: 'anonymous', name: 'anonymous' },
        action: 'session.create',
        outcome: 'refused',
        target: username,
        address,
        details: { reason: outcome.reason, ...(outcome.lockedNow ? { lockedNow: true } : {}) },
      });

import { rolePermissions } from '@parapet/contract/api';
import type { Caller } from '../http/handler.ts';
import type { LiveSession, Sessions } from './sessions.ts';
import type { LiveToken, Tokens } from './tokens.ts';

export type Credentials = {
  /** From `Authorization: Bearer`. */
  readonly bearer: string | undefined;
  /** From the session cookie. */
  readonly session: string | undefined;
};

export type Authenticator = {
  /** Who shows these credentials; a bearer token wins over a cookie. Undefined when they open nothing. */
  readonly identify: (credentials: Credentials) => Promise<Caller | undefined>;
  /** Whether a caller identified earlier would still be let in. */
  readonly isLive: (caller: Caller) => Promise<boolean>;
};

export const createAuthenticator = (deps: {
  readonly sessions: Pick<Sessions, 'find' | 'isLive'>;
  readonly tokens: Pick<Tokens, 'find' | 'isLive'>;
}): Authenticator => ({
  identify: async ({ bearer, session }) => {
    if (bearer !== undefined) {
      const found = await deps.tokens.find(bearer);
      return found === undefined ? undefined : callerOfToken(found);
    }
    if (session === undefined) return undefined;
    const found = await deps.sessions.find(session);
    return found === undefined ? undefined : callerOfSession(found);
  },
  isLive: (caller) =>
    caller.sessionId === undefined ? deps.tokens.isLive(caller.id) : deps.sessions.isLive(caller.sessionId),
});

const callerOfSession = ({ id, user }: LiveSession): Caller => ({
  kind: 'user',
  id: user.id,
  name: user.username,
  role: user.role,
  permissions: new Set(rolePermissions[user.role]),
  scope: user.scope,
  sessionId: id,
});

const callerOfToken = ({ token, permissions }: LiveToken): Caller => ({
  kind: 'token',
  id: token.id,
  name: token.name,
  role: token.role,
  permissions,
  scope: token.scope,
});

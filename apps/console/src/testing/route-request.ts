import type { Scope } from '@parapet/contract/api';

/** A parsed request as a handler gets it from the edge, made by an admin unless a scope narrows it. */
export const requestOf = <P extends object>(part: P, scope: Scope = null) => ({
  query: {},
  ...part,
  caller: {
    kind: 'user' as const,
    id: 'u',
    name: 'admin',
    role: 'admin' as const,
    permissions: new Set<never>(),
    scope,
  },
  requestId: 'r',
  address: '127.0.0.1',
  headers: {},
  bodyStream: undefined,
  signal: new AbortController().signal,
  answer: { setCookie: () => undefined, clearCookie: () => undefined },
  cookies: {},
});

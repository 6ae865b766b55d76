import { Readable } from 'node:stream';
import { type RouteDefinition, type RouteName, routes, type Scope } from '@parapet/contract/api';
import type { Caller, HandlerRequest, RouteHandlers } from '../../http/handler.ts';

/** Who calls in tests: may everything within a scope. */
export const callerWith = (scope: Scope): Caller => ({
  kind: 'user',
  id: '00000000-0000-4000-8000-000000000000',
  name: 'ada',
  role: 'admin',
  permissions: new Set(),
  scope,
});

/**
 * Calls a handler as the edge would: the input parsed by the route's schema, the answer checked by it. For handlers without a
 * server.
 */
export const callRoute = async <N extends RouteName>(
  handlers: Pick<RouteHandlers, N>,
  name: N,
  input: {
    readonly query?: object;
    readonly params?: object;
    readonly body?: unknown;
    /** What is sent to a route with a `bodyStream`. */
    readonly sent?: Buffer;
    readonly scope?: Scope;
  } = {},
): Promise<Awaited<ReturnType<RouteHandlers[N]>>> => {
  const definition: RouteDefinition = routes[name];
  const request = {
    ...(definition.query === undefined ? {} : { query: definition.query.parse(input.query ?? {}) }),
    ...(definition.params === undefined ? {} : { params: definition.params.parse(input.params ?? {}) }),
    ...(definition.body === undefined ? {} : { body: definition.body.parse(input.body) }),
    caller: callerWith(input.scope ?? null),
    requestId: 'test',
    address: '127.0.0.1',
    headers: {},
    bodyStream: input.sent === undefined ? undefined : Readable.from([input.sent], { objectMode: false }),
    signal: new AbortController().signal,
    answer: { setCookie: () => undefined, clearCookie: () => undefined },
    cookies: {},
  };
  const answer = await handlers[name](request as unknown as HandlerRequest<N>);
  definition.response?.parse(answer);
  return answer as Awaited<ReturnType<RouteHandlers[N]>>;
};

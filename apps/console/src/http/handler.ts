import type { Readable } from 'node:stream';
import type { ParsedOf, Permission, ResultOf, Role, RouteName, Routes, Scope } from '@parapet/contract/api';

/** Who calls, known before a handler runs. */
export type Caller = {
  readonly kind: 'user' | 'token';
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly permissions: ReadonlySet<Permission>;
  /** Which assets the caller sees; null for all. Every query about assets goes through `scopeCondition`. */
  readonly scope: Scope;
  /** The session a person's request came with; absent for tokens. */
  readonly sessionId?: string | undefined;
};

/** An answer that is no JSON document: a download or an event stream. */
export type StreamReply = {
  readonly stream: Readable;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
};

type CallerOf<N extends RouteName> = Routes[N]['access'] extends { kind: 'public' } ? Caller | undefined : Caller;

export type HandlerRequest<N extends RouteName> = ParsedOf<N> & {
  readonly caller: CallerOf<N>;
  readonly requestId: string;
  /** Peer address, for audit and rate limits. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Set on routes with a `bodyStream`; the reader limits it. */
  readonly bodyStream: Readable | undefined;
  readonly signal: AbortSignal;
  /** Cookies and headers of the answer, for the session routes. */
  readonly answer: {
    readonly setCookie: (name: string, value: string, options: { expires: Date }) => void;
    readonly clearCookie: (name: string) => void;
  };
  readonly cookies: Readonly<Record<string, string | undefined>>;
};

type HandlerResult<N extends RouteName> = Routes[N] extends { responseStream: string } ? StreamReply : ResultOf<N>;

export type RouteHandlers = {
  readonly [N in RouteName]: (request: HandlerRequest<N>) => Promise<HandlerResult<N>>;
};

import { PassThrough, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import { type Access, type RouteDefinition, type RouteName, routes } from '@parapet/contract/api';
import { AppError, badRequest, forbidden, unauthenticated } from '@parapet/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Authenticator } from '../people/authenticator.ts';
import { sessionCookie } from '../people/session-cookie.ts';
import { recordOutcome, withAudit } from './audit-requests.ts';
import type { Caller, RouteHandlers, StreamReply } from './handler.ts';
import { requireOwnOrigin } from './origin.ts';
import type { RateLimits } from './rate-limits.ts';

export type MountDeps = {
  readonly handlers: RouteHandlers;
  readonly authenticator: Authenticator;
  readonly audit: AuditLog;
  readonly publicUrls: readonly string[];
  readonly rateLimits: RateLimits;
  readonly maxStreamBytes: number;
};

/** Mounts every route of the table: who may call, what is let in, what is let out. */
export const mountRoutes = (app: FastifyInstance, deps: MountDeps): void => {
  for (const name of Object.keys(routes) as RouteName[]) mountRoute(app, name, routes[name], deps);
};

type LooseHandler = (request: Readonly<Record<string, unknown>>) => Promise<unknown>;

const mountRoute = (app: FastifyInstance, name: RouteName, definition: RouteDefinition, deps: MountDeps): void => {
  // The table's types tie each handler to its route; past this line both are handled alike.
  const handler = deps.handlers[name] as LooseHandler;
  app.route({
    method: definition.method,
    url: definition.path,
    config: { rateLimit: deps.rateLimits.forRoute(name), routeName: name },
    // Refuses strangers before their body is read.
    onRequest: async (request) => {
      const caller = await identify(definition, request, deps);
      callers.set(request, caller);
      if (definition.bodyStream === undefined) limitBodyTime(request);
      try {
        requireOwnOrigin(request, { ...shownBy(request), publicUrls: deps.publicUrls });
        requireAccess(definition.access, caller);
      } catch (error) {
        await recordOutcome(deps.audit, name, definition, request, caller, error);
        throw error;
      }
    },
    handler: (request, reply) => {
      const caller = callers.get(request);
      return withAudit(deps.audit, name, definition, request, caller, async () =>
        send(reply, request, definition, await handler(handlerRequest(definition, request, reply, caller, deps))),
      );
    },
  });
};

/** A body of at most 1 MiB that takes longer is a sender that wants to hold the connection. */
const bodyTimeMs = 30_000;

const limitBodyTime = (request: FastifyRequest): void => {
  const { raw } = request;
  if (raw.readableEnded || raw.method === 'GET') return;
  const timer = setTimeout(() => raw.destroy(), bodyTimeMs).unref();
  const done = (): void => clearTimeout(timer);
  raw.once('end', done).once('close', done);
};

/** Who calls, between the check and the handler. */
const callers = new WeakMap<FastifyRequest, Caller | undefined>();

const identify = async (
  definition: RouteDefinition,
  request: FastifyRequest,
  deps: MountDeps,
): Promise<Caller | undefined> => {
  const bearer = bearerOf(request.headers.authorization);
  const session = request.cookies[sessionCookie];
  if (definition.access.kind === 'public' && bearer === undefined && session === undefined) return undefined;
  return deps.authenticator.identify({ bearer, session });
};

const shownBy = (request: FastifyRequest): { readonly hasCookie: boolean; readonly hasBearer: boolean } => ({
  hasCookie: request.cookies[sessionCookie] !== undefined,
  hasBearer: request.headers.authorization !== undefined,
});

const requireAccess = (access: Access, caller: Caller | undefined): void => {
  switch (access.kind) {
    case 'public':
      return;
    case 'session':
      if (caller === undefined) throw unauthenticated();
      return;
    case 'permission':
      if (caller === undefined) throw unauthenticated();
      if (!caller.permissions.has(access.permission))
        throw forbidden(`This needs the permission ${access.permission}, which ${caller.name} does not have.`);
      return;
    default:
      access satisfies never;
  }
};

/** The token of an `Authorization: Bearer` header. Another scheme is as good as a wrong token. */
export const bearerOf = (header: string | undefined): string | undefined =>
  header === undefined ? undefined : (/^Bearer +([A-Za-z0-9_\-.~+/=]{1,512})$/i.exec(header)?.[1] ?? '');

const handlerRequest = (
  definition: RouteDefinition,
  request: FastifyRequest,
  reply: FastifyReply,
  caller: Caller | undefined,
  deps: MountDeps,
): Readonly<Record<string, unknown>> => ({
  ...parsePart('params', definition.params, request.params),
  ...parsePart('query', definition.query, request.query),
  ...parsePart('body', definition.body, request.body),
  caller,
  requestId: request.id,
  address: request.ip,
  headers: request.headers,
  cookies: request.cookies,
  bodyStream: definition.bodyStream === undefined ? undefined : limitedBody(request, deps.maxStreamBytes),
  signal: abortedByClient(reply),
  answer: {
    setCookie: (cookie: string, value: string, options: { expires: Date }) =>
      reply.setCookie(cookie, value, { ...cookieAttributes, expires: options.expires }),
    clearCookie: (cookie: string) => reply.clearCookie(cookie, cookieAttributes),
  },
});

const cookieAttributes = { path: '/', secure: true, httpOnly: true, sameSite: 'strict' } as const;

const parsePart = (part: 'params' | 'query' | 'body', schema: z.ZodType | undefined, value: unknown): object => {
  if (schema === undefined) return {};
  const parsed = schema.safeParse(part === 'body' ? (value ?? {}) : value);
  if (parsed.success && !holdsNul(parsed.data)) return { [part]: parsed.data };
  const problems = (parsed.error?.issues ?? [nulIssue]).slice(0, 10).map((issue) => ({
    at: [part, ...issue.path].join('.'),
    message: issue.message,
  }));
  const [first] = problems;
  throw new AppError('wrong-request', 400, `${first?.at ?? part}: ${first?.message ?? 'wrong'}`, {
    details: { problems },
  });
};

const nulIssue = { path: [], message: 'Text must not hold the character NUL.' };

/** No text we take means anything by NUL, and PostgreSQL cannot store it. */
const holdsNul = (value: unknown): boolean => {
  if (typeof value === 'string') return value.includes('\u0000');
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => key.includes('\u0000') || holdsNul(inner));
};

/** The request's body as a stream that ends with an error beyond the limit. */
const limitedBody = (request: FastifyRequest, maxBytes: number): Readable => {
  const tooLarge = new AppError('too-large', 413, `The upload is larger than ${Math.trunc(maxBytes / 2 ** 20)} MiB.`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge;
  if (!(request.body instanceof Readable)) throw badRequest('no-body', 'The request has no body.');
  const source = request.body;
  const limited = new PassThrough();
  let total = 0;
  source.on('data', (chunk: Buffer) => {
    total += chunk.length;
    if (total > maxBytes) limited.destroy(tooLarge);
  });
  source.on('error', (error) => limited.destroy(error));
  source.on('aborted', () => limited.destroy(badRequest('cut-short', 'The upload was cut short.')));
  return source.pipe(limited);
};

const abortedByClient = (reply: FastifyReply): AbortSignal => {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableEnded) controller.abort();
  });
  return controller.signal;
};

const send = async (
  reply: FastifyReply,
  request: FastifyRequest,
  definition: RouteDefinition,
  result: unknown,
): Promise<FastifyReply> => {
  reply.header('cache-control', 'no-store');
  if (definition.responseStream !== undefined) {
    const { stream, contentType, headers } = result as StreamReply;
    return reply
      .headers({ ...headers })
      .type(contentType)
      .send(stream);
  }
  if (definition.response === undefined) return reply.code(204).send();
  // The schema also strips what the contract does not promise, so that nothing leaks by carelessness.
  return sendJson(reply, request, JSON.stringify(definition.response.parse(result)));
};

const compressFromBytes = 16_384;
const gzip = promisify(gzipCallback);

const sendJson = async (reply: FastifyReply, request: FastifyRequest, text: string): Promise<FastifyReply> => {
  reply.type('application/json; charset=utf-8');
  const accepts = String(request.headers['accept-encoding'] ?? '').includes('gzip');
  if (!accepts || text.length < compressFromBytes) return reply.send(text);
  reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding');
  return reply.send(await gzip(text, { level: 3 }));
};

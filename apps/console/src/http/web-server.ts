import { randomUUID } from 'node:crypto';
import type { Http2SecureServer } from 'node:http2';
import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import fastifyRateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Log } from '../logging/log.ts';
import { clientAddress } from './client-address.ts';
import { answerError } from './errors.ts';
import { type MountDeps, mountRoutes } from './mount.ts';
import { createOpenApi } from './openapi.ts';
import {
  createRateLimits,
  defaultRateLimits,
  type RateLimitSettings,
  rateLimitKey,
  tooManyRequests,
} from './rate-limits.ts';
import { serveWebApp } from './web-app.ts';

export type WebServerDeps = Omit<MountDeps, 'rateLimits' | 'maxStreamBytes'> & {
  /** From `createTlsServer`. Not listening: it is given sockets by emitting 'connection', or listens alone in tests. */
  readonly server: Http2SecureServer;
  /** The certificate comes from people, so browsers may be told never to come without TLS again. */
  readonly strictTransport: boolean;
  /** HTTP proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
  readonly version: string;
  readonly webDir: string;
  readonly log: Log;
  /** Routes beside the table: health and metrics. */
  readonly mountMore?: (app: FastifyInstance) => void;
  readonly rateLimits?: RateLimitSettings | undefined;
  readonly maxStreamBytes?: number | undefined;
  /** Told of each finished request. */
  readonly onRequest?: (figures: RequestFigures) => void;
};

export type RequestFigures = { readonly route: string; readonly status: number; readonly durationMs: number };

export type WebServer = {
  readonly server: Http2SecureServer;
  /** Calls the API without a socket, for tests and the control socket. */
  readonly app: FastifyInstance;
  /** Ends open streams and connections. */
  readonly close: () => Promise<void>;
};

const bodyLimitBytes = 1024 * 1024;
/** Room for a bundle of all feeds. */
const streamLimitBytes = 4 * 1024 * 1024 * 1024;

/** API, web app, health and metrics on one TLS server for people and programs. */
export const createWebServer = async (deps: WebServerDeps): Promise<WebServer> => {
  const { server } = deps;
  const app = Fastify({
    http2: true,
    serverFactory: (handler) => server.on('request', handler),
    bodyLimit: bodyLimitBytes,
    routerOptions: { maxParamLength: 512 },
    exposeHeadRoutes: false,
    genReqId: () => randomUUID(),
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) =>
      sendError(deps.log, error, request as unknown as FastifyRequest, reply as unknown as FastifyReply),
  }) as unknown as FastifyInstance;
  app.setErrorHandler((error, request, reply) => sendError(deps.log, error, request, reply));
  tellClients(app, deps.trustedProxies ?? []);
  observe(app, deps);
  await protect(app, deps);
  // Streams are handed on unread; their limit is enforced where they are read.
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  app.removeContentTypeParser('text/plain');
  const rateLimits = createRateLimits(deps.rateLimits ?? defaultRateLimits);
  mountRoutes(app, { ...deps, rateLimits, maxStreamBytes: deps.maxStreamBytes ?? streamLimitBytes });
  mountOpenApi(app, deps.version);
  deps.mountMore?.(app);
  await serveWebApp(app, deps.webDir);
  await app.ready();
  return { server, app, close: () => app.close() };
};

const protect = async (app: FastifyInstance, deps: WebServerDeps): Promise<void> => {
  await app.register(fastifyHelmet, {
    global: true,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'", 'data:'],
        'font-src': ["'self'"],
        'connect-src': ["'self'"],
        'worker-src': ["'self'"],
        'manifest-src': ["'self'"],
        'base-uri': ["'none'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
    strictTransportSecurity: deps.strictTransport ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  await app.register(fastifyCookie);
  await app.register(fastifyRateLimit, {
    global: false,
    hook: 'onRequest',
    keyGenerator: rateLimitKey,
    errorResponseBuilder: (_request, context) => tooManyRequests(context.ttl),
    cache: 10_000,
  });
};

const mountOpenApi = (app: FastifyInstance, version: string): void => {
  let document: string | undefined;
  app.get('/api/openapi.json', async (_request, reply) => {
    document ??= JSON.stringify(createOpenApi({ version }));
    return reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache').send(document);
  });
};

const sendError = (log: Log, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const answer = answerError(error, request.id);
  if (answer.unexpected) {
    const thrown = error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
    log.error({ requestId: request.id, route: request.routeOptions.url, ...thrown }, 'request failed');
  }
  // What was not read of a refused body would be taken for the next request.
  // In HTTP/2 only its stream is closed, and the header does not exist.
  if (request.raw.httpVersionMajor > 1) reply.removeHeader('connection');
  else if (answer.status === 413) reply.header('connection', 'close');
  return reply
    .code(answer.status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(answer.body));
};

/** Before anything reads `request.ip`. Other forwarded headers are not looked at: the own addresses are configured. */
const tellClients = (app: FastifyInstance, trusted: readonly string[]): void => {
  if (trusted.length === 0) return;
  app.addHook('onRequest', (request, _reply, done) => {
    const address = clientAddress(request.ip, request.headers['x-forwarded-for'], trusted);
    Object.defineProperty(request, 'ip', { value: address });
    done();
  });
};

const observe = (app: FastifyInstance, deps: WebServerDeps): void => {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none';
    const figures = { route, status: reply.statusCode, durationMs: reply.elapsedTime };
    deps.onRequest?.(figures);
    deps.log.debug({ requestId: request.id, method: request.method, ...figures }, 'request');
    done();
  });
};

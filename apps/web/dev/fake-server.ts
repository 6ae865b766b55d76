/**
 * FAKE. A stand-in for the console with invented data, to look at every page without one. Never part of the product.
 * `node apps/web/dev/fake-server.ts [--port 5199] [--empty] [--setup] [--slow MS]`, after `vite build apps/web`.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type RouteDefinition, type RouteName, routes } from '@parapet/contract/api';
import { FakeRefusal } from './fake-answers.ts';
import { createFakeHandlers } from './fake-handlers.ts';
import { createFakeWorld } from './fake-world.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '5199' },
    empty: { type: 'boolean', default: false },
    setup: { type: 'boolean', default: false },
    slow: { type: 'string', default: '0' },
    web: { type: 'string', default: fileURLToPath(new URL('../../../build/web', import.meta.url)) },
  },
});

const handlers = createFakeHandlers(createFakeWorld({ empty: values.empty }), { setup: values.setup });
const webDir = values.web;

const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (!url.pathname.startsWith('/api/')) return serveFile(url.pathname, response);
  const found = matchRoute(request.method ?? 'GET', url.pathname);
  if (found === undefined) return reply(response, 404, failure('not-found', 'There is no such route.'));
  if (found.name === 'live.stream') return stream(response);
  await new Promise((resolve) => setTimeout(resolve, Number(values.slow)));
  try {
    const text = await readBody(request);
    const definition: RouteDefinition = routes[found.name];
    const input = {
      params: definition.params?.parse(found.params),
      query: definition.query?.parse(Object.fromEntries(url.searchParams)),
      body: definition.body?.parse(text === '' ? {} : JSON.parse(text)),
    };
    const result = handlers(found.name, input, request.headers.cookie ?? '', (cookie) =>
      response.setHeader('set-cookie', cookie),
    );
    if (definition.responseStream !== undefined) return download(response, result);
    reply(response, result === undefined ? 204 : 200, definition.response?.parse(result));
  } catch (error) {
    if (error instanceof FakeRefusal)
      return reply(response, error.status, failure(error.code, error.message, error.details));
    console.error(found.name, error);
    reply(response, 500, failure('internal', 'Something went wrong in the fake console.'));
  }
};

const matchRoute = (method: string, path: string): { name: RouteName; params: Record<string, string> } | undefined => {
  const entries = Object.entries(routes) as [RouteName, RouteDefinition][];
  const candidates = entries
    .filter(([, route]) => route.method === method)
    .toSorted(([, a], [, b]) => (a.path.match(/:/g) ?? []).length - (b.path.match(/:/g) ?? []).length);
  for (const [name, route] of candidates) {
    const pattern = new RegExp(`^${route.path.replace(/:([A-Za-z]+)/g, '(?<$1>[^/]+)')}$`);
    const match = pattern.exec(path);
    if (match !== null) {
      const params = Object.entries(match.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]);
      return { name, params: Object.fromEntries(params) };
    }
  }
  return undefined;
};

const failure = (code: string, message: string, details?: Readonly<Record<string, unknown>>) => ({
  error: { code, message, requestId: 'fake-1', ...(details === undefined ? {} : { details }) },
});

const reply = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(body === undefined ? undefined : JSON.stringify(body));
};

const download = (response: ServerResponse, body: unknown): void => {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-disposition': 'attachment' });
  response.end(String(body ?? 'fake'));
};

const stream = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': fake\n\n');
  const timer = setInterval(() => {
    response.write(`id: ${Date.now()}\ndata: ${JSON.stringify({ kind: 'findings', opened: 3, closed: 0 })}\n\n`);
  }, 20_000);
  response.on('close', () => clearInterval(timer));
};

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const type = request.headers['content-type'] ?? '';
  return type.startsWith('application/json') ? Buffer.concat(chunks).toString('utf8') : '';
};

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const serveFile = async (path: string, response: ServerResponse): Promise<void> => {
  const wanted = normalize(path).replace(/^(\.\.[/\\])+/, '');
  const file = extname(wanted) === '' ? 'index.html' : wanted;
  try {
    const content = await readFile(join(webDir, file));
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
};

createServer((request, response) => void serve(request, response)).listen(Number(values.port), '127.0.0.1', () =>
  console.log(`FAKE console on http://127.0.0.1:${values.port}`),
);

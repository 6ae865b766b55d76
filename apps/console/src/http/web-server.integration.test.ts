import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect as connectSession } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { routes } from '@parapet/contract/api';
import { AppError, messageOf, systemClock, unavailable } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../authority/authority.ts';
import { silentLog } from '../logging/log.ts';
import type { Caller, RouteHandlers } from './handler.ts';
import { createTlsServer, setCertificate, type TlsCredentials } from './tls-server.ts';
import { createWebServer, type WebServer } from './web-server.ts';

let folder: string;
let credentials: readonly [TlsCredentials, TlsCredentials];
let authorityPem: string;
let web: WebServer;
let port: number;
let handlers: Partial<RouteHandlers> = {};
const audited: string[] = [];

const caller: Caller = {
  kind: 'token',
  id: 't',
  name: 'robot',
  role: 'admin',
  permissions: new Set(['feeds:write', 'feeds:read', 'assets:read', 'findings:read', 'system:read']),
  scope: null,
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ppt-web-'));
  const authority = await createAuthority({ keysDir: folder, clock: systemClock });
  authorityPem = authority.certificatePem;
  credentials = [await authority.issueServer(['localhost'], 10), await authority.issueServer(['localhost'], 20)];
  web = await createWebServer({
    handlers: lateHandlers(),
    authenticator: {
      identify: async ({ bearer }) => (bearer === 'good' ? caller : undefined),
      isLive: async () => true,
    },
    audit: { record: async ({ action, outcome }) => void audited.push(`${action} ${outcome}`) },
    publicUrls: [],
    server: createTlsServer(credentials[0]),
    strictTransport: false,
    version: '1.2.3',
    webDir: join(folder, 'web'),
    log: silentLog,
    maxStreamBytes: 2_000_000,
    rateLimits: { signIn: 3, links: 3, general: 1_000 },
  });
  await new Promise<void>((resolve) => web.server.listen(0, '127.0.0.1', resolve));
  port = (web.server.address() as AddressInfo).port;
});
afterAll(async () => {
  await web.close();
  await rm(folder, { recursive: true, force: true });
});

/** Handlers that each test may replace. */
const lateHandlers = (): RouteHandlers => {
  const missing = async (): Promise<never> => {
    throw unavailable('not-there', 'No handler.');
  };
  const late = Object.keys(routes).map((name) => [
    name,
    (request: never) => (Reflect.get(handlers, name) ?? missing)(request),
  ]);
  return Object.fromEntries(late) as RouteHandlers;
};

type Answer = { status: number; headers: Readonly<Record<string, string | string[] | undefined>>; body: string };

const send = (
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: Readable | Buffer | string; port?: number } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: '127.0.0.1',
        port: options.port ?? port,
        path,
        method: options.method ?? 'GET',
        servername: 'localhost',
        ca: authorityPem,
        agent: false,
        headers: { authorization: 'Bearer good', ...options.headers },
      },
      (response) => {
        text(response).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
          reject,
        );
      },
    );
    request.on('error', reject);
    if (options.body instanceof Readable) options.body.pipe(request);
    else request.end(options.body);
  });

const json = { 'content-type': 'application/json' };
const errorOf = (answer: Answer): { code: string; message: string; requestId: string } => JSON.parse(answer.body).error;

describe('what is let in', () => {
  test.each([
    ['a body over 1 MiB', 'x'.repeat(1_100_000), json, 413, 'too-large'],
    ['what is not JSON', '{"enabled":', json, 400, 'not-json'],
    ['an empty body called JSON', '', json, 400, 'not-json'],
    ['another content type', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'wrong-type'],
    ['plain text, which another site could send', '{}', { 'content-type': 'text/plain' }, 415, 'wrong-type'],
    ['a prototype in disguise', '{"__proto__":{"admin":true}}', json, 400, 'not-json'],
    ['the wrong shape', '{"enabled":"perhaps"}', json, 400, 'wrong-request'],
    ['NUL in a field that is nobody’s', '{"enabled":true,"everyHours":1,"note":"\\u0000"}', json, 503, 'not-there'],
  ] as const)('%s', async (_, body, headers, status, code) => {
    const answer = await send('/api/v1/feeds/schedule', { method: 'PUT', headers, body });
    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
    expect(errorOf(answer).requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('NUL in a query and malformed paths', async () => {
    expect((await send('/api/v1/assets?q=a%00b')).status).toBe(400);
    expect((await send('/api/v1/assets/%E0%A4%A')).status).toBe(400);
    expect((await send(`/api/v1/assets/${'a'.repeat(600)}`)).status).toBe(404);
    expect((await send('/api/v1/assets/not-a-uuid')).status).toBe(400);
  });

  test('unknown API paths are answered as errors, not as the web app', async () => {
    const answer = await send('/api/v1/no/such');
    expect([answer.status, errorOf(answer).code]).toEqual([404, 'not-found']);
  });

  test('headers beyond 16 KiB and a request that is no HTTP', async () => {
    expect((await send('/api/v1/feeds', { headers: { 'x-long': 'a'.repeat(20_000) } })).status).toBe(431);
    const raw = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca: authorityPem });
    raw.write('rubbish\r\n\r\n');
    expect(await text(raw)).toMatch(/^HTTP\/1\.1 400/);
  });

  test('an upload is read to its limit and not further', async () => {
    let taken = 0;
    handlers = {
      'feeds.import': async ({ bodyStream }) => {
        for await (const chunk of bodyStream ?? []) taken += (chunk as Buffer).length;
        throw new AppError('enough', 409, 'Read it all.');
      },
    };
    const upload = (bytes: number, extra: Record<string, string> = {}): Promise<Answer | string> =>
      send('/api/v1/feeds/import', {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', ...extra },
        body: Readable.from(
          (function* () {
            for (let left = bytes; left > 0; left -= 65_536) yield Buffer.alloc(Math.min(left, 65_536));
          })(),
        ),
      }).catch(messageOf);
    const fits = await upload(1_900_000);
    expect([typeof fits === 'string' ? fits : errorOf(fits).code, taken]).toEqual(['enough', 1_900_000]);
    taken = 0;
    const tooLong = await upload(9_000_000);
    // The connection may be closed before the answer is read, because we read no further.
    if (typeof tooLong !== 'string') expect(tooLong.status).toBe(413);
    expect(taken).toBeLessThanOrEqual(2_000_000);
    const declared = await upload(10, { 'content-length': '9000000' });
    if (typeof declared !== 'string') expect(declared.status).toBe(413);
    handlers = {};
  });
});

describe('what is let out', () => {
  test('only what the contract promises', async () => {
    handlers = {
      'trust.get': async () => ({
        feeds: { state: 'none' },
        hosts: { total: 1, silent: 0, simulated: 0 },
        lostEvents: 0,
        lostRecords: 0,
        blindHosts: 0,
        disk: { state: 'ok' as const, usedShare: 0 },
        at: '2026-11-21T10:00:00.000Z',
        ...{ passwordHash: 'must not leave' },
      }),
    };
    const answer = await send('/api/v1/trust');
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain('passwordHash');
    handlers = {};
  });

  test('a failure nobody expected says nothing of its cause', async () => {
    handlers = {
      'trust.get': async () => {
        throw new Error('relation "secret_table" does not exist');
      },
    };
    const answer = await send('/api/v1/trust');
    expect([answer.status, errorOf(answer).code]).toEqual([500, 'internal']);
    expect(answer.body).not.toContain('secret_table');
    handlers = { 'trust.get': async () => ({ wrong: 'shape' }) as never };
    expect((await send('/api/v1/trust')).status).toBe(500);
    handlers = {};
  });

  test('changes are audited, once, with their outcome', async () => {
    audited.length = 0;
    handlers = { 'feeds.update': async () => undefined as never };
    await send('/api/v1/feeds/update', { method: 'POST' });
    handlers = {};
    await send('/api/v1/feeds/update', { method: 'POST' });
    await send('/api/v1/feeds/update', { method: 'POST', headers: { authorization: 'Bearer bad' } });
    await send('/api/v1/feeds');
    expect(audited).toEqual(['feeds.update failed', 'feeds.update failed', 'feeds.update refused']);
  });

  test('security headers, and no word about the future of a certificate we made ourselves', async () => {
    const { headers } = await send('/api/v1/no/such');
    expect(headers['content-security-policy']).toContain("default-src 'none';script-src 'self';style-src 'self'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    expect(headers['strict-transport-security']).toBeUndefined();
    expect(headers['cache-control']).toBe('no-store');
  });

  test('the fourth sign-in a minute waits', async () => {
    const statuses: number[] = [];
    for (let count = 0; count < 4; count += 1) {
      const answer = await send('/api/v1/session', {
        method: 'POST',
        headers: json,
        body: '{"username":"a","password":"b"}',
      });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([503, 503, 503, 429]);
  });
});

describe('the web app', () => {
  test('says what to do while it is not built', async () => {
    const answer = await send('/findings');
    expect(answer.status).toBe(503);
    expect(answer.body).toContain('npm start');
  });

  test('pages lead to the app, hashed files stay for ever, missing files are missing', async () => {
    const assets = join(folder, 'web', 'assets');
    await mkdir(assets, { recursive: true });
    await writeFile(join(folder, 'web', 'index.html'), '<!doctype html><title>app</title>');
    await writeFile(join(assets, 'main-abc.js'), 'export {};');
    await writeFile(join(assets, 'main-abc.js.gz'), 'zipped');
    await writeFile(join(folder, 'secret.txt'), 'outside');
    for (const path of ['/', '/findings/1234?x=y', '/link']) {
      const page = await send(path);
      expect([page.status, page.headers['cache-control'], page.body]).toEqual([
        200,
        'no-cache',
        '<!doctype html><title>app</title>',
      ]);
    }
    const script = await send('/assets/main-abc.js');
    expect([script.status, script.headers['cache-control'], script.headers['content-type']]).toEqual([
      200,
      'public, max-age=31536000, immutable',
      'application/javascript; charset=utf-8',
    ]);
    const zipped = await send('/assets/main-abc.js', { headers: { 'accept-encoding': 'gzip' } });
    expect([zipped.headers['content-encoding'], zipped.body]).toEqual(['gzip', 'zipped']);
    expect((await send('/assets/gone.js')).status).toBe(404);
    for (const path of ['/../secret.txt', '/..%2fsecret.txt', '/assets/..%2f..%2fsecret.txt'])
      expect((await send(path)).body).not.toContain('outside');
  });
});

describe('HTTP/2', () => {
  const connectHttp2 = (): Promise<ClientHttp2Session> =>
    new Promise((resolve, reject) => {
      const session = connectSession(`https://localhost:${port}`, { ca: authorityPem });
      session.once('connect', () => resolve(session));
      session.once('error', reject);
    });
  const exchange = async (
    session: ClientHttp2Session,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<{ status: number; body: string }> => {
    const stream = session.request({ ...headers });
    const answered = once(stream, 'response');
    stream.end(body);
    const [[answer], received] = await Promise.all([answered, text(stream)]);
    return { status: Number(answer[':status']), body: received };
  };

  test('a page may hold many streams open on one connection and still ask', async () => {
    const sources = Array.from({ length: 20 }, () => new PassThrough());
    let opened = 0;
    handlers = {
      'live.stream': async () => ({ stream: sources[opened++] ?? new PassThrough(), contentType: 'text/event-stream' }),
      'trust.get': async () => ({
        feeds: { state: 'none' },
        hosts: { total: 0, silent: 0, simulated: 0 },
        lostEvents: 0,
        lostRecords: 0,
        blindHosts: 0,
        disk: { state: 'ok' as const, usedShare: 0 },
        at: '2026-11-21T10:00:00.000Z',
      }),
    };
    const session = await connectHttp2();
    for (const source of sources) source.write(': hello\n\n');
    const streams = sources.map(() => session.request({ ':path': '/api/v1/live', authorization: 'Bearer good' }));
    await Promise.all(streams.map((stream) => once(stream, 'response')));
    expect((await exchange(session, { ':path': '/api/v1/trust', authorization: 'Bearer good' })).status).toBe(200);
    for (const source of sources) source.end('data: {}\n\n');
    expect(await Promise.all(streams.map((stream) => text(stream)))).toEqual(
      sources.map(() => ': hello\n\ndata: {}\n\n'),
    );
    session.close();
    handlers = {};
  });

  test('the origin is compared with the authority, bodies have their limit', async () => {
    const session = await connectHttp2();
    const login = { ':method': 'POST', ':path': '/api/v1/feeds/update', cookie: '__Host-parapet=x' };
    const statusOf = async (origin: string): Promise<number> => (await exchange(session, { ...login, origin })).status;
    expect(await statusOf('https://evil.test')).toBe(403);
    expect(await statusOf(`https://localhost:${port}`)).toBe(401);
    const large = await exchange(
      session,
      {
        ':method': 'PUT',
        ':path': '/api/v1/feeds/schedule',
        authorization: 'Bearer good',
        'content-type': 'application/json',
      },
      'x'.repeat(1_100_000),
    );
    expect(large.status).toBe(413);
    expect((await exchange(session, { ':path': '/api/openapi.json' })).status).toBe(200);
    session.close();
  });
});

describe('TLS', () => {
  test('who sends its headers too slowly is cut off, also on a socket that another server accepted', async () => {
    const timeout = web.server as unknown as { headersTimeout: number };
    const usual = timeout.headersTimeout;
    timeout.headersTimeout = 500;
    const front = createServer((socket) => web.server.emit('connection', socket));
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const { port: frontPort } = front.address() as AddressInfo;
    const raw = connectTls({ host: '127.0.0.1', port: frontPort, servername: 'localhost', ca: authorityPem });
    raw.write('GET / HTTP/1.1\r\nHost: x\r\n');
    expect(await text(raw)).toMatch(/^HTTP\/1\.1 408/);
    timeout.headersTimeout = usual;
    front.close();
  });

  test('serves sockets that another server accepted', async () => {
    const front = createServer((socket) => web.server.emit('connection', socket));
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const answer = await send('/api/openapi.json', { port: (front.address() as AddressInfo).port });
    expect(answer.status).toBe(200);
    front.close();
  });

  test('takes up a new certificate without a restart', async () => {
    const validTo = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca: authorityPem }, () => {
          resolve(socket.getPeerCertificate().valid_to);
          socket.destroy();
        });
        socket.on('error', reject);
      });
    const before = await validTo();
    setCertificate(web.server, credentials[1]);
    expect(await validTo()).not.toBe(before);
  });

  test('plain HTTP gets nothing', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
    expect(await text(socket).catch(() => '')).toBe('');
  });
});

import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { zipOf } from '../testing/archives.ts';
import { epssGz, kevJson, osvRecord, osvZip } from '../testing/feeds.ts';
import { createScratch } from '../testing/scratch.ts';
import { type FetchFeedsOptions, fetchFeeds } from './fetch-feeds.ts';

/** A publisher's server: answers by path, counts what it was asked. */
type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

const zipWith = (version: string): Buffer =>
  osvZip([osvRecord('DEBIAN-CVE-2026-1111', 'Debian:12', 'openssl', [{ introduced: '0' }, { fixed: version }])]);

const contents = {
  '/osv/Debian/all.zip': zipWith('1.0-1'),
  '/kev/known_exploited_vulnerabilities.json': Buffer.from(kevJson(['CVE-2026-1111'])),
  '/epss/epss_scores-current.csv.gz': epssGz([['CVE-2026-1111', 0.5, 0.9]]),
};
type Path = keyof typeof contents;

const startServer = async () => {
  const answers = new Map<string, Answer>();
  const requests: {
    readonly path: string;
    readonly headers: IncomingMessage['headers'];
    readonly status: () => number;
  }[] = [];
  const serve =
    (content: Buffer, etag: string): Answer =>
    (request, response) => {
      if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
      else response.writeHead(200, { etag, 'content-length': content.length }).end(content);
    };
  for (const [path, content] of Object.entries(contents)) answers.set(path, serve(content, '"1"'));
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    requests.push({ path, headers: request.headers, status: () => response.statusCode });
    const answer = answers.get(path);
    if (answer === undefined) response.writeHead(404).end('no such file');
    else answer(request, response, requests.filter((earlier) => earlier.path === path).length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    base: `http://127.0.0.1:${port}`,
    requests,
    answer: (path: Path, answer: Answer) => answers.set(path, answer),
    publish: (path: Path, content: Buffer, etag = '"2"') => answers.set(path, serve(content, etag)),
    close: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};

let server: Awaited<ReturnType<typeof startServer>>;
let scratch: ReturnType<typeof createScratch>;
beforeEach(async () => {
  server = await startServer();
  scratch = createScratch();
});
afterEach(async () => {
  await server.close();
  scratch[Symbol.dispose]();
});

const limits = { retryDelayMs: 1, maxRetryAfterMs: 3000, attempts: 3, idleTimeoutMs: 2000 };

const update = async (options: Partial<FetchFeedsOptions> = {}) => {
  const outcome = await fetchFeeds({
    databaseDir: join(scratch.folder, 'databases'),
    baseUrls: { osv: `${server.base}/osv/`, kev: `${server.base}/kev`, epss: `${server.base}/epss` },
    ecosystems: ['Debian'],
    limits,
    ...options,
  });
  if (!outcome.ok) return { error: outcome.error };
  const states = Object.fromEntries(
    outcome.value.outcomes.map(({ id, state, problem }) => [
      id,
      problem === undefined ? state : `${state}: ${problem.code}`,
    ]),
  );
  return { states, feed: outcome.value.feed };
};

describe('publishers that answer', () => {
  it('become a database of all of them', async () => {
    const { states, feed } = await update();
    expect(states).toEqual({ kev: 'new', epss: 'new', 'osv/Debian': 'new' });
    expect(feed).toMatchObject({ origin: 'publishers', counts: { advisories: 1, knownExploited: 1, epssScores: 1 } });
  });

  it('are asked whether anything changed, and nothing is sent twice', async () => {
    const first = await update();
    const second = await update();
    expect(second.states).toEqual({ kev: 'unchanged', epss: 'unchanged', 'osv/Debian': 'unchanged' });
    expect(second.feed?.version).toBe(first.feed?.version);
    expect(server.requests.slice(3).map(({ status }) => status())).toEqual([304, 304, 304]);
  });

  it('make a new version with what changed', async () => {
    const first = await update();
    server.publish('/osv/Debian/all.zip', zipWith('2.0-1'));
    const second = await update();
    expect(second.states).toEqual({ kev: 'unchanged', epss: 'unchanged', 'osv/Debian': 'new' });
    expect(second.feed?.version).not.toBe(first.feed?.version);
    expect(second.feed?.counts.knownExploited).toBe(1);
  });

  it('are not asked by the tag of another address', async () => {
    await update();
    const other = await startServer();
    await update({ baseUrls: { osv: `${other.base}/osv`, kev: `${other.base}/kev`, epss: `${other.base}/epss` } });
    expect(other.requests.every(({ headers }) => headers['if-none-match'] === undefined)).toBe(true);
    await other.close();
  });

  it('are reached through a proxy', async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '');
      const upstream = forward(request.url ?? '', (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      upstream.end();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const { states } = await update({
      proxy: { url: `http://127.0.0.1:${port}`, except: [] },
      limits: { ...limits, attempts: 1 },
    });
    expect(states).toEqual({ kev: 'new', epss: 'new', 'osv/Debian': 'new' });
    expect(asked).toEqual(server.requests.map(({ path }) => `${server.base}${path}`));
    proxy.closeAllConnections();
    proxy.close();
  });
});

describe('publishers that are busy or away', () => {
  it('are asked again after the time they ask for', async () => {
    server.answer('/osv/Debian/all.zip', (_request, response, count) => {
      if (count < 3)
        response
          .writeHead(429, { 'retry-after': count === 1 ? '0' : new Date(Date.now()).toUTCString() })
          .end('slow down');
      else response.writeHead(200).end(contents['/osv/Debian/all.zip']);
    });
    expect((await update()).states).toMatchObject({ 'osv/Debian': 'new' });
    expect(server.requests.filter(({ path }) => path.includes('osv'))).toHaveLength(3);
  });

  it('are left alone when they ask for too long', async () => {
    server.answer('/osv/Debian/all.zip', (_request, response) =>
      response.writeHead(429, { 'retry-after': '86400' }).end(),
    );
    expect((await update()).states).toMatchObject({ 'osv/Debian': 'missing: http-status', kev: 'new' });
    expect(server.requests.filter(({ path }) => path.includes('osv'))).toHaveLength(1);
  });

  it('are given up after some attempts', async () => {
    server.answer('/osv/Debian/all.zip', (_request, response) => response.writeHead(500).end());
    expect((await update()).states).toMatchObject({ 'osv/Debian': 'missing: http-status' });
    expect(server.requests.filter(({ path }) => path.includes('osv'))).toHaveLength(3);
  });

  it('are not asked again for what they do not have', async () => {
    expect((await update({ ecosystems: ['Nowhere'] })).states).toMatchObject({ 'osv/Nowhere': 'missing: http-status' });
    expect(server.requests.filter(({ path }) => path.includes('Nowhere'))).toHaveLength(1);
  });

  it('that hang are given up', async () => {
    server.answer('/osv/Debian/all.zip', (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('PK');
    });
    const { states } = await update({ limits: { ...limits, idleTimeoutMs: 100, attempts: 1 } });
    expect(states).toMatchObject({ 'osv/Debian': 'missing: unreachable' });
  });

  it('all away is a failure, and so is an update without any answer and data', async () => {
    await server.close();
    expect((await update({ limits: { ...limits, attempts: 1 } })).error).toMatchObject({ code: 'unreachable' });
    server = await startServer();
  });

  it('stop the update when asked', async () => {
    server.answer('/osv/Debian/all.zip', (_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('PK');
    });
    const controller = new AbortController();
    const running = update({ signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(running).rejects.toThrow();
  });
});

describe('a source that breaks keeps its older data and says so', () => {
  const cases: readonly (readonly [string, Answer | Buffer, string])[] = [
    [
      'cut by its own length',
      (_request, response) => {
        response.writeHead(200, { 'content-length': 100_000 });
        response.write('PK');
        response.destroy();
      },
      'unreachable',
    ],
    [
      'cut without saying its length',
      (_request, response) => {
        response.writeHead(200);
        response.end(contents['/osv/Debian/all.zip'].subarray(0, 100));
      },
      'broken-archive',
    ],
    ['an error page with status 200', Buffer.from('<html>Sorry</html>'.repeat(50)), 'broken-archive'],
    ['a zip of other things', zipOf([{ name: 'readme.txt', content: 'x' }]), 'empty-feed'],
    ['gone', (_request, response) => response.writeHead(404).end(), 'http-status'],
    [
      'too large by its own word',
      (_request, response) => response.writeHead(200, { 'content-length': 1e12 }).end(),
      'too-large',
    ],
  ];

  it.each(cases)('%s', async (_name, answer, code) => {
    const first = await update();
    if (Buffer.isBuffer(answer)) server.publish('/osv/Debian/all.zip', answer);
    else server.answer('/osv/Debian/all.zip', answer);
    const second = await update();
    expect(second.states).toEqual({ kev: 'unchanged', epss: 'unchanged', 'osv/Debian': `kept: ${code}` });
    expect(second.feed?.version).toBe(first.feed?.version);
    server.publish('/osv/Debian/all.zip', zipWith('3.0-1'));
    expect((await update()).states).toMatchObject({ 'osv/Debian': 'new' });
  });

  it('and without older data is left out of the database', async () => {
    server.publish('/osv/Debian/all.zip', Buffer.from('rubbish'));
    const { states, feed } = await update();
    expect(states).toMatchObject({ 'osv/Debian': 'missing: broken-archive', kev: 'new' });
    expect(feed?.sources.map(({ id }) => id)).toEqual(['kev', 'epss']);
  });
});

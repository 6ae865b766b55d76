import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LiveEvent } from '@parapet/contract/api';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type PostgresOptions, startPostgres } from '../database/postgres-launcher/index.ts';
import { createNarrow } from '../live/narrow.ts';
import { cookieOf, startTestConsole, type TestConsole, testHost } from '../testing/test-console.ts';
import { testRunAs } from '../testing/test-server.ts';

const patience = { timeout: 180_000, interval: 50 };

describe('a database that goes away and comes back', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ppt-away-'));
    if (testRunAs !== undefined) await chmod(folder, 0o711);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('is said plainly, and everything goes on without a restart', async () => {
    const options: PostgresOptions = {
      rootDir: folder,
      socketDir: join(folder, 'run'),
      runAs: testRunAs,
      durable: false,
    };
    const first = await startPostgres(options);
    const host = encodeURIComponent(first.socketDir());
    await using running = await startTestConsole({
      environment: { DATABASE_URL: `postgres://${first.user}@/postgres?host=${host}` },
    });
    const headers = await running.signInAdmin();
    const get = (url: string) => running.send({ method: 'GET', url, headers });
    expect((await get('/api/v1/users')).status).toBe(200);

    await first.stop();
    await vi.waitFor(async () => expect((await get('/readyz')).status).toBe(503), patience);
    const refused = await get('/api/v1/users');
    expect(refused.status).toBe(503);
    expect(refused.json.error).toMatchObject({
      code: 'database-away',
      message: expect.stringContaining('does not answer'),
    });
    const signIn = await running.send({
      method: 'POST',
      url: '/api/v1/session',
      headers: { origin: `https://${testHost}` },
      body: { username: 'ada', password: 'x' },
    });
    expect(signIn.json.error.code).toBe('database-away');
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/metrics')).text).toContain('parapet_database_up 0');
    expect(running.console.platform.health.current()).toMatchObject({ state: 'away' });

    const second = await startPostgres(options);
    await vi.waitFor(async () => expect((await get('/readyz')).status).toBe(200), patience);
    expect((await get('/api/v1/users')).status).toBe(200);
    const { jobs } = running.console.platform;
    await jobs.enqueue('people.clean', {});
    await vi.waitFor(async () => {
      const queue = (await jobs.figures()).find(({ name }) => name === 'people.clean');
      expect(queue).toMatchObject({ waiting: 0, active: 0, failed: 0 });
    }, patience);
    expect((await get('/api/v1/status')).json.stores).toMatchObject([
      { name: 'database', state: 'ok' },
      { name: 'events', state: 'ok' },
    ]);
    // The console's connections end first, or the server would have to cut them.
    await running[Symbol.asyncDispose]();
    await second.stop();
  });
});

describe('the live feed', () => {
  let running: TestConsole;
  beforeAll(async () => {
    running = await startTestConsole();
  });
  afterAll(() => running[Symbol.asyncDispose]());

  const host = '00000000-0000-4000-8000-00000000000a';
  const other = '00000000-0000-4000-8000-00000000000b';

  test('ends when its session does', async () => {
    await running.signInAdmin();
    const signedIn = await running.send({
      method: 'POST',
      url: '/api/v1/session',
      headers: { origin: `https://${testHost}` },
      body: { username: 'ada', password: 'correct horse battery staple' },
    });
    const headers = cookieOf(signedIn);
    const { live } = running.console.platform;
    const request = httpsRequest({
      host: '127.0.0.1',
      port: running.console.port,
      path: '/api/v1/live',
      headers,
      // The certificate is checked elsewhere.
      rejectUnauthorized: false,
    });
    let received = '';
    const ended = new Promise<void>((resolve) => {
      request.on('response', (response) => {
        response.on('data', (chunk: Buffer) => {
          received += chunk.toString();
        });
        response.on('error', () => undefined);
        response.on('close', resolve);
      });
    });
    request.end();
    await vi.waitFor(() => expect(live.figures().streams).toBe(1), patience);
    live.publish({ kind: 'feeds' });
    await vi.waitFor(() => expect(received).toContain('data: {"kind":"feeds"}'), patience);
    await running.send({ method: 'DELETE', url: '/api/v1/session', headers });
    await ended;
    expect(live.figures().streams).toBe(0);
  });

  test('tells a scoped caller of nothing out of its scope', async () => {
    const { db } = running.console.platform;
    const now = new Date();
    const asset = {
      kind: 'host' as const,
      status: 'running' as const,
      runtime_labels: '{}',
      record: '{}',
      first_seen_at: now,
      last_seen_at: now,
    };
    await db
      .insertInto('assets')
      .values([
        { ...asset, id: host, key: host, name: 'mine', people_labels: '{"team":"a"}' },
        { ...asset, id: other, key: other, name: 'theirs', people_labels: '{"team":"b"}' },
      ])
      .execute();
    const narrow = createNarrow(db, { team: ['a'] });
    const events: readonly LiveEvent[] = [
      { kind: 'assets', ids: [host, other] },
      { kind: 'assets', ids: [other] },
      { kind: 'map', hostId: other },
      { kind: 'map', hostId: host },
      { kind: 'map' },
      { kind: 'sensors', hostId: other },
      { kind: 'findings', opened: 5, closed: 3 },
      { kind: 'findings', opened: 5, closed: 3, assetId: other },
      { kind: 'findings', opened: 5, closed: 3, assetId: host },
      { kind: 'scans', scanId: other },
      { kind: 'feeds' },
    ];
    const seen = await Promise.all(events.map(narrow));
    expect(seen).toEqual([
      { kind: 'assets', ids: [host] },
      undefined,
      undefined,
      { kind: 'map', hostId: host },
      { kind: 'map' },
      undefined,
      { kind: 'findings', opened: 0, closed: 0 },
      undefined,
      { kind: 'findings', opened: 5, closed: 3, assetId: host },
      undefined,
      { kind: 'feeds' },
    ]);
    await sql`delete from assets`.execute(db);
  });
});

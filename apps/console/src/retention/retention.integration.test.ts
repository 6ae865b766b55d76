import { defaultRetention, type RetentionSettings } from '@parapet/contract/api';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../logging/log.ts';
import { startTestConsole } from '../testing/test-console.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { rowBytesOf, rowsWithin } from './estimate.ts';
import { enforceRetention } from './feature.ts';
import { graphCutoff } from './graph-budget.ts';
import { dayMs, graphTables } from './kinds.ts';
import { measureRetention, previewRetention } from './measure.ts';
import { readRetention } from './settings.ts';

const now = new Date('2026-11-20T12:00:00Z');
const hostId = '00000000-0000-4000-8000-0000000000aa';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** A host with 100 processes that ended on each of the last 40 days and as many that run; two audit entries a day. */
beforeEach(async () => {
  const { db } = database;
  await sql`truncate assets, audit_log cascade`.execute(db);
  await sql`insert into assets (id, kind, key, name, status, first_seen_at, last_seen_at) values (${hostId}, 'host', 'host', 'h', 'running', ${now}, ${now})`.execute(
    db,
  );
  await sql`
    insert into processes (host_id, boot_id, key, pid, name, executable, arguments, uid, loaded_files, started_at, ended_at)
    select ${hostId}, 'b', day || '-' || n, n, 'p', '/bin/p', '[]', 0, '[]', ${now}::timestamptz - interval '90 days',
      case when day > 0 then ${now}::timestamptz - day * interval '1 day' + interval '1 hour' end
    from generate_series(0, 40) day cross join generate_series(1, 100) n`.execute(db);
  await sql`
    insert into audit_log (at, actor_kind, actor_name, action, outcome)
    select ${now}::timestamptz - day * interval '12 hours', 'user', 'ada', 'x', 'succeeded' from generate_series(1, 1000) day`.execute(
    db,
  );
  await sql`analyze processes, audit_log`.execute(db);
});

const enforce = (settings: RetentionSettings, signal = AbortSignal.timeout(60_000)) =>
  enforceRetention({ db: database.db, log: silentLog, now }, settings, signal);
const processes = async (): Promise<number> =>
  (await sql<{ n: number }>`select count(*) as n from processes`.execute(database.db)).rows[0]?.n ?? 0;

test('what is told before is what goes, and nothing that lasts', async () => {
  const { db } = database;
  const settings = { ...defaultRetention, graphDays: 10, auditDays: 100 };
  const { deletes } = await previewRetention(db, settings, now);
  const graph = deletes.find(({ kind }) => kind === 'graph');
  expect(graph).toMatchObject({ rows: 3000, until: '2026-11-10T12:00:00.000Z' });
  expect(graph?.days).toBeCloseTo(30, 0);
  expect(graph?.bytes).toBe(3000 * ((await rowBytesOf(db, ['processes'])).get('processes') ?? 0));
  expect(deletes.find(({ kind }) => kind === 'audit')?.rows).toBe(800);
  expect(await enforce(settings)).toBe(3800);
  expect(await processes()).toBe(1100);
  expect((await previewRetention(db, settings, now)).deletes).toEqual([]);
});

test('a budget takes the oldest whole days first and leaves the last', async () => {
  const { db } = database;
  const rowBytes = (await rowBytesOf(db, ['processes'])).get('processes') ?? 0;
  const budget = (days: number) => ({ graphDays: 30, graphBytes: Math.round(rowBytes * 100 * days) });
  expect(await graphCutoff(db, budget(5.5), now)).toEqual(new Date(now.getTime() - 5 * dayMs));
  expect(await graphCutoff(db, budget(0.1), now)).toEqual(new Date(now.getTime() - dayMs));
  expect(await graphCutoff(db, budget(90), now)).toEqual(new Date(now.getTime() - 30 * dayMs));
  await enforce({ ...defaultRetention, ...budget(5.5) });
  expect(await processes()).toBe(600);
});

test('costs are those of the store, by day and host', async () => {
  const measured = await measureRetention(database.db, now);
  const graph = measured.kinds.find(({ kind }) => kind === 'graph');
  expect(measured.hosts).toBe(1);
  expect(graph).toMatchObject({ rows: 4000, rowsPerDay: 100 });
  expect(graph?.bytesPerHostDay).toBe(graph?.bytesPerDay);
  expect(graph?.oldest).toBe('2026-10-11T13:00:00.000Z');
  expect(measured.takes[0]?.name).toBe('The database in all');
  // A row takes what its table and indexes take for each of them, within what estimates are worth.
  const real = await sql<{ bytes: number }>`select pg_total_relation_size('processes') / 4100 as bytes`.execute(
    database.db,
  );
  const ratio = ((await rowBytesOf(database.db, ['processes'])).get('processes') ?? 0) / (real.rows[0]?.bytes ?? 1);
  expect(ratio).toBeGreaterThan(0.6);
  expect(ratio).toBeLessThan(1.6);
});

test('many rows are estimated near enough, without being counted', async () => {
  const { db } = database;
  await sql`insert into processes (host_id, boot_id, key, pid, name, executable, arguments, uid, loaded_files, started_at, ended_at)
    select ${hostId}, 'c', n::text, 1, 'p', '/bin/p', '[]', 0, '[]', ${now}::timestamptz - interval '90 days', ${now}::timestamptz - n * interval '1 minute'
    from generate_series(1, 60000) n`.execute(db);
  await sql`analyze processes`.execute(db);
  const table = graphTables.find(({ table }) => table === 'processes');
  if (table === undefined) throw new Error('processes age');
  const estimated = await rowsWithin(db, table, { before: new Date(now.getTime() - 20 * dayMs) });
  expect(Math.abs(estimated - 33_200) / 33_200).toBeLessThan(0.1);
});

test('a stop is heard between slices', async () => {
  const stopped = new AbortController();
  stopped.abort();
  expect(await enforce({ ...defaultRetention, graphDays: 1 }, stopped.signal)).toBe(0);
});

test('admins change it, and that is on record; others may only look', async () => {
  await using running = await startTestConsole();
  const viewer = await running.tokenOf({ role: 'viewer' });
  const { status, json } = await running.send({ method: 'GET', url: '/api/v1/retention', headers: viewer });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    settings: defaultRetention,
    disk: { state: 'ok' },
    kinds: [{ kind: 'graph', days: 30 }, {}, {}, {}, { kind: 'telemetry', days: 7 }],
  });
  const wanted = { ...defaultRetention, graphDays: 7, graphBytes: 5_000_000_000 };
  const put = (headers: Readonly<Record<string, string>>, body: unknown = wanted) =>
    running.send({ method: 'PUT', url: '/api/v1/retention', headers, body });
  expect((await put(viewer)).status).toBe(403);
  const admin = await running.tokenOf({ role: 'admin' });
  expect((await put(admin, { ...wanted, auditDays: 1 })).status).toBe(400);
  expect((await put(admin)).json).toMatchObject({ settings: wanted });
  const query = new URLSearchParams({
    ...{ graphDays: '7', closedFindingsDays: '90', scansDays: '90', auditDays: '365' },
    ...{ telemetryDays: '7', telemetryBytes: '20000000000' },
  });
  expect(
    await running.send({ method: 'GET', url: `/api/v1/retention/preview?${query}`, headers: viewer }),
  ).toMatchObject({ status: 200, json: { deletes: [] } });
  expect(await readRetention(running.console.platform.db)).toEqual(wanted);
  const entry = await running.console.platform.db
    .selectFrom('audit_log')
    .selectAll()
    .where('action', '=', 'retention.update')
    .where('outcome', '=', 'succeeded')
    .executeTakeFirst();
  expect(entry?.details).toMatchObject({ before: { graphDays: 30 }, after: { graphDays: 7 } });
});

import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { anSbom, aPackage, createInventory } from '../findings/testing/inventory.ts';
import { silentLog } from '../logging/log.ts';
import { createSbomReceiver } from '../sboms/receive-sbom.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { type AdvisoryFiles, createAdvisoryFiles } from './advisory-files.ts';
import { buildFeed } from './feed-builder.ts';
import { createFeedService, type FeedService } from './feed-service.ts';
import { readFeedAge } from './feed-status.ts';
import { rematchAll } from './rematch.ts';
import { makeBundle } from './testing/make-bundle.ts';

let database: TestDatabase;
let folder: string;
let files: AdvisoryFiles;
let service: FeedService;
const clock = createManualClock(Date.parse('2026-11-02T00:00:00Z'));
const live = { publish: () => undefined };

beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'ppt-feeds-'));
  files = createAdvisoryFiles({ db: database.db, databaseDir: join(folder, 'feeds'), log: silentLog });
  service = createService(files);
  await service.start();
});
afterEach(async () => {
  files[Symbol.dispose]();
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const createService = (content: AdvisoryFiles): FeedService =>
  createFeedService({
    ...{ db: database.db, clock, live, log: silentLog, gate: alwaysOpen, files: content, build: buildFeed },
    databaseDir: join(folder, 'feeds'),
    temporaryDir: folder,
    // Nothing listens there: the publishers cannot be reached from this machine.
    publishers: {
      baseUrls: { osv: 'http://127.0.0.1:9', kev: 'http://127.0.0.1:9', epss: 'http://127.0.0.1:9' },
      ecosystems: ['Debian'],
    },
    rematch: async () =>
      rematchAll({ db: database.db, content, clock, live, log: silentLog }, new AbortController().signal),
  });

const upload = (bundle: Buffer) => service.importStream(Readable.from([bundle]));
const openFindings = async () =>
  (
    await database.db
      .selectFrom('findings')
      .innerJoin('vulnerabilities', 'vulnerabilities.id', 'findings.vulnerability_id')
      .select(['vulnerabilities.key', 'findings.kev', 'findings.feed_version'])
      .where('status', '=', 'open')
      .orderBy('key')
      .execute()
  ).map((row) => [row.key, row.kev]);

const first = [{ cve: 'CVE-2026-0001', package: 'openssl', fixed: '2.0' }];
const second = [{ cve: 'CVE-2026-0002', package: 'openssl', fixed: '3.0' }];

test('an imported bundle matches what was stored before; the next one again, and a rollback back', async () => {
  const host = await createInventory(database.db).host('web-01');
  const receive = createSbomReceiver({ db: database.db, content: files, live, clock });
  await receive({ assetId: host, reporterHostId: host, document: anSbom('host', [aPackage('openssl', '1.0')]) });
  expect(await service.status()).toMatchObject({ active: undefined, earlier: [], schedule: { enabled: false } });
  expect(await openFindings()).toEqual([]);

  const imported = await upload(makeBundle(first));
  expect(imported).toMatchObject({
    active: { origin: 'bundle', advisories: 1 },
    update: { state: 'done' },
    rematch: undefined,
  });
  expect(imported.sources.map((source) => source.id).toSorted()).toEqual(['kev', 'osv/Debian']);
  expect(await openFindings()).toEqual([['CVE-2026-0001', true]]);
  expect(await readFeedAge(database.db, new Date(clock.now()))).toMatchObject({ state: 'fresh' });

  const next = await upload(makeBundle(second));
  expect(await openFindings()).toEqual([['CVE-2026-0002', true]]);
  expect(next.earlier.map((version) => version.version)).toEqual([imported.active?.version]);

  await service.rollback(imported.active?.version ?? '');
  expect(await openFindings()).toEqual([['CVE-2026-0001', true]]);
  expect(files.current()?.version).toBe(imported.active?.version);
  // What the command line matches with, though the other file is newer.
  expect(await readFile(join(folder, 'feeds', 'active'), 'utf8')).toBe(`${imported.active?.version}\n`);
});

test('a broken bundle changes nothing and is named', async () => {
  const good = await upload(makeBundle(first));
  await expect(upload(makeBundle(second, { corrupt: true }))).rejects.toThrow(/osv\/Debian\/all\.zip|checksum|sha256/i);
  await expect(upload(Buffer.from('no bundle at all'))).rejects.toMatchObject({ status: 400 });
  const status = await service.status();
  expect(status.active?.version).toBe(good.active?.version);
  expect(status.update).toMatchObject({ state: 'failed' });
  expect(status.update?.error).toBeTruthy();
  expect(files.current()?.version).toBe(good.active?.version);
  expect((await readdir(folder)).filter((name) => name.startsWith('bundle-'))).toEqual([]);
});

test('publishers that cannot be reached are one plain sentence', async () => {
  await expect(service.update(new AbortController().signal)).rejects.toMatchObject({ status: 503 });
  const status = await service.status();
  expect(status.update?.state).toBe('failed');
  expect(status.update?.error).toContain('import a bundle instead');
  expect(status.active).toBeUndefined();
});

test('a damaged or missing file is said at start, and the console works on without', async () => {
  const imported = await upload(makeBundle(first));
  const path = join(folder, 'feeds', `${imported.active?.version}.db`);
  await truncate(path, 100);
  const reopened = createAdvisoryFiles({ db: database.db, databaseDir: join(folder, 'feeds'), log: silentLog });
  const again = createService(reopened);
  await again.start();
  expect(reopened.current()).toBeUndefined();
  expect((await again.status()).sources[0]?.lastError).toContain('cannot be read');
  await rm(path);
  await again.start();
  await expect(again.rollback(imported.active?.version ?? '')).rejects.toThrow('Import it again');
  // Importing the same data heals it.
  await writeFile(join(folder, 'again.tgz'), makeBundle(first));
  await again.importFile(join(folder, 'again.tgz'));
  expect(reopened.current()?.version).toBe(imported.active?.version);
  reopened[Symbol.dispose]();
});

test('three earlier versions are kept, with their files', async () => {
  for (const fixed of ['2', '3', '4', '5', '6'])
    await upload(makeBundle([{ cve: 'CVE-2026-0001', package: 'openssl', fixed }]));
  expect((await service.status()).earlier).toHaveLength(3);
  expect((await readdir(join(folder, 'feeds'))).filter((name) => name.endsWith('.db'))).toHaveLength(4);
});

test('an update that a crash interrupted is told at the next start', async () => {
  await database.db
    .updateTable('feed_state')
    .set({ update_progress: JSON.stringify({ state: 'running', step: 'x', startedAt: new Date(0).toISOString() }) })
    .execute();
  await service.start();
  expect((await service.status()).update).toMatchObject({
    state: 'failed',
    error: 'The console was stopped during the update; nothing changed.',
  });
});

test('a database of another layout is built anew from the publishers’ files that are kept', async () => {
  const imported = await upload(makeBundle(first));
  const [file] = (await readdir(join(folder, 'feeds'))).filter((name) => name.endsWith('.db'));
  await writeFile(join(folder, 'feeds', file ?? ''), 'another layout');
  using again = createAdvisoryFiles({ db: database.db, databaseDir: join(folder, 'feeds'), log: silentLog });
  const next = createService(again);
  await next.start();
  expect(next.needsRebuild()).toBe(true);
  await next.rebuild(new AbortController().signal);
  expect(next.needsRebuild()).toBe(false);
  expect(again.current()?.version).toBe(imported.active?.version);
  expect(await next.status()).toMatchObject({ update: { state: 'done' }, active: { origin: 'bundle', advisories: 1 } });

  await rm(join(folder, 'feeds'), { recursive: true });
  using nothing = createAdvisoryFiles({ db: database.db, databaseDir: join(folder, 'feeds'), log: silentLog });
  const restored = createService(nothing);
  await restored.start();
  await expect(restored.rebuild(new AbortController().signal)).rejects.toThrow('is not on this machine');
});

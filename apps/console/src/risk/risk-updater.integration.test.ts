import { createManualClock } from '@parapet/core';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFakeContent } from '../findings/testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory, type Inventory } from '../findings/testing/inventory.ts';
import { silentLog } from '../logging/log.ts';
import { createSbomReceiver, type SbomReceiver } from '../sboms/receive-sbom.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { riskInSql } from './asset-risk.ts';
import { riskValue } from './formula.ts';
import { refreshInternetDistances } from './internet-distance.ts';
import { createRiskUpdater, enqueueRisk, type RiskUpdater } from './risk-updater.ts';

let database: TestDatabase;
let inventory: Inventory;
let receive: SbomReceiver;
let updater: RiskUpdater;
const start = Date.parse('2026-11-10T00:00:00Z');
let clock: ReturnType<typeof createManualClock>;

beforeEach(async () => {
  database = await createTestDatabase();
  const { db } = database;
  inventory = createInventory(db);
  clock = createManualClock(start);
  const live = { publish: () => undefined };
  const content = createFakeContent([{ vulnerability: 'CVE-2026-1', package: 'openssl', likelihood: 0.5 }]);
  receive = createSbomReceiver({ db, content, live, clock });
  updater = createRiskUpdater({ db, clock, live, log: silentLog, gate: alwaysOpen });
});
afterEach(async () => {
  await updater[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const openssl = aPackage('openssl', '1.0', ['/usr/bin/openssl']);
const queue = () => database.db.selectFrom('risk_queue').selectAll().execute();
const only = async () => database.db.selectFrom('findings').selectAll().executeTakeFirstOrThrow();
const hostWithFinding = async (name: string): Promise<string> => {
  const host = await inventory.host(name);
  await receive({ assetId: host, reporterHostId: host, document: anSbom('host', [openssl]) });
  return host;
};

test('a change shows soon, steady churn is computed now and then, other assets not at all', async () => {
  const [busy, quiet] = [await hostWithFinding('busy'), await hostWithFinding('quiet')];
  const soon = new Date(start + 3_000);
  await enqueueRisk(database.db, [busy], soon);
  await enqueueRisk(database.db, [busy], new Date(start + 60_000));
  expect(await queue()).toMatchObject([{ asset_id: busy, due_at: soon }]);
  await updater.drain();
  expect(await queue()).toMatchObject([{ asset_id: busy, due_at: null, computed_at: new Date(start) }]);
  await enqueueRisk(database.db, [busy], soon);
  expect(await queue()).toMatchObject([{ due_at: new Date(start + 30_000) }]);
  expect((await queue()).some((row) => row.asset_id === quiet)).toBe(false);
});

test('a process that starts or ends changes use and risk', async () => {
  const host = await hostWithFinding('web-01');
  const before = await only();
  expect(before.use_kind).toBe('installed');
  await inventory.process(host, undefined, '/usr/bin/openssl');
  updater.assetsChanged([host]);
  await updater.drain();
  const during = await only();
  expect(during).toMatchObject({ use_kind: 'running', id: before.id });
  expect(during.risk).toBeGreaterThan(before.risk);
  expect(await database.db.selectFrom('asset_packages').select('use_kind').execute()).toEqual([
    { use_kind: 'running' },
  ]);
  await database.db
    .updateTable('processes')
    .set({ ended_at: new Date(start) })
    .execute();
  updater.assetsChanged([host]);
  await updater.drain();
  expect(await only()).toMatchObject({ use_kind: 'installed', risk: before.risk });
});

test('when a sensor falls silent, what it does not see any more is unknown, on its containers too', async () => {
  const host = await inventory.host('web-01');
  const image = await inventory.image('shop:1', [host]);
  await inventory.container('shop', host, image);
  await receive({ assetId: image, reporterHostId: host, document: anSbom('image', [openssl]) });
  expect(await only()).toMatchObject({ exposure_kind: 'none-seen', use_kind: 'installed' });
  await database.db.updateTable('sensors').set({ presence: 'unknown' }).execute();
  updater.hostsChanged([host]);
  await updater.drain();
  expect(await only()).toMatchObject({ exposure_kind: 'unknown', use_kind: 'unknown' });
  const context = await database.db.selectFrom('risk_contexts').select('factors').executeTakeFirstOrThrow();
  expect(context.factors.use).toMatchObject({ known: false, value: 0.5 });
  expect(context.factors.use.reason).toContain('is silent since');
});

test('a refused collector makes just its side unknown', async () => {
  const host = await hostWithFinding('web-01');
  await database.db
    .insertInto('collectors')
    .values({
      host_id: host,
      name: 'network',
      state: 'refused',
      source: 'none',
      reason: 'it needs root',
      since: new Date(start),
    })
    .execute();
  updater.hostsChanged([host]);
  await updater.drain();
  expect(await only()).toMatchObject({ exposure_kind: 'unknown', use_kind: 'installed' });
});

test('processes that the sensor may not look into make unused packages unknown, kernel threads do not', async () => {
  const host = await hostWithFinding('web-01');
  await inventory.process(host, undefined, '');
  updater.assetsChanged([host]);
  await updater.drain();
  expect(await only()).toMatchObject({ use_kind: 'installed' });
  await database.db
    .updateTable('processes')
    .set({ arguments: JSON.stringify(['sshd']) })
    .execute();
  updater.assetsChanged([host]);
  await updater.drain();
  expect(await only()).toMatchObject({ use_kind: 'unknown' });
});

test('distances from the Internet follow open edges, four hops at most, and tell what changed', async () => {
  const host = await inventory.host('web-01');
  const names = ['a', 'b', 'c', 'd', 'e'];
  const chain: string[] = [];
  for (const name of names) chain.push(await inventory.container(name, host, undefined));
  const [a = '', b = '', c = '', d = '', e = ''] = chain;
  await inventory.edge('internet', a, '/a', 1);
  for (const [from, to] of [
    [a, b],
    [b, c],
    [c, d],
    [d, e],
    [c, a],
  ] as const)
    await inventory.edge(from, to, '/x', 2);
  expect((await refreshInternetDistances(database.db)).toSorted()).toEqual([a, b, c, d].toSorted());
  const rows = await database.db
    .selectFrom('internet_distances')
    .select(['asset_id', 'hops'])
    .orderBy('hops')
    .execute();
  expect(rows.map((row) => [row.asset_id, row.hops])).toEqual([
    [a, 1],
    [b, 2],
    [c, 3],
    [d, 4],
  ]);
  expect(await refreshInternetDistances(database.db)).toEqual([]);
  await database.db
    .updateTable('edges')
    .set({ ended_at: new Date(start) })
    .where('source_asset', '=', b)
    .execute();
  expect((await refreshInternetDistances(database.db)).toSorted()).toEqual([c, d].toSorted());
});

test('the formula in SQL is the formula', async () => {
  for (const [l, e, u, i] of [
    [0.97, 1, 0.95, 0.9],
    [0.1, 0.15, 0.2, 0.5],
    [1, 1, 1, 1],
    [0.3, 0.5, 0.5, 0.6],
    [0.013, 0.8, 0.95, 0.65],
  ] as const) {
    const { rows } = await sql<{ risk: number }>`
      select ${riskInSql(sql`${l}::real`, sql`${e}::real`, sql`${u}::real`, sql`${i}::real`)} as risk`.execute(
      database.db,
    );
    expect(rows[0]?.risk).toBeCloseTo(riskValue(l, e, u, i), 1);
  }
});

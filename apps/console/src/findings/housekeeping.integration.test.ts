import { defaultRetention } from '@parapet/contract/api';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EnqueueOptions, Jobs } from '../jobs/jobs.ts';
import { silentLog } from '../logging/log.ts';
import { enforceRetention } from '../retention/feature.ts';
import { createSbomReceiver, type SbomReceiver } from '../sboms/receive-sbom.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { prune, registerHousekeeping } from './housekeeping.ts';
import { readRiskHistory } from './risk-history.ts';
import { createFakeContent } from './testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory, type Inventory } from './testing/inventory.ts';

let database: TestDatabase;
let inventory: Inventory;
let receive: SbomReceiver;
const clock = createManualClock(Date.parse('2026-11-10T10:30:00Z'));
const day = 24 * 3_600_000;
const openssl = aPackage('openssl', '1.0');

beforeEach(async () => {
  database = await createTestDatabase();
  const { db } = database;
  inventory = createInventory(db);
  const content = createFakeContent([{ vulnerability: 'CVE-2026-1', package: 'openssl' }]);
  receive = createSbomReceiver({ db, content, live: { publish: () => undefined }, clock });
});
afterEach(() => database[Symbol.asyncDispose]());

/** Jobs that run when the test says so. */
const createHandJobs = () => {
  const handlers = new Map<string, () => Promise<void>>();
  let rematches = 0;
  const jobs: Jobs = {
    register: (name, handler, options) => {
      handlers.set(name, () =>
        handler(options.schema.parse({}) as never, { id: name, retryCount: 0, signal: new AbortController().signal }),
      );
    },
    enqueue: async (_name: string, _data: object, _options?: EnqueueOptions) => true,
    schedule: () => undefined,
    figures: async () => [],
    start: async () => undefined,
    stop: async () => undefined,
  };
  registerHousekeeping({
    jobs,
    db: database.db,
    clock,
    gate: alwaysOpen,
    enqueueRematch: async () => {
      rematches += 1;
    },
  });
  return {
    minute: async () => handlers.get('findings-minute')?.(),
    hour: async () => handlers.get('findings-hour')?.(),
    rematches: () => rematches,
  };
};

const setStatus = (id: string, status: 'gone' | 'present') =>
  database.db
    .updateTable('assets')
    .set({ status, ended_at: status === 'gone' ? new Date(clock.now()) : null })
    .where('id', '=', id)
    .execute();
const statuses = async () =>
  (await database.db.selectFrom('findings').select('status').execute()).map((row) => row.status);

test('what is gone closes, and is matched again when it comes back', async () => {
  const jobs = createHandJobs();
  const host = await inventory.host('web-01');
  const image = await inventory.image('shop:1', [host]);
  await receive({ assetId: image, reporterHostId: host, document: anSbom('image', [openssl]) });
  await jobs.minute();
  expect([await statuses(), jobs.rematches()]).toEqual([['open'], 0]);
  await setStatus(image, 'gone');
  await jobs.minute();
  expect([await statuses(), jobs.rematches()]).toEqual([['closed'], 0]);
  await setStatus(image, 'present');
  await jobs.minute();
  expect(jobs.rematches()).toBe(1);
  const software = await database.db.selectFrom('asset_software').select('matched_feed').executeTakeFirstOrThrow();
  expect(software.matched_feed).toBeNull();
  await jobs.minute();
  expect(jobs.rematches()).toBe(1);
});

test('risk is written down by the hour, and by asset and day for people with a scope', async () => {
  const jobs = createHandJobs();
  const hosts = [await inventory.host('a', { team: 'a' }), await inventory.host('b', { team: 'b' })];
  for (const host of hosts) await receive({ assetId: host, reporterHostId: host, document: anSbom('host', [openssl]) });
  await jobs.minute();
  await jobs.hour();
  const at = new Date(clock.now());
  expect(await readRiskHistory(database.db, null, at)).toMatchObject([{ at: '2026-11-10T10:00:00.000Z', open: 2 }]);
  expect(await readRiskHistory(database.db, { team: ['a'] }, at)).toMatchObject([
    { at: '2026-11-10T00:00:00.000Z', open: 1 },
  ]);
  await receive({ assetId: hosts[0] ?? '', reporterHostId: hosts[0] ?? '', document: anSbom('host', []) });
  await jobs.hour();
  expect(await readRiskHistory(database.db, { team: ['a'] }, at)).toMatchObject([{ open: 0, risk: 0 }]);
});

test('what is past its retention is forgotten, what is not stays', async () => {
  const host = await inventory.host('web-01');
  const image = await inventory.image('shop:1', [host]);
  await receive({ assetId: image, reporterHostId: host, document: anSbom('image', [openssl]) });
  await receive({ assetId: host, reporterHostId: host, document: anSbom('host', [openssl]) });
  await database.db
    .updateTable('findings')
    .set({ status: 'closed', closed_at: new Date(clock.now() - 91 * day) })
    .where('asset_id', '=', image)
    .execute();
  await database.db
    .updateTable('assets')
    .set({ status: 'gone', ended_at: new Date(clock.now() - 31 * day) })
    .where('id', '=', image)
    .execute();
  const now = new Date(clock.now());
  await enforceRetention({ db: database.db, log: silentLog, now }, defaultRetention, AbortSignal.timeout(60_000));
  await prune(database.db, now);
  const left = async (table: 'findings' | 'sboms' | 'asset_packages' | 'asset_software' | 'risk_contexts') =>
    (await database.db.selectFrom(table).select('asset_id').execute()).map((row) => row.asset_id);
  for (const table of ['findings', 'sboms', 'asset_packages', 'asset_software', 'risk_contexts'] as const) {
    expect([table, new Set(await left(table))]).toEqual([table, new Set([host])]);
  }
});

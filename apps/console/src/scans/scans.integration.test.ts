import { defaultScanPolicy, type ScanPolicy } from '@parapet/contract/api';
import type { Task, TaskState } from '@parapet/contract/wire';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFakeContent } from '../findings/testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory, type Inventory } from '../findings/testing/inventory.ts';
import { silentLog } from '../logging/log.ts';
import { createSbomReceiver } from '../sboms/receive-sbom.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import type { SbomListener, StateListener, TaskDispatcher } from '../tasks/task-dispatcher.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { scanTimes } from './plan-scans.ts';
import { requestScans } from './request-scans.ts';
import { listScans } from './scan-rows.ts';
import { createScanScheduler, type ScanScheduler } from './scan-scheduler.ts';
import { createScanTaskStore } from './scan-tasks.ts';

let database: TestDatabase;
let inventory: Inventory;
let scheduler: ScanScheduler;
type HostTask = { readonly hostId: string } & Task;
let sent: HostTask[];
let clock: ReturnType<typeof createManualClock>;
let say: (task: HostTask, state: TaskState['state'], message?: string) => Promise<void>;
let deliver: (task: HostTask, document: Buffer) => Promise<void>;

beforeEach(async () => {
  database = await createTestDatabase();
  const { db } = database;
  inventory = createInventory(db);
  clock = createManualClock(Date.parse('2026-11-10T00:00:00Z'));
  sent = [];
  let onState: StateListener = async () => undefined;
  let onSbom: SbomListener = async () => undefined;
  const dispatcher: TaskDispatcher = {
    send: ({ hostId, order }) => {
      if (order.kind === 'task') sent.push({ hostId, ...order });
    },
    cancel: () => undefined,
    onState: (listener) => {
      onState = listener;
    },
    onSbom: (listener) => {
      onSbom = listener;
    },
  };
  const live = { publish: () => undefined };
  const receive = createSbomReceiver({
    db,
    content: createFakeContent([{ vulnerability: 'CVE-2026-1', package: 'openssl' }]),
    live,
    clock,
  });
  scheduler = createScanScheduler({ db, clock, dispatcher, receive, live, log: silentLog, gate: alwaysOpen });
  say = (task, state, message) =>
    onState({ hostId: task.hostId, taskId: task.taskId, state, ...(message === undefined ? {} : { message }) });
  deliver = async (task, document) => {
    await onSbom(task.hostId, task.taskId, document);
    await say(task, 'done');
  };
});
afterEach(async () => {
  await scheduler[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const turn = async (): Promise<HostTask[]> => {
  sent.length = 0;
  await scheduler.turn();
  return [...sent];
};
const scans = () => database.db.selectFrom('scans').selectAll().orderBy('created_at').orderBy('attempt').execute();
const only = <T>(items: readonly T[]): T => {
  expect(items).toHaveLength(1);
  return items[0] as T;
};
const hostSbom = anSbom('host', [aPackage('openssl', '1.0')]);
const changeDatabase = (assetId: string, modifiedAt: number) =>
  database.db
    .updateTable('assets')
    .set({ record: JSON.stringify({ packageDatabases: [{ path: '/var/lib/dpkg/status', modifiedAt, sizeBytes: 1 }] }) })
    .where('id', '=', assetId)
    .execute();

test('a new host is scanned once; its findings are there with the scan', async () => {
  const host = await inventory.host('web-01');
  const task = only(await turn());
  expect(task).toMatchObject({ hostId: host, work: { kind: 'sbom', target: { kind: 'host' } } });
  expect(await createScanTaskStore(database.db).pendingFor(host, 5)).toMatchObject([{ taskId: task.taskId }]);
  await say(task, 'running');
  await deliver(task, hostSbom);
  expect(await scans()).toMatchObject([{ state: 'done', packages: 1, findings: 1, cause: 'new' }]);
  expect(await turn()).toEqual([]);
  expect(await createScanTaskStore(database.db).pendingFor(host, 5)).toEqual([]);
});

test('an image on many hosts is scanned by one, and by one more for confirmation', async () => {
  const hosts = await Promise.all(['a', 'b', 'c', 'd'].map((name) => inventory.host(name)));
  for (const task of await turn()) await deliver(task, hostSbom);
  await inventory.image('shop:1', hosts);
  const first = only(await turn());
  expect(first.work.target.kind).toBe('image');
  expect(await turn()).toEqual([]);
  await deliver(first, anSbom('image', []));
  const second = only(await turn());
  expect(second.hostId).not.toBe(first.hostId);
  await deliver(second, anSbom('image', []));
  expect(await turn()).toEqual([]);
  expect(await database.db.selectFrom('asset_software').select('trust').where('trust', '<>', 'own').execute()).toEqual([
    { trust: 'agreed' },
  ]);
});

test('changed package databases ask for a scan after a pause, and only once', async () => {
  const host = await inventory.host('web-01');
  await changeDatabase(host, 1);
  await deliver(only(await turn()), hostSbom);
  await changeDatabase(host, 2);
  expect(await turn()).toEqual([]);
  await changeDatabase(host, 3);
  clock.advance(scanTimes.debounceMs);
  const task = only(await turn());
  await deliver(task, hostSbom);
  expect(await turn()).toEqual([]);
  expect((await scans()).map((scan) => scan.cause)).toEqual(['new', 'changed']);
});

test('a container is scanned only when it has packages of its own', async () => {
  const host = await inventory.host('web-01');
  await deliver(only(await turn()), hostSbom);
  await inventory.container('plain', host, undefined);
  expect(await turn()).toEqual([]);
  await inventory.container('grown', host, undefined, {
    packageDatabases: [{ path: '/var/lib/dpkg/status', modifiedAt: 1, sizeBytes: 1 }],
  });
  expect(only(await turn()).work.target.kind).toBe('container');
});

test('steady changes do not put the next look off', async () => {
  scheduler.start();
  await inventory.host('web-01');
  const waking = setInterval(() => scheduler.wake(), 20);
  try {
    await expect.poll(() => sent.length, { timeout: 180_000, interval: 50 }).toBe(1);
  } finally {
    clearInterval(waking);
  }
});

test('a host is scanned daily', async () => {
  await inventory.host('web-01');
  await deliver(only(await turn()), hostSbom);
  clock.advance(defaultScanPolicy.everyHours * 3_600_000 - 1);
  expect(await turn()).toEqual([]);
  clock.advance(3_600_001);
  await deliver(only(await turn()), hostSbom);
  expect((await scans()).map((scan) => scan.cause)).toEqual(['new', 'schedule']);
});

test('one scan runs on a host at a time; a person’s goes first', async () => {
  const host = await inventory.host('web-01');
  const images = await Promise.all(['a', 'b', 'c'].map((name) => inventory.image(name, [host])));
  const first = only(await turn());
  expect(await turn()).toEqual([]);
  const at = new Date(clock.now());
  const chosen = images[2] ?? '';
  const asked = await requestScans(database.db, { assetIds: [chosen], deep: false, by: 'ada', at }, null);
  expect(asked).toMatchObject({ skipped: [] });
  await deliver(first, hostSbom);
  const next = only(await turn());
  expect(asked.scanIds).toEqual([next.taskId]);
  const again = await requestScans(database.db, { assetIds: [chosen], deep: false, by: 'ada', at }, null);
  expect(again.skipped).toEqual([{ assetId: chosen, reason: 'A scan of it is already under way.' }]);
});

test('a failed scan is tried again, later each time, three times in all', async () => {
  await inventory.host('web-01');
  await say(only(await turn()), 'failed', 'no room');
  expect(await turn()).toEqual([]);
  clock.advance(60_000);
  await say(only(await turn()), 'failed', 'no room');
  clock.advance(60_000);
  expect(await turn()).toEqual([]);
  clock.advance(240_000);
  await say(only(await turn()), 'failed', 'no room');
  clock.advance(600_000);
  expect(await turn()).toEqual([]);
  expect((await scans()).map((scan) => [scan.state, scan.attempt])).toEqual([
    ['failed', 1],
    ['failed', 2],
    ['failed', 3],
  ]);
  clock.advance(scanTimes.restMs);
  only(await turn());
});

test('what does not end in time expires and is told', async () => {
  await inventory.host('web-01');
  const task = only(await turn());
  clock.advance(scanTimes.runMs);
  await turn();
  expect((await scans())[0]).toMatchObject({ state: 'expired', message: 'The sensor did not finish in time.' });
  await deliver(task, hostSbom);
  expect(await database.db.selectFrom('sboms').select('id').execute()).toEqual([]);
});

test('a silent host is not asked; another host cannot answer for it', async () => {
  const [host, other] = [await inventory.host('web-01'), await inventory.host('web-02')];
  await database.db.updateTable('sensors').set({ presence: 'unknown' }).where('host_id', '=', host).execute();
  const task = only(await turn());
  expect(task.hostId).toBe(other);
  await deliver({ ...task, hostId: host }, hostSbom);
  expect(await scans()).toMatchObject([{ state: 'sent' }]);
  expect(await database.db.selectFrom('sboms').select('id').execute()).toEqual([]);
});

test('a document that is no SBOM fails the scan and is not asked for without end', async () => {
  await inventory.host('web-01');
  await deliver(only(await turn()), Buffer.from('nonsense'));
  expect((await scans())[0]).toMatchObject({ state: 'failed' });
  expect((await scans())[0]?.message).toContain('JSON');
});

test('a deep request takes the host, its images and its grown containers; a scoped person only what they see', async () => {
  const host = await inventory.host('web-01', { team: 'a' });
  const other = await inventory.host('web-02', { team: 'b' });
  const image = await inventory.image('shop:1', [host]);
  await inventory.container('shop', host, image);
  const request = { assetIds: [host, other], deep: true, by: 'ada', at: new Date(clock.now()) };
  const { scanIds, skipped } = await requestScans(database.db, request, { team: ['a'] });
  expect(scanIds).toHaveLength(2);
  expect(skipped).toEqual([{ assetId: other, reason: 'There is no such asset.' }]);
  const seen = await listScans(database.db, { limit: 10 }, { team: ['b'] });
  expect(seen).toMatchObject({ items: [], total: 0 });
  expect(await listScans(database.db, { limit: 1 }, null)).toMatchObject({ total: 2, items: [{ requestedBy: 'ada' }] });
});

const setPolicy = (policy: Partial<ScanPolicy>) =>
  database.db
    .insertInto('console_settings')
    .values({ name: 'scan-policy', value: JSON.stringify(policy), updated_at: new Date(clock.now()) })
    .onConflict((on) => on.column('name').doUpdateSet({ value: JSON.stringify(policy) }))
    .execute();

test('the policy says how often, of what, and whether at all', async () => {
  const host = await inventory.host('web-01', { team: 'a' });
  await inventory.host('other-01', { team: 'b' });
  await setPolicy({ paused: true });
  expect(await turn()).toEqual([]);
  await setPolicy({ everyHours: 2, scope: { team: ['a'] } });
  const task = only(await turn());
  expect(task.hostId).toBe(host);
  await deliver(task, hostSbom);
  clock.advance(2 * 3_600_000 - 1);
  expect(await turn()).toEqual([]);
  clock.advance(3_600_001);
  expect(only(await turn()).hostId).toBe(host);
});

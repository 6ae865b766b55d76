import { randomUUID } from 'node:crypto';
import type { SensorProgram, TaskState } from '@parapet/contract/wire';
import { createManualClock, fail, ok, problem } from '@parapet/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGraphFixture } from '../graph/testing/graph-fixture.ts';
import { silentLog } from '../logging/log.ts';
import type { HostOrder, StateListener } from '../tasks/task-dispatcher.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import type { SensorArchives } from './archives.ts';
import { requestUpgrades } from './request-upgrades.ts';
import { readRollouts } from './rollout-rows.ts';
import { createRolloutScheduler, type RolloutScheduler } from './rollout-scheduler.ts';
import { stopRollout } from './turn-rollouts.ts';
import { releaseOf } from './version-standing.ts';

const archive = {
  version: '0.2.0',
  build: '0.2.0-new',
  architecture: 'x64',
  sizeBytes: 5,
  sha256: 'a'.repeat(64),
  path: '/x',
};
const archives: SensorArchives = {
  forArchitecture: async (name) => (name === 'x64' ? ok(archive) : fail(problem('none', `None for ${name}.`))),
  newest: () => [archive],
  find: () => archive,
};
const release = releaseOf({ archives, version: '0.2.0' });
const minute = 60_000;

let database: TestDatabase;
let scheduler: RolloutScheduler;
let clock: ReturnType<typeof createManualClock>;
let sent: HostOrder[];
let tell: StateListener;

beforeEach(async () => {
  database = await createTestDatabase();
  clock = createManualClock(Date.parse('2026-11-28T10:00:00Z'));
  sent = [];
  const dispatcher = {
    send: (order: HostOrder) => void sent.push(order),
    cancel: () => undefined,
    onState: (listener: StateListener) => {
      tell = listener;
    },
    onSbom: () => undefined,
  };
  const live = { publish: () => undefined };
  scheduler = createRolloutScheduler({ db: database.db, clock, dispatcher, live, log: silentLog });
});
afterEach(async () => {
  await scheduler[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const installed: SensorProgram = { kind: 'installed', build: '0.1.0-old', architecture: 'x64' };
const hosts = async (
  count: number,
  program: SensorProgram | null = installed,
  version = '0.1.0',
): Promise<string[]> => {
  const graph = createGraphFixture(database.db, new Date(clock.now()));
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const id = await graph.host(`host-${String(at).padStart(2, '0')}`);
    await set(id, { version, program: program === null ? null : JSON.stringify(program) });
    ids.push(id);
  }
  return ids;
};
const set = (hostId: string, part: object) =>
  database.db.updateTable('sensors').set(part).where('host_id', '=', hostId).execute();
const request = async (wanted: readonly string[] | 'outdated') =>
  requestUpgrades(
    { db: database.db, archives, release },
    { hosts: wanted, by: 'ada', at: new Date(clock.now()) },
    null,
  );
const turn = async (): Promise<HostOrder[]> => {
  sent.length = 0;
  await scheduler.turn();
  return [...sent];
};
const say = ({ hostId, order }: HostOrder, state: TaskState['state'], part: Partial<TaskState> = {}) =>
  tell({ hostId, taskId: order.taskId, state, ...part });
/** As it is: the new version connects, then the word for it comes. */
const succeed = async (order: HostOrder): Promise<void> => {
  await set(order.hostId, { version: '0.2.0', program: JSON.stringify({ ...installed, build: '0.2.0-new' }) });
  await say(order, 'done');
};
const rollout = async () => (await readRollouts(database.db, { limit: 1 }, null))[0];
const states = async () => (await rollout())?.upgrades.map(({ state }) => state).sort();

test('one host goes first, then five at a time, to the end', async () => {
  await hosts(9);
  await request('outdated');
  const [first, ...others] = await turn();
  expect(others).toEqual([]);
  expect(first?.order).toMatchObject({ kind: 'upgrade', archive: { build: '0.2.0-new' } });
  expect(first?.order).not.toHaveProperty('archive.path');
  expect(await turn()).toEqual([]);
  await succeed(first as HostOrder);
  const five = await turn();
  expect(five).toHaveLength(5);
  await succeed(five[0] as HostOrder);
  const sixth = await turn();
  expect(sixth).toHaveLength(1);
  for (const order of [...five.slice(1), ...sixth]) await succeed(order);
  const last = await turn();
  expect(last).toHaveLength(2);
  for (const order of last) await succeed(order);
  await turn();
  expect(await rollout()).toMatchObject({ state: 'done' });
  expect(new Set(await states())).toEqual(new Set(['done']));
});

test('the first that fails stops the rest, with its reason', async () => {
  await hosts(4);
  await request('outdated');
  const [first] = await turn();
  await say(first as HostOrder, 'running', { step: 'download', progress: 0.5 });
  expect((await rollout())?.upgrades.find(({ state }) => state === 'running')).toMatchObject({ progress: 0.5 });
  await say(first as HostOrder, 'failed', { reason: 'crashed', message: 'It crashed.' });
  expect(await turn()).toEqual([]);
  expect(await rollout()).toMatchObject({ state: 'stopped', message: 'host-00’s upgrade failed.' });
  expect(await states()).toEqual(['cancelled', 'cancelled', 'cancelled', 'failed']);
});

test('what comes twice, late or from another host changes nothing', async () => {
  const [, other = ''] = await hosts(2);
  await request('outdated');
  const [first] = await turn();
  const order = first as HostOrder;
  await tell({ hostId: other, taskId: order.order.taskId, state: 'failed' });
  await tell({ hostId: order.hostId, taskId: randomUUID(), state: 'done' });
  expect(await states()).toEqual(['sent', 'waiting']);
  await succeed(order);
  await say(order, 'failed', { message: 'late' });
  expect((await states())?.[0]).toBe('done');
});

test('done is believed to a sensor that runs the version, and not to one that does not', async () => {
  await hosts(1);
  await request('outdated');
  const [order] = await turn();
  await say(order as HostOrder, 'done');
  expect((await rollout())?.upgrades[0]).toMatchObject({ state: 'failed', reason: 'not-switched' });
});

test('a sensor whose word got lost is known by what it is', async () => {
  await hosts(1);
  await request('outdated');
  const [order] = await turn();
  await set(order?.hostId ?? '', {
    program: JSON.stringify({ ...installed, build: '0.2.0-new' }),
    presence_since: new Date(clock.now()),
  });
  await turn();
  expect(await states()).toEqual(['sent']);
  clock.advance(3 * minute);
  await turn();
  expect(await states()).toEqual(['done']);
});

test('hosts that are away wait for a day and stop nobody; one that falls silent on the way does', async () => {
  const [away = ''] = await hosts(3);
  await set(away, { presence: 'unknown' });
  await request('outdated');
  const [first] = await turn();
  expect(first?.hostId).not.toBe(away);
  await succeed(first as HostOrder);
  const [second] = await turn();
  clock.advance(31 * minute);
  await turn();
  expect(await rollout()).toMatchObject({ state: 'stopped' });
  const end = (await rollout())?.upgrades.find(({ hostId }) => hostId === second?.hostId);
  expect(end).toMatchObject({ state: 'failed', reason: 'deadline' });

  await request([away]);
  clock.advance(25 * 60 * minute);
  await turn();
  expect((await rollout())?.upgrades).toMatchObject([{ state: 'expired' }]);
  await turn();
  expect(await rollout()).toMatchObject({ state: 'done' });
});

test.each<[string, SensorProgram | null, string, RegExp]>([
  ['from before upgrades', null, '0.1.0', /too old to upgrade itself/],
  ['in a container', { kind: 'container', architecture: 'x64' }, '0.1.0', /from the new image/],
  ['started with its console', { kind: 'with-console', architecture: 'x64' }, '0.1.0', /gets its version from there/],
  ['by hand', { kind: 'other', architecture: 'x64' }, '0.1.0', /not installed by the command/],
  ['that cannot write', { ...installed, obstacle: '/opt cannot be written.' }, '0.1.0', /cannot be written/],
  ['newer than the console', installed, '0.3.0', /upgrade the console first/],
  ['of another processor', { ...installed, architecture: 'riscv64' }, '0.1.0', /None for riscv64/],
  ['of this very build', { ...installed, build: '0.2.0-new' }, '0.2.0', /this version already/],
])('a sensor %s is left out, and it is said why', async (_what, program, version, reason) => {
  const [id = ''] = await hosts(1, program, version);
  const { rolloutId, skipped } = await request([id]);
  expect(rolloutId).toBeUndefined();
  expect(skipped).toEqual([{ hostId: id, reason: expect.stringMatching(reason) }]);
  expect(await request('outdated')).toMatchObject({ rolloutId: undefined });
});

test('a host is upgraded once at a time; a rollout can be stopped', async () => {
  const ids = await hosts(3);
  const { rolloutId = '' } = await request(ids);
  expect((await request(ids)).skipped).toHaveLength(3);
  await turn();
  await database.db
    .transaction()
    .execute((trx) => stopRollout(trx, rolloutId, 'Stopped by ada.', new Date(clock.now())));
  expect(await turn()).toEqual([]);
  expect(await states()).toEqual(['cancelled', 'cancelled', 'sent']);
});

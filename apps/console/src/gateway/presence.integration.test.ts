import { randomUUID } from 'node:crypto';
import { createManualClock } from '@parapet/core';
import { expect, test, vi } from 'vitest';
import {
  connectSensor,
  type Enrolled,
  enrolSensor,
  type FakeSensor,
  type helloOf,
  openChannel,
} from '../testing/fake-sensor.ts';
import { containerRecord, hostRecord } from '../testing/records.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

const second = 1000;
const runA = randomUUID();
const runB = randomUUID();

/** A console with a clock that the test moves; heartbeats are due every 10 s. */
const setUp = async (): Promise<
  AsyncDisposable & {
    clock: ReturnType<typeof createManualClock>;
    database: TestDatabase;
    gateway: TestGateway;
    enrolled: Enrolled;
    restart: () => Promise<void>;
  }
> => {
  const clock = createManualClock(Date.now());
  const database = await createTestDatabase();
  let gateway = await startTestGateway(database.db, { clock });
  const enrolled = await enrolSensor(gateway, (await gateway.key()).secret);
  const made = {
    clock,
    database,
    gateway,
    enrolled,
    restart: async () => {
      await gateway.gateway.stop();
      gateway = await startTestGateway(database.db, { clock, authority: gateway.authority });
      made.gateway = { ...gateway, authorityPem: made.gateway.authorityPem };
    },
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
  return made;
};

type Setup = Awaited<ReturnType<typeof setUp>>;

const connect = async (setup: Setup, runId: string, part: Parameters<typeof helloOf>[0] = {}): Promise<FakeSensor> =>
  connectSensor(setup.gateway, setup.enrolled, {
    runId,
    sentAt: setup.clock.now(),
    startedAt: setup.clock.now(),
    ...part,
  });

const snapshot = async (sensor: FakeSensor, epoch: number): Promise<void> => {
  sensor.frame('inventory', epoch, 1, [
    { kind: 'snapshot-begin', bootId: 'boot-1', takenAt: 1 },
    { kind: 'put', record: hostRecord() },
    { kind: 'put', record: containerRecord('docker:a') },
    { kind: 'snapshot-end', records: 2 },
  ]);
  await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.epoch === epoch && flow.acked === 1);
};

const presenceOf = async ({ database, enrolled }: Setup): Promise<string> =>
  (
    await database.db
      .selectFrom('sensors')
      .select('presence')
      .where('host_id', '=', enrolled.answer.hostId)
      .executeTakeFirstOrThrow()
  ).presence;

const statuses = async ({ database }: Setup): Promise<string[]> =>
  (await database.db.selectFrom('assets').select(['kind', 'status']).orderBy('kind').execute()).map(
    (row) => `${row.kind} ${row.status}`,
  );

/** Spans of silence: cause, and seconds since the start of the test. */
const silences = async ({ database }: Setup, t0: number) =>
  (await database.db.selectFrom('blind_intervals').selectAll().orderBy('started_at').execute()).map((row) => ({
    cause: row.cause,
    from: Math.round((row.started_at.getTime() - t0) / second),
    to: row.ended_at === null ? undefined : Math.round((row.ended_at.getTime() - t0) / second),
  }));

const untilPresence = (setup: Setup, presence: string): Promise<void> =>
  vi.waitFor(async () => expect(await presenceOf(setup)).toBe(presence), { timeout: 180_000, interval: 20 });

test('three missed heartbeats make a host unknown, not gone; its return ends the silence', async () => {
  await using setup = await setUp();
  const t0 = setup.clock.now();
  const sensor = await connect(setup, runA);
  await snapshot(sensor, 1);
  expect(await statuses(setup)).toEqual(['container running', 'host running']);
  setup.clock.advance(31 * second);
  await untilPresence(setup, 'unknown');
  expect(await statuses(setup)).toEqual(['container unknown', 'host unknown']);
  expect(await silences(setup, t0)).toMatchObject([{ from: 0, to: undefined }]);
  await sensor.closed;
  setup.clock.advance(29 * second);
  const back = await connect(setup, runA);
  expect(await presenceOf(setup)).toBe('online');
  expect(await statuses(setup)).toEqual(['container running', 'host running']);
  expect(await silences(setup, t0)).toMatchObject([{ from: 0, to: 60 }]);
  back.terminate();
});

test('a dead process, a dead network and a host that was started anew read differently', async () => {
  await using setup = await setUp();
  const t0 = setup.clock.now();
  const killed = await connect(setup, runA);
  killed.terminate();
  await killed.closed;
  // The console hears of the close a moment later, and waits three heartbeats for the sensor to come back.
  await vi.waitFor(
    async () => {
      setup.clock.advance(31 * second);
      expect(await presenceOf(setup)).toBe('unknown');
    },
    { timeout: 180_000, interval: 50 },
  );
  expect((await silences(setup, t0))[0]?.cause).toMatch(/closed from the sensor’s side without a goodbye/);
  const crashed = await connect(setup, runB, {
    previousRun: { runId: runA, end: 'unclean', lastAliveAt: t0, cause: 'crash', detail: 'x is not a function' },
  });
  expect((await silences(setup, t0))[0]?.cause).toBe('The sensor crashed: x is not a function');
  await snapshot(crashed, 1);
  setup.clock.advance(31 * second);
  await untilPresence(setup, 'unknown');
  expect((await silences(setup, t0)).at(-1)?.cause).toMatch(
    /never closed: the network in between, or the host, is down/,
  );
  await crashed.closed;
  const rebooted = await connect(setup, randomUUID(), {
    bootId: 'boot-2',
    previousRun: { runId: runB, end: 'unclean', lastAliveAt: t0 },
  });
  expect((await silences(setup, t0)).at(-1)?.cause).toBe('The host was started anew.');
  rebooted.terminate();
  await rebooted.closed;
  const limited = await connect(setup, randomUUID(), {
    previousRun: { runId: runB, end: 'unclean', lastAliveAt: t0, cause: 'memory-limit', detail: 'It used 290 MiB.' },
  });
  expect((await silences(setup, t0)).at(-1)?.cause).toMatch(
    /reached its limit of memory and was started anew: It used 290/,
  );
  limited.terminate();
});

test('heartbeats keep a host online', async () => {
  await using setup = await setUp();
  const sensor = await connect(setup, runA);
  for (let seq = 2; seq < 8; seq += 1) {
    setup.clock.advance(20 * second);
    sensor.frame('control', 1, seq, [
      {
        kind: 'heartbeat',
        sentAt: setup.clock.now(),
        rssBytes: seq,
        anonymousBytes: 1,
        cpuCores: 0,
        digest: '0'.repeat(16),
        position: { epoch: 0, seq: 0 },
        queued: 0,
        queueAgeMs: 0,
      },
    ]);
    await vi.waitFor(
      async () => {
        const row = await setup.database.db.selectFrom('sensors').select('rss_bytes').executeTakeFirst();
        expect(row?.rss_bytes).toBe(seq);
      },
      { timeout: 180_000, interval: 20 },
    );
  }
  expect(await presenceOf(setup)).toBe('online');
  sensor.terminate();
});

test('a clean stop reads differently from a silence', async () => {
  await using setup = await setUp();
  const t0 = setup.clock.now();
  const sensor = await connect(setup, runA);
  setup.clock.advance(5 * second);
  sensor.frame('control', 1, 2, [helloGoodbye]);
  await untilPresence(setup, 'stopped');
  sensor.terminate();
  setup.clock.advance(60 * second);
  const next = await connect(setup, runB, {
    previousRun: { runId: runA, end: 'clean', lastAliveAt: t0 + 5 * second },
  });
  expect(await silences(setup, t0)).toEqual([{ cause: 'The sensor was stopped.', from: 5, to: 65 }]);
  next.terminate();
});

const helloGoodbye = { kind: 'goodbye', reason: 'stop' } as const;

test('a sensor that was killed leaves one blind span, from its last sign of life to its start', async () => {
  await using setup = await setUp();
  const t0 = setup.clock.now();
  (await connect(setup, runA)).terminate();
  setup.clock.advance(20 * second);
  const next = await connect(setup, runB, {
    previousRun: { runId: runA, end: 'unclean', lastAliveAt: t0 + 10 * second },
  });
  expect(await silences(setup, t0)).toEqual([{ cause: 'The sensor was killed or crashed.', from: 10, to: 20 }]);
  next.terminate();
});

test('the console was down: a sensor of the same run saw everything, one of another run did not', async () => {
  await using setup = await setUp();
  const t0 = setup.clock.now();
  const sensor = await connect(setup, runA);
  await snapshot(sensor, 1);
  await setup.restart();
  setup.clock.advance(25 * second);
  const back = await connect(setup, runA);
  expect(await silences(setup, t0)).toEqual([]);
  back.terminate();
  await setup.restart();
  setup.clock.advance(10 * second);
  const other = await connect(setup, runB);
  expect(await silences(setup, t0)).toEqual([{ cause: 'The sensor was started anew.', from: 25, to: 35 }]);
  other.terminate();
});

test('a host that does not come back after a restart of the console is unknown since it was last seen', async () => {
  await using setup = await setUp();
  const t0 = setup.clock.now();
  (await connect(setup, runA)).terminate();
  await setup.restart();
  setup.clock.advance(20 * second);
  expect(await presenceOf(setup)).toBe('online');
  setup.clock.advance(11 * second);
  await untilPresence(setup, 'unknown');
  expect(await silences(setup, t0)).toEqual([
    { cause: 'The sensor has not come back since the console was started.', from: 0, to: undefined },
  ]);
});

test('a host that another claims to be while it may be about to come back counts as living', async () => {
  await using setup = await setUp();
  const evidence = { hostname: 'x', machineId: randomUUID().replaceAll('-', '') };
  const one = await enrolSensor(setup.gateway, (await setup.gateway.key()).secret, { evidence });
  (await connectSensor(setup.gateway, one)).terminate();
  await setup.restart();
  const other = await enrolSensor(setup.gateway, (await setup.gateway.key()).secret, { evidence });
  expect(other.answer.outcome).toBe('clone');
  await expect(openChannel(setup.gateway, undefined)).rejects.toThrow(/certificate-missing/);
});

import { randomUUID } from 'node:crypto';
import { encodeFrame, type InventoryRecord, type Position, readFrameHeader } from '@parapet/contract/wire';
import { systemClock } from '@parapet/core';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Transact } from '../database/pipeline.ts';
import { silentLog } from '../logging/log.ts';
import { playHost } from '../testing/played-host.ts';
import { hostRecord, processRecord, putLine } from '../testing/records.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createChangeFeed } from './change-feed.ts';
import { createIngest, type Ingest, type InventoryStream } from './ingest.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await sql`alter table processes add constraint no_poison check (name <> 'poison')`.execute(database.db);
});
afterAll(() => database[Symbol.asyncDispose]());

type Sensor = {
  readonly hostId: string;
  readonly stream: InventoryStream;
  readonly stored: () => Position;
  /** Sends the next frame. */
  readonly send: (records: readonly InventoryRecord[]) => void;
};

const streams = 9;
const changes = createChangeFeed({ live: { publish: () => undefined }, onError: () => undefined });
afterAll(() => changes.stop());

/** Sensors whose first snapshot is stored, so that what they send next may be stored together. */
const openSensors = async (ingest: Ingest, names: readonly string[]): Promise<readonly Sensor[]> => {
  const sensors: Sensor[] = [];
  for (const name of names) {
    const host = await playHost(database.db, { name, zone: 'together' });
    sensors.push(openSensor(ingest, host.id));
  }
  await untilStored(sensors, 1);
  return sensors;
};

const openSensor = (ingest: Ingest, hostId: string): Sensor => {
  let stored: Position = { epoch: 0, seq: 0 };
  let seq = 0;
  const stream = ingest.open(
    {
      ...{ hostId, runId: randomUUID(), bootId: 'boot-1', skewMs: () => 0 },
      onStored: (position) => {
        stored = position;
      },
      onResync: (reason) => {
        throw new Error(reason);
      },
      onMalformed: (_code, message) => {
        throw new Error(message);
      },
      ...{ onUnknown: () => undefined, onWindow: () => undefined },
    },
    { epoch: 0, seq: 0, snapshotOpen: false },
  );
  const push = (lines: readonly string[]): void => {
    seq += 1;
    const data = encodeFrame({ channel: 'inventory', epoch: 1, seq, body: Buffer.from(lines.join('\n')) });
    const header = readFrameHeader(data);
    if (!header.ok) throw new Error(header.error.message);
    stream.push(data, header.value);
  };
  push([
    JSON.stringify({ kind: 'snapshot-begin', bootId: 'boot-1', takenAt: 1 }),
    putLine(hostRecord()),
    JSON.stringify({ kind: 'snapshot-end', records: 1 }),
  ]);
  return { hostId, stream, stored: () => stored, send: (records) => push(records.map(putLine)) };
};

const untilStored = (sensors: readonly Sensor[], seq: number): Promise<void> =>
  vi.waitFor(
    () => {
      if (sensors.some((sensor) => sensor.stored().seq < seq)) throw new Error('not yet');
    },
    { timeout: 180_000, interval: 10 },
  );

/** Sends one frame of each at the same moment, and waits until all are acknowledged. */
const sendTogether = async (
  ingest: Ingest,
  sensors: readonly Sensor[],
  recordOf: (sensor: Sensor, at: number) => InventoryRecord,
  seq = 2,
): Promise<void> => {
  ingest.hold(true);
  for (const [at, sensor] of sensors.entries()) sensor.send([recordOf(sensor, at)]);
  ingest.hold(false);
  await untilStored(sensors, seq);
};

const processesOf = async (sensors: readonly Sensor[]): Promise<readonly { host: string; name: string }[]> => {
  const { rows } = await sql<{ host: string; name: string }>`
    select host_id as host, name from processes where host_id = any(${sensors.map(({ hostId }) => hostId)}::uuid[])`.execute(
    database.db,
  );
  return rows.toSorted(
    (a, b) => sensors.findIndex((s) => s.hostId === a.host) - sensors.findIndex((s) => s.hostId === b.host),
  );
};

const names = Array.from({ length: streams }, (_, at) => `h${at}`);
const processOf = (at: number): InventoryRecord => processRecord('10:1', { name: `p${at}` });

/** Ingest over the pipeline, with a word in each of its transactions. */
const createWatched = (around: (transact: Transact) => Transact): Ingest =>
  createIngest({
    ...{ db: database.db, transact: around(database.transact) },
    ...{ clock: systemClock, log: silentLog, changes },
  });

test('frames of several sensors that wait together are stored in fewer transactions, each host’s as its own', async () => {
  let transactions = 0;
  const ingest = createWatched((transact) => (work) => {
    transactions += 1;
    return transact(work);
  });
  const sensors = await openSensors(ingest, names);
  transactions = 0;
  await sendTogether(ingest, sensors, (_, at) => processOf(at));
  expect(transactions).toBeLessThan(streams);
  expect(await processesOf(sensors)).toEqual(sensors.map(({ hostId }, at) => ({ host: hostId, name: `p${at}` })));
  // What each sensor's digest is compared with is its own too.
  const fresh = createWatched((transact) => transact);
  for (const sensor of sensors) {
    const reread = fresh.open(
      {
        ...{ hostId: sensor.hostId, runId: randomUUID(), bootId: 'boot-1', skewMs: () => 0 },
        ...{ onStored: () => undefined, onResync: () => undefined, onMalformed: () => undefined },
        ...{ onUnknown: () => undefined, onWindow: () => undefined },
      },
      { epoch: 1, seq: 2, snapshotOpen: false },
    );
    const told = sensor.stream.digestAt({ epoch: 1, seq: 2 });
    expect(told).toBeDefined();
    await vi.waitFor(() => expect(reread.digestAt({ epoch: 1, seq: 2 })).toBe(told), { timeout: 180_000 });
  }
  await ingest.stop();
  await fresh.stop();
});

test('a frame that the database refuses is the only one that is passed over, and is counted', async () => {
  let transactions = 0;
  const ingest = createWatched((transact) => (work) => {
    transactions += 1;
    return transact(work);
  });
  const sensors = await openSensors(ingest, names);
  const poisoned = sensors[4];
  await sendTogether(ingest, sensors, (sensor, at) =>
    sensor === poisoned ? processRecord('10:1', { name: 'poison' }) : processOf(at),
  );
  const well = sensors.filter((sensor) => sensor !== poisoned);
  expect((await processesOf(sensors)).map(({ host }) => host)).toEqual(well.map(({ hostId }) => hostId));
  const losses = await database.db
    .selectFrom('losses')
    .select(['host_id', 'cause', 'lost'])
    .where(
      'host_id',
      'in',
      sensors.map(({ hostId }) => hostId),
    )
    .execute();
  expect(losses).toEqual([{ host_id: poisoned?.hostId, cause: 'not-storable', lost: 1 }]);
  // It does not spoil the next transaction of the others either.
  transactions = 0;
  await sendTogether(
    ingest,
    sensors,
    (sensor, at) =>
      sensor === poisoned ? processRecord('11:1', { name: 'poison' }) : processRecord('11:1', { name: `q${at}` }),
    3,
  );
  expect(transactions).toBeLessThan(streams);
  expect(await processesOf(well)).toHaveLength(2 * well.length);
  await ingest.stop();
});

test('a transaction of several whose outcome is lost, or that is cut off, leaves nothing lost and nothing twice', async () => {
  const cut: { when: 'never' | 'before' | 'after' } = { when: 'never' };
  const gone = (): Error => Object.assign(new Error('terminating connection'), { code: '57P01' });
  const ingest = createWatched((transact) => async (work) => {
    const { when } = cut;
    cut.when = 'never';
    if (when === 'before') {
      return transact(async (trx) => {
        await work(trx);
        // As an administrator or a crash ends it: in the middle of its transaction.
        await sql`select pg_terminate_backend(pg_backend_pid())`.execute(trx);
        throw gone();
      });
    }
    const result = await transact(work);
    if (when === 'after') throw gone();
    return result;
  });
  const sensors = await openSensors(ingest, names);
  for (const [round, when] of (['before', 'after', 'before'] as const).entries()) {
    cut.when = when;
    await sendTogether(ingest, sensors, (_, at) => processRecord(`${round}:1`, { name: `p${at}` }), 2 + round);
  }
  const rows = await processesOf(sensors);
  expect(rows).toHaveLength(3 * streams);
  expect(
    await database.db
      .selectFrom('losses')
      .select('lost')
      .where(
        'host_id',
        'in',
        sensors.map((s) => s.hostId),
      )
      .execute(),
  ).toEqual([]);
  await ingest.stop();
});

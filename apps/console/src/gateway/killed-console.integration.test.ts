import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { digestText, recordHash } from '@parapet/contract/wire';
import { expect, test } from 'vitest';
import { readHolding } from '../ingest/stored-records.ts';
import { connectSensor, type Enrolled, enrolSensor, type FakeSensor, type Place } from '../testing/fake-sensor.ts';
import { edgeRecord, hostRecord, listenerRecord, processRecord } from '../testing/records.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';

const frames = 120;
const kills = 4;
const perFrame = 25;

/** Frame `seq` of the stream: fresh processes and listeners, some of the former ones ended, edges whose counts go on. */
const recordsOf = (seq: number) => [
  ...Array.from({ length: perFrame }, (_, at) => processRecord(`${seq * 1000 + at}:1`, { containerKey: 'docker:x' })),
  ...(seq > 2 ? [processRecord(`${(seq - 1) * 1000}:1`, { endedAt: 5000, containerKey: 'docker:x' })] : []),
  listenerRecord(seq),
  ...(seq > 2 ? [listenerRecord(seq - 1, { endedAt: 6000 })] : []),
  edgeRecord(`edge-${seq % 7}`, { peer: { kind: 'address', address: `10.0.0.${seq % 7}` }, connections: seq }),
];

const linesOf = (seq: number): object[] =>
  seq === 1
    ? [
        { kind: 'snapshot-begin', bootId: 'boot-1', takenAt: 1 },
        { kind: 'put', record: hostRecord() },
        { kind: 'snapshot-end', records: 1 },
      ]
    : recordsOf(seq).map((record) => ({ kind: 'put', record }));

test('kill -9 in the middle of ingest: nothing acknowledged is lost, nothing is stored twice', async () => {
  await using database = await createTestDatabase();
  const keysDir = await mkdtemp(join(tmpdir(), 'ppt-kill-'));
  let child = await startChild(database, keysDir);
  try {
    const enrolled = await enrolSensor(child.place, child.key);
    const { hostId } = enrolled.answer;
    let done = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const stopAt = Math.floor(((kill + 1) * frames) / (kills + 1));
      const acked = await stream(child.place, enrolled, stopAt, () => child.process.kill('SIGKILL'));
      await child.exited;
      const row = await database.db
        .selectFrom('sensors')
        .select(['stream_epoch', 'stream_seq'])
        .where('host_id', '=', hostId)
        .executeTakeFirstOrThrow();
      expect(row.stream_seq).toBeGreaterThanOrEqual(acked);
      await expectStored(database, hostId, row.stream_seq);
      expect(row.stream_seq).toBeGreaterThan(done);
      done = row.stream_seq;
      child = await startChild(database, keysDir);
    }
    await stream(child.place, enrolled, frames, undefined);
    await expectStored(database, hostId, frames);
  } finally {
    child.process.kill('SIGKILL');
    await child.exited;
    await rm(keysDir, { recursive: true, force: true });
  }
});

/** Streams from where the console stands up to `upTo`, then goes on blindly while `kill` strikes. Returns the last acknowledged frame. */
const stream = async (
  place: Place,
  enrolled: Enrolled,
  upTo: number,
  kill: (() => void) | undefined,
): Promise<number> => {
  const sensor = await connectSensor(place, enrolled);
  const welcome = sensor.messages.find((message) => message.kind === 'welcome');
  let acked = welcome?.kind === 'welcome' ? welcome.inventory.seq : 0;
  let sent = acked;
  const last = kill === undefined ? upTo : frames;
  while (acked < last) {
    const flow = await nextFlow(sensor);
    if (flow === undefined) break;
    acked = Math.max(acked, flow.epoch === 1 ? flow.acked : 0);
    while (sent < last && sent < (flow.epoch === 1 ? flow.limit : 1)) {
      sent += 1;
      sensor.frame('inventory', 1, sent, linesOf(sent));
    }
    if (acked >= upTo) kill?.();
  }
  sensor.terminate();
  return acked;
};

const nextFlow = async (sensor: FakeSensor) => {
  const flow = sensor.expect('flow', (message) => message.channel === 'inventory').catch(() => undefined);
  return Promise.race([flow, sensor.closed.then(() => undefined)]);
};

/** The store holds exactly what frames 1 to `seq` say. */
const expectStored = async (database: TestDatabase, hostId: string, seq: number): Promise<void> => {
  const { db } = database;
  const live = new Map<string, bigint>();
  const connections = new Map<string, number>();
  for (let at = 1; at <= seq; at += 1) {
    for (const record of at === 1 ? [hostRecord()] : recordsOf(at)) {
      const id = `${record.kind} ${record.key}`;
      if (record.endedAt !== undefined) live.delete(id);
      else live.set(id, recordHash(record.kind, record.key, JSON.stringify(record)));
      if (record.kind === 'edge') connections.set(record.key, record.connections);
    }
  }
  const digest = [...live.values()].reduce((sum, hash) => sum ^ hash, 0n);
  expect(digestText((await readHolding(db, hostId)).digest)).toBe(digestText(digest));
  const processes = await db
    .selectFrom('processes')
    .select(['key', 'ended_at'])
    .where('host_id', '=', hostId)
    .execute();
  expect(processes).toHaveLength((seq - 1) * perFrame);
  expect(processes.filter((row) => row.ended_at !== null)).toHaveLength(Math.max(0, seq - 2));
  const listeners = await db
    .selectFrom('listeners')
    .select(['port', 'ended_at'])
    .where('host_id', '=', hostId)
    .execute();
  expect(listeners).toHaveLength(seq - 1);
  expect(listeners.filter((row) => row.ended_at === null)).toHaveLength(Math.min(1, seq - 1));
  const reports = await db
    .selectFrom('edge_reports')
    .select(['key', 'connections'])
    .where('host_id', '=', hostId)
    .execute();
  expect(new Map(reports.map((row) => [row.key, row.connections]))).toEqual(connections);
};

type Child = {
  readonly process: ChildProcess;
  readonly exited: Promise<void>;
  readonly place: Place;
  readonly key: string;
};

const startChild = async (database: TestDatabase, keysDir: string): Promise<Child> => {
  const { address } = database;
  if (address.kind !== 'socket') throw new Error('The test database has a socket.');
  const settings = JSON.stringify({ keysDir, database: { ...address, socketDir: address.socketDir() } });
  const script = fileURLToPath(new URL('../testing/gateway-child.ts', import.meta.url));
  const child = spawn(process.execPath, [script, settings], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', () => reject(new Error('The console did not start.')));
  });
  const started = JSON.parse(line) as { port: number; authorityPem: string; key: string };
  return { process: child, exited, place: started, key: started.key };
};

import { randomUUID } from 'node:crypto';
import { encodeFrame, type Position, readFrameHeader } from '@parapet/contract/wire';
import { systemClock } from '@parapet/core';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { silentLog } from '../logging/log.ts';
import { type PlayedHost, playHost } from '../testing/played-host.ts';
import { edgeRecord, hostRecord, imageRecord, listenerRecord, putLine } from '../testing/records.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createChangeFeed } from './change-feed.ts';
import type { InventoryChange } from './host-context.ts';
import { createIngest, type Ingest, type InventoryStream } from './ingest.ts';
import { ingestLimits } from './ingest-limits.ts';

let database: TestDatabase;
let ingest: Ingest;
const changes: InventoryChange[] = [];
const events: string[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
  const feed = createChangeFeed({
    live: { publish: (event) => void events.push(event.kind) },
    onError: () => undefined,
  });
  feed.onChange((change) => {
    changes.push(change);
  });
  ingest = createIngest({
    ...{ db: database.db, transact: database.transact },
    ...{ clock: systemClock, log: silentLog, changes: feed },
  });
});
afterAll(async () => {
  await ingest.stop();
  await database[Symbol.asyncDispose]();
});

type Stream = {
  readonly stream: InventoryStream;
  readonly stored: () => Position;
  readonly resyncs: readonly string[];
  readonly malformed: readonly string[];
  readonly push: (epoch: number, seq: number, lines: readonly string[]) => void;
};

const openStream = (host: PlayedHost, into = ingest): Stream => {
  let stored: Position = { epoch: 0, seq: 0 };
  const resyncs: string[] = [];
  const malformed: string[] = [];
  const stream = into.open(
    {
      hostId: host.id,
      runId: randomUUID(),
      bootId: 'boot-1',
      skewMs: () => 0,
      onStored: (position) => {
        stored = position;
      },
      onResync: (reason) => void resyncs.push(reason),
      onMalformed: (code) => void malformed.push(code),
      onUnknown: () => undefined,
      onWindow: () => undefined,
    },
    { epoch: 0, seq: 0, snapshotOpen: false },
  );
  return {
    stream,
    stored: () => stored,
    resyncs,
    malformed,
    push: (epoch, seq, lines) => {
      const data = encodeFrame({ channel: 'inventory', epoch, seq, body: Buffer.from(lines.join('\n')) });
      const header = readFrameHeader(data);
      if (!header.ok) throw new Error(header.error.message);
      stream.push(data, header.value);
    },
  };
};

const begin = JSON.stringify({ kind: 'snapshot-begin', bootId: 'boot-1', takenAt: 1 });
const end = (records: number): string => JSON.stringify({ kind: 'snapshot-end', records });
const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error('not yet');
    },
    { timeout: 180_000, interval: 10 },
  );

test('many hosts that speak of each other at once agree on the edges, and nothing is given up', async () => {
  const count = 12;
  const rounds = 6;
  const address = (at: number): string => `10.1.0.${at + 1}`;
  const hosts = await Promise.all(
    Array.from({ length: count }, (_, at) => playHost(database.db, { zone: 'busy', name: `h${at}` })),
  );
  const streams = hosts.map((host) => openStream(host));
  for (const [at, stream] of streams.entries()) {
    const host = hostRecord({ addresses: [{ address: address(at), prefixLength: 24, device: 'eth0' }] });
    stream.push(1, 1, [begin, putLine(host), putLine(imageRecord('sha256:shared')), end(2)]);
    for (let round = 1; round <= rounds; round += 1) {
      const edges = hosts.flatMap((_, other) => {
        if (other === at) return [];
        const part = {
          serverPort: 80,
          peer: { kind: 'address' as const, address: address(other) },
          connections: round,
          executable: '/bin/x',
        };
        return [edgeRecord(`out-${other}`, part), edgeRecord(`in-${other}`, { ...part, direction: 'in' })];
      });
      stream.push(1, 1 + round, edges.map(putLine));
    }
  }
  await until(() => streams.every((stream) => stream.stored().seq === 1 + rounds));
  const { rows } = await sql<{ edges: number; both: number; open: number; spans: number }>`
    select count(*) as edges, count(*) filter (where reported_by_source and reported_by_target) as both,
      count(*) filter (where ended_at is null) as open,
      (select count(*) from edge_intervals i join edges o on o.id = i.edge_id where o.target_asset = any(${hosts.map((h) => h.id)}::uuid[])) as spans
    from edges where source_asset = any(${hosts.map((h) => h.id)}::uuid[])`.execute(database.db);
  const pairs = count * (count - 1);
  expect(rows).toEqual([{ edges: pairs, both: pairs, open: pairs, spans: pairs }]);
  expect(await database.db.selectFrom('losses').select('cause').execute()).toEqual([]);
  const images = await database.db.selectFrom('image_locations').select('host_id').execute();
  expect(images).toHaveLength(count);
  for (const stream of streams) stream.stream.close();
});

test('one host’s flood does not keep another waiting', async () => {
  const [noisy, quiet] = [await playHost(database.db), await playHost(database.db)];
  const [loud, soft] = [openStream(noisy), openStream(quiet)];
  loud.push(1, 1, [begin, putLine(hostRecord()), end(1)]);
  for (let seq = 2; seq <= 200; seq += 1) loud.push(1, seq, [putLine(listenerRecord(seq))]);
  soft.push(1, 1, [begin, putLine(hostRecord()), end(1)]);
  await until(() => soft.stored().seq === 1);
  expect(loud.stored().seq).toBeLessThan(200);
  await until(() => loud.stored().seq === 200);
  loud.stream.close();
  soft.stream.close();
});

test('a frame that cannot be read ends the stream at the frame before it', async () => {
  const one = openStream(await playHost(database.db));
  one.push(1, 1, [begin, putLine(hostRecord()), end(1)]);
  one.push(1, 2, ['not json']);
  one.push(1, 3, [putLine(listenerRecord(3))]);
  await until(() => one.malformed.length > 0);
  expect(one.stored()).toEqual({ epoch: 1, seq: 1 });
  expect(one.malformed).toEqual(['frame-json']);
  one.stream.close();
});

test('an epoch that does not begin with a snapshot asks for one', async () => {
  const one = openStream(await playHost(database.db));
  one.push(1, 1, [putLine(hostRecord())]);
  await until(() => one.resyncs.length === 1);
  one.push(2, 1, [begin, putLine(hostRecord()), end(1)]);
  await until(() => one.stored().epoch === 2);
  one.stream.close();
});

test('what was committed is told to listeners at once and to browsers together', async () => {
  const host = await playHost(database.db);
  const one = openStream(host);
  events.length = 0;
  one.push(1, 1, [begin, putLine(hostRecord()), end(1)]);
  await until(() => changes.some((change) => change.hostId === host.id && change.kinds.includes('host')));
  await until(() => events.includes('map') && events.includes('assets') && events.includes('sensors'));
  one.stream.close();
});

test('the window of each sensor shrinks with their number, so that what waits here is bounded', async () => {
  const host = await playHost(database.db);
  const streams = [openStream(host)];
  expect(streams[0]?.stream.window()).toBe(ingestLimits.windowFrames);
  while (streams.length < 600) streams.push(openStream(host));
  expect(streams[0]?.stream.window()).toBe(Math.floor(ingestLimits.totalFrames / 600));
  for (const one of streams) one.stream.close();
  expect(ingest.figures().queuedFrames).toBe(0);
});

test('a store that is back is noticed when the stream that waited for it is gone, so that the others get credit', async () => {
  let isAway = true;
  const gone = Object.assign(new Error('The database is shutting down.'), { code: '57P01' });
  const away = { execute: () => Promise.reject(gone) };
  const db = new Proxy(database.db, {
    get: (target, name) => {
      if (isAway && name === 'transaction') return () => away;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const feed = createChangeFeed({ live: { publish: () => undefined }, onError: () => undefined });
  const other = createIngest({ db, clock: systemClock, log: silentLog, changes: feed });
  const [waits, comes] = [await playHost(database.db), await playHost(database.db)];
  const first = openStream(waits, other);
  first.push(1, 1, [JSON.stringify({ kind: 'snapshot-begin', bootId: 'boot-1', takenAt: 1 }), putLine(hostRecord())]);
  await vi.waitFor(() => expect(other.figures().storeAwaySinceMs).toBeDefined(), { timeout: 60_000 });
  first.stream.close();
  const second = openStream(comes, other);
  expect(second.stream.window()).toBe(0);
  isAway = false;
  await vi.waitFor(() => expect(second.stream.window()).toBeGreaterThan(0), { timeout: 180_000 });
  await other.stop();
});

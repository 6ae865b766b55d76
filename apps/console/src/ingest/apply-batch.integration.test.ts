import { digestText, recordHash } from '@parapet/contract/wire';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGaps } from '../telemetry/gaps.ts';
import { frameOf, playHost } from '../testing/played-host.ts';
import {
  containerRecord,
  hostRecord,
  imageRecord,
  listenerRecord,
  processRecord,
  putLine,
} from '../testing/records.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { readHolding } from './stored-records.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const t0 = Date.UTC(2026, 5, 1);
const minute = 60_000;
const at = (minutes: number) => ({ nowMs: t0 + minutes * minute });
const key = (n: number): string => `sha256:${String(n).padStart(64, '0')}`;

test('a snapshot stores a host with its image, container, process and listener, joined', async () => {
  const { db } = database;
  const host = await playHost(db, { nowMs: t0 });
  const outcome = await host.snapshot(
    [
      processRecord('10:1', { containerKey: 'docker:a', startedAt: t0 }),
      listenerRecord(80, { containerKey: 'docker:a', processKey: '10:1', startedAt: t0 }),
      containerRecord('docker:a', { imageDigest: key(1), startedAt: t0 }),
      imageRecord(key(1)),
      hostRecord({ hostname: 'renamed' }),
    ],
    at(1),
  );
  expect(outcome.kind).toBe('stored');
  const assets = await db
    .selectFrom('assets as a')
    .leftJoin('assets as i', 'i.id', 'a.image_id')
    .select(['a.kind', 'a.name', 'a.status', 'i.key as image'])
    .where((eb) => eb.or([eb('a.id', '=', host.id), eb('a.host_id', '=', host.id), eb('a.key', '=', key(1))]))
    .orderBy('a.kind')
    .execute();
  expect(assets).toEqual([
    { kind: 'container', name: 'docker:a', status: 'running', image: key(1) },
    { kind: 'host', name: 'renamed', status: 'running', image: null },
    { kind: 'image', name: `${key(1)}:latest`, status: 'present', image: null },
  ]);
  const process = await db
    .selectFrom('processes as p')
    .innerJoin('assets as a', 'a.id', 'p.container_id')
    .select(['a.key', 'p.ended_at'])
    .where('p.host_id', '=', host.id)
    .execute();
  expect(process).toEqual([{ key: 'docker:a', ended_at: null }]);
  const listener = await db
    .selectFrom('listeners')
    .select(['port', 'process_key', 'ended_at'])
    .where('host_id', '=', host.id)
    .execute();
  expect(listener).toEqual([{ port: 80, process_key: '10:1', ended_at: null }]);
});

test('a process that names its container before the container is known is joined later', async () => {
  const { db } = database;
  const host = await playHost(db);
  await host.snapshot([processRecord('10:1', { containerKey: 'docker:late' })]);
  await host.send([containerRecord('docker:late')]);
  const [row] = await db.selectFrom('processes').select('container_id').where('host_id', '=', host.id).execute();
  expect(row?.container_id).not.toBeNull();
});

test('a replayed frame does nothing twice, a gap and an unknown epoch ask for a snapshot', async () => {
  const { db } = database;
  const host = await playHost(db);
  await host.snapshot([hostRecord(), listenerRecord(80)]);
  const ended = listenerRecord(80, { endedAt: 5000 });
  const frame = frameOf(1, 2, [putLine(ended)]);
  expect((await host.sendFrames([frame])).kind).toBe('stored');
  expect((await host.sendFrames([frame])).kind).toBe('stored');
  expect(await db.selectFrom('listeners').selectAll().where('host_id', '=', host.id).execute()).toHaveLength(1);
  expect((await host.sendFrames([frameOf(1, 4, [putLine(ended)])])).kind).toBe('resync');
  expect((await host.sendFrames([frameOf(2, 1, [putLine(ended)])])).kind).toBe('resync');
  expect((await host.sendFrames([frameOf(2, 2, [putLine(ended)])])).kind).toBe('resync');
});

test('what a snapshot does not name is closed, and its end is marked as concluded', async () => {
  const { db } = database;
  const host = await playHost(db, { nowMs: t0 });
  await host.snapshot(
    [
      hostRecord(),
      imageRecord(key(2)),
      containerRecord('docker:gone', { startedAt: t0 }),
      processRecord('1:1', { startedAt: t0 }),
      processRecord('2:1', { startedAt: t0 }),
      listenerRecord(22, { startedAt: t0 }),
    ],
    at(1),
  );
  await host.snapshot([hostRecord(), processRecord('1:1', { startedAt: t0 })], at(10));
  const container = await db
    .selectFrom('assets as a')
    .innerJoin('asset_intervals as i', 'i.asset_id', 'a.id')
    .select(['a.status', 'i.ended_at', 'i.end_inferred'])
    .where('a.host_id', '=', host.id)
    .execute();
  expect(container).toEqual([{ status: 'gone', ended_at: new Date(t0 + 10 * minute), end_inferred: true }]);
  const processes = await db
    .selectFrom('processes')
    .select(['key', 'ended_at', 'end_inferred'])
    .where('host_id', '=', host.id)
    .orderBy('key')
    .execute();
  expect(processes).toEqual([
    { key: '1:1', ended_at: null, end_inferred: false },
    { key: '2:1', ended_at: new Date(t0 + 10 * minute), end_inferred: true },
  ]);
  const image = await db.selectFrom('assets').select('status').where('key', '=', key(2)).executeTakeFirst();
  expect(image?.status).toBe('gone');
  expect(
    await db
      .selectFrom('listeners')
      .select('id')
      .where('host_id', '=', host.id)
      .where('ended_at', 'is', null)
      .execute(),
  ).toEqual([]);
});

test('a time without sight is known to hunts while it lasts, and ends with the next start of a sensor that was killed in it', async () => {
  const { db } = database;
  const host = await playHost(db, { nowMs: t0 });
  const blind = { kind: 'blind', key: 'files|1', collector: 'files', cause: 'not watched yet', startedAt: t0 } as const;
  const gaps = async () => {
    const found = await readGaps(db, { from: t0, to: t0 + 5 * minute }, null, [host.id]);
    return found.filter(({ collector }) => collector === 'files').map(({ from, to }) => [Date.parse(from), to]);
  };
  await host.snapshot([hostRecord(), blind], at(1));
  expect(await gaps()).toEqual([[t0, undefined]]);
  await host.snapshot([hostRecord(), { ...blind, key: 'files|2', startedAt: t0 + 3 * minute }], at(3));
  expect((await gaps()).toSorted()).toEqual([
    [t0, new Date(t0 + 3 * minute).toISOString()],
    [t0 + 3 * minute, undefined],
  ]);
});

test('another boot ends all processes, and the same pid and ticks are another process', async () => {
  const { db } = database;
  const host = await playHost(db);
  await host.snapshot([processRecord('1:1')]);
  await host.snapshot([processRecord('1:1')], { bootId: 'boot-2' });
  const rows = await db
    .selectFrom('processes')
    .select(['boot_id', 'end_inferred'])
    .where('host_id', '=', host.id)
    .orderBy('boot_id')
    .execute();
  expect(rows).toEqual([
    { boot_id: 'boot-1', end_inferred: true },
    { boot_id: 'boot-2', end_inferred: false },
  ]);
});

test('the digest is that of the live records as they were on the line', async () => {
  const { db } = database;
  const host = await playHost(db);
  const stopped = containerRecord('docker:s', { state: 'exited', endedAt: 2000 });
  await host.snapshot([hostRecord(), listenerRecord(80), stopped]);
  await host.send([listenerRecord(80, { endedAt: 3000 })]);
  const future = { kind: 'star-ship', key: 'x', startedAt: 1, warp: 9 };
  await host.sendFrames([frameOf(1, 3, [JSON.stringify({ kind: 'put', record: future })])]);
  const hash = (record: { kind: string; key: string }): bigint =>
    recordHash(record.kind, record.key, JSON.stringify(record));
  const expected = hash(hostRecord()) ^ hash(stopped) ^ hash(future);
  expect(digestText((await readHolding(db, host.id)).digest)).toBe(digestText(expected));
  const losses = await db.selectFrom('losses').select(['cause', 'lost']).where('host_id', '=', host.id).execute();
  expect(losses).toEqual([{ cause: 'unknown-kind', lost: 1 }]);
});

test('a container that lived for a moment is on record with its span, also when told twice', async () => {
  const { db } = database;
  const host = await playHost(db, { nowMs: t0 });
  await host.snapshot([hostRecord()], at(0));
  const short = containerRecord('docker:short', { state: 'exited', startedAt: t0, endedAt: t0 + 200, exitCode: 3 });
  await host.send([short], at(1));
  await host.send([{ ...short, state: 'removed' }], at(2));
  const rows = await db
    .selectFrom('assets as a')
    .innerJoin('asset_intervals as i', 'i.asset_id', 'a.id')
    .select(['a.status', 'i.started_at', 'i.ended_at', 'i.end_inferred'])
    .where('a.host_id', '=', host.id)
    .execute();
  expect(rows).toEqual([
    { status: 'gone', started_at: new Date(t0), ended_at: new Date(t0 + 200), end_inferred: false },
  ]);
});

test('a container that is stopped and started again has two spans', async () => {
  const { db } = database;
  const host = await playHost(db, { nowMs: t0 });
  await host.snapshot([hostRecord(), containerRecord('docker:r', { startedAt: t0 })], at(0));
  await host.send([containerRecord('docker:r', { startedAt: t0, state: 'exited', endedAt: t0 + minute })], at(1));
  await host.send([containerRecord('docker:r', { startedAt: t0 + 3 * minute })], at(3));
  const rows = await db
    .selectFrom('asset_intervals as i')
    .innerJoin('assets as a', 'a.id', 'i.asset_id')
    .select(['i.started_at', 'i.ended_at', 'a.status'])
    .where('a.host_id', '=', host.id)
    .orderBy('i.started_at')
    .execute();
  expect(rows).toEqual([
    { started_at: new Date(t0), ended_at: new Date(t0 + minute), status: 'running' },
    { started_at: new Date(t0 + 3 * minute), ended_at: null, status: 'running' },
  ]);
});

test('times are corrected by the skew and never lie in the future', async () => {
  const { db } = database;
  const host = await playHost(db, { nowMs: t0 });
  const hour = 3_600_000;
  await host.snapshot(
    [
      processRecord('1:1', { startedAt: t0 + hour - minute }),
      processRecord('2:1', { startedAt: 8.64e15 }),
      processRecord('3:1', { startedAt: t0 + hour, endedAt: 0 }),
    ],
    { nowMs: t0, skewMs: hour },
  );
  const rows = await db
    .selectFrom('processes')
    .select(['key', 'started_at', 'ended_at'])
    .where('host_id', '=', host.id)
    .orderBy('key')
    .execute();
  expect(rows).toEqual([
    { key: '1:1', started_at: new Date(t0 - minute), ended_at: null },
    { key: '2:1', started_at: new Date(t0), ended_at: null },
    { key: '3:1', started_at: new Date(t0), ended_at: new Date(t0) },
  ]);
});

test('one host’s word does not change another’s assets: an image is shared, a container is not', async () => {
  const { db } = database;
  const [first, second] = [await playHost(db), await playHost(db)];
  await first.snapshot([imageRecord(key(3), { tags: ['true:1'] }), containerRecord('docker:same')]);
  await second.snapshot([imageRecord(key(3), { tags: ['lie:1'] }), containerRecord('docker:same', { name: 'other' })]);
  const image = await db.selectFrom('assets').select(['id', 'name']).where('key', '=', key(3)).executeTakeFirst();
  expect(image?.name).toBe('true:1');
  const names = await db.selectFrom('assets').select('name').where('key', '=', 'docker:same').orderBy('name').execute();
  expect(names.map((row) => row.name)).toEqual(['docker:same', 'other']);
  await first.snapshot([hostRecord()]);
  const still = await db.selectFrom('assets').select('status').where('key', '=', key(3)).executeTakeFirst();
  expect(still?.status).toBe('present');
});

test('text that the database cannot hold is stored with a replacement', async () => {
  const { db } = database;
  const host = await playHost(db);
  const outcome = await host.snapshot([
    processRecord('1:1', { arguments: ['a\0b', '\ud800'], name: 'n\0' }),
    containerRecord('docker:nul', { labels: { 'k\0': 'v\0' } }),
  ]);
  expect(outcome.kind).toBe('stored');
  const row = await db
    .selectFrom('processes')
    .select(['arguments', 'name'])
    .where('host_id', '=', host.id)
    .executeTakeFirst();
  expect(row).toEqual({ arguments: ['a\u{fffd}b', '\u{fffd}'], name: 'n\u{fffd}' });
});

test('records beyond a host’s limit are refused and counted', async () => {
  const { db } = database;
  const host = await playHost(db);
  await host.snapshot([hostRecord()]);
  const collectors = Array.from({ length: 70 }, (_, index) => ({
    kind: 'collector' as const,
    key: `c${index}`,
    startedAt: 1,
    state: 'running' as const,
    source: 's',
  }));
  await host.send(collectors);
  expect(await db.selectFrom('collectors').select('name').where('host_id', '=', host.id).execute()).toHaveLength(64);
  const losses = await db
    .selectFrom('losses')
    .select(['collector', 'stage', 'cause', 'lost'])
    .where('host_id', '=', host.id)
    .execute();
  expect(losses).toEqual([{ collector: 'console', stage: 'ingest', cause: 'too-many:collector', lost: 6 }]);
});

test('of losses told with the inventory those of events are left to the accounts, and the rest is of a kind', async () => {
  const { db } = database;
  const host = await playHost(db);
  await host.snapshot([hostRecord()]);
  const loss = { kind: 'loss' as const, startedAt: 1, lost: 7 };
  await host.send([
    { ...loss, key: 'a', collector: 'activity', stage: 'kernel', cause: 'ring full' },
    { ...loss, key: 'b', collector: 'activity', stage: 'reader', cause: 'arguments of a start' },
    { ...loss, key: 'c', collector: 'network', stage: 'kernel', cause: 'ring' },
  ]);
  const losses = await db
    .selectFrom('losses')
    .select(['collector', 'kind', 'lost'])
    .where('host_id', '=', host.id)
    .orderBy('collector')
    .execute();
  expect(losses).toEqual([
    { collector: 'activity', kind: 'arguments', lost: 7 },
    { collector: 'network', kind: 'records', lost: 7 },
  ]);
});

test('a malformed record is refused and counted while the rest of its frame is stored', async () => {
  const { db } = database;
  const host = await playHost(db);
  await host.snapshot([hostRecord()]);
  const broken = JSON.stringify({ kind: 'put', record: { ...listenerRecord(1), port: 'x' } });
  const outcome = await host.sendFrames([frameOf(1, 2, [broken, putLine(listenerRecord(2))])]);
  expect(outcome.kind).toBe('stored');
  expect(await db.selectFrom('listeners').select('port').where('host_id', '=', host.id).execute()).toEqual([
    { port: 2 },
  ]);
  const losses = await db.selectFrom('losses').select(['cause', 'lost']).where('host_id', '=', host.id).execute();
  expect(losses).toEqual([{ cause: 'malformed', lost: 1 }]);
});

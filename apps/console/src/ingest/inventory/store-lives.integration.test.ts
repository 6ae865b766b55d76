import type { ContainerRecord } from '@parapet/contract/wire';
import { type Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { migrations } from '../../database/migrations/index.ts';
import { frameOf, type PlayedHost, playHost } from '../../testing/played-host.ts';
import { containerRecord, hostRecord, listenerRecord, processRecord, putLine } from '../../testing/records.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const t0 = Date.UTC(2026, 5, 1);
const hour = 3_600_000;

const livesOf = async (host: PlayedHost) => {
  const rows = await database.db
    .selectFrom('asset_intervals as i')
    .innerJoin('assets as a', 'a.id', 'i.asset_id')
    .select(['i.told_start', 'i.started_at', 'i.ended_at', 'i.end_inferred'])
    .where('a.host_id', '=', host.id)
    .orderBy('i.started_at')
    .orderBy('i.id')
    .execute();
  return rows.map((row) => ({
    told: Number(row.told_start) - t0,
    from: row.started_at.getTime() - t0,
    to: row.ended_at === null ? undefined : row.ended_at.getTime() - t0,
    inferred: row.end_inferred,
  }));
};

const running = (start: number): ContainerRecord => containerRecord('docker:loop', { startedAt: t0 + start });
const exited = (start: number, end: number): ContainerRecord =>
  containerRecord('docker:loop', { startedAt: t0 + start, state: 'exited', endedAt: t0 + end, exitCode: 1 });

const starts = Array.from({ length: 10 }, (_, index) => index * 100);

test('a container that restarts ten times within a second has all its lives, and telling them again adds none', async () => {
  const host = await playHost(database.db, { nowMs: t0 });
  const at = { nowMs: t0 + 5000 };
  await host.snapshot([hostRecord()], at);
  const told = starts.flatMap((start) => [running(start), exited(start, start + 60)]);
  // In one frame, whose records of a container would else replace each other.
  await host.send(told, at);
  const lives = starts.map((start) => ({ told: start, from: start, to: start + 60, inferred: false }));
  expect(await livesOf(host)).toEqual(lives);
  await host.snapshot([hostRecord(), ...told], at);
  for (const record of told) await host.send([record], at);
  await host.snapshot([hostRecord(), exited(900, 960)], { nowMs: t0 + 60_000 });
  expect(await livesOf(host)).toEqual(lives);
});

test('lives whose ends were never told are kept as well', async () => {
  const host = await playHost(database.db, { nowMs: t0 });
  const at = { nowMs: t0 + 5000 };
  await host.snapshot([hostRecord(), ...starts.map(running)], at);
  const lives = await livesOf(host);
  expect(lives.map(({ told }) => told)).toEqual(starts);
  expect(lives.map(({ to, inferred }) => [to, inferred])).toEqual([
    ...starts.slice(1).map((next) => [next, true]),
    [undefined, false],
  ]);
});

test('the end of an earlier life that is told again does not end the one that lasts', async () => {
  const host = await playHost(database.db, { nowMs: t0 });
  const at = { nowMs: t0 + 5000 };
  await host.snapshot([hostRecord(), exited(0, 60), running(100)], at);
  await host.snapshot([hostRecord(), exited(0, 60), running(100)], at);
  expect(await livesOf(host)).toEqual([
    { told: 0, from: 0, to: 60, inferred: false },
    { told: 100, from: 100, to: undefined, inferred: false },
  ]);
});

test('a clock that is set does not make another life, and what follows does not overlap', async () => {
  const host = await playHost(database.db, { nowMs: t0 });
  await host.snapshot([hostRecord(), running(0)], { nowMs: t0 + 1000 });
  // The clock of the host turns out to be an hour fast, then an hour slow.
  await host.snapshot([hostRecord(), { ...running(0), name: 'renamed' }], { nowMs: t0 + 2000, skewMs: hour });
  await host.send([exited(0, hour + 3000)], { nowMs: t0 + 3000, skewMs: hour });
  await host.send([running(4000 - hour)], { nowMs: t0 + 4000, skewMs: -hour });
  await host.snapshot([hostRecord(), { ...running(4000 - hour), name: 'again' }], { nowMs: t0 + 5000 });
  expect(await livesOf(host)).toEqual([
    { told: 0, from: 0, to: 3000, inferred: false },
    { told: 4000 - hour, from: 4000, to: undefined, inferred: false },
  ]);
});

test('a container that a snapshot missed goes on when it is named again', async () => {
  const host = await playHost(database.db, { nowMs: t0 });
  await host.snapshot([hostRecord(), running(0)], { nowMs: t0 + 1000 });
  await host.snapshot([hostRecord()], { nowMs: t0 + 2000 });
  expect(await livesOf(host)).toMatchObject([{ to: 2000, inferred: true }]);
  await host.snapshot([hostRecord(), running(0)], { nowMs: t0 + 3000 });
  expect(await livesOf(host)).toEqual([{ told: 0, from: 0, to: undefined, inferred: false }]);
});

test('lives stored before their starts were go on as the same ones after the upgrade', async () => {
  const { db } = database;
  const host = await playHost(db, { nowMs: t0 });
  await host.snapshot([hostRecord(), exited(-hour, -hour + 500), running(0)], { nowMs: t0 + 1000 });
  await db.transaction().execute(async (trx) => {
    await sql`alter table asset_intervals drop column told_start, drop column start_inferred`.execute(trx);
    await sql`alter table listeners drop column told_start`.execute(trx);
    await sql`drop index listeners_by_key`.execute(trx);
    const [, migration] = migrations.find(([name]) => name === '0016-told-starts') ?? expect.fail();
    await migration.up(trx as unknown as Kysely<unknown>);
  });
  await host.snapshot([hostRecord(), running(0)], { nowMs: t0 + 2000 });
  await host.send([exited(0, 3000)], { nowMs: t0 + 4000 });
  expect(await livesOf(host)).toMatchObject([
    { from: -hour, to: -hour + 500 },
    { told: 0, from: 0, to: 3000 },
  ]);
});

test('a port that is opened and closed again within a second was open each time', async () => {
  const host = await playHost(database.db, { nowMs: t0 });
  const at = { nowMs: t0 + 5000 };
  await host.snapshot([hostRecord()], at);
  const opened = starts.map((start) => listenerRecord(80, { startedAt: t0 + start, endedAt: t0 + start + 50 }));
  await host.send(opened, at);
  await host.send([listenerRecord(80, { startedAt: t0 + 2000 })], at);
  await host.sendFrames([frameOf(1, 4, opened.map(putLine))], at);
  const rows = await database.db
    .selectFrom('listeners')
    .select(['started_at', 'ended_at'])
    .where('host_id', '=', host.id)
    .orderBy('started_at')
    .execute();
  expect(rows.map((row) => [row.started_at.getTime() - t0, row.ended_at && row.ended_at.getTime() - t0])).toEqual([
    ...starts.map((start) => [start, start + 50]),
    [2000, null],
  ]);
});

test('an open port with another start was opened again when the process that had it is gone', async () => {
  const host = await playHost(database.db, { nowMs: t0 });
  const at = { nowMs: t0 + 5000 };
  const open = (start: number, processKey: string) => listenerRecord(81, { startedAt: t0 + start, processKey });
  const [master, worker] = [processRecord('10:1', { startedAt: t0 }), processRecord('20:2', { startedAt: t0 })];
  await host.snapshot([hostRecord(), master, open(0, '10:1')], at);
  await host.snapshot([hostRecord(), master, open(500, '10:1')], at);
  await host.snapshot([hostRecord(), master, worker, open(1000, '20:2')], at);
  await host.snapshot([hostRecord(), master, worker, open(1500, '10:1')], at);
  await host.snapshot([hostRecord(), worker, open(2000, '20:2')], at);
  const rows = await database.db
    .selectFrom('listeners')
    .select(['process_key', 'ended_at'])
    .where('host_id', '=', host.id)
    .orderBy('started_at')
    .execute();
  expect(rows).toEqual([
    { process_key: '10:1', ended_at: new Date(t0 + 2000) },
    { process_key: '20:2', ended_at: null },
  ]);
});

import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createGraphFixture } from '../graph/testing/graph-fixture.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { readGaps } from './gaps.ts';
import { forgetGone } from './gone.ts';
import { type DiskPressure, type EventLimits, letGo } from './let-go.ts';
import { measureEvents, previewEvents } from './retention.ts';

const now = new Date('2026-11-20T12:00:00Z');
const dayMs = 86_400_000;
const hostId = '00000000-0000-4000-8000-0000000000aa';
const plenty: EventLimits = { days: 30, bytes: 1e12 };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await createGraphFixture(database.db, new Date(0)).host('web-01');
});
afterAll(() => database[Symbol.asyncDispose]());

/** Two files of each of the last 10 days, of 1,000 events and 30,000 bytes each. */
beforeEach(async () => {
  const { db } = database;
  await sql`truncate telemetry_files, telemetry_gone, telemetry_accounts`.execute(db);
  for (let half = 1; half <= 20; half += 1) {
    const last = (now.getTime() - (half - 1) * (dayMs / 2)) * 1000 - 1;
    await db
      .insertInto('telemetry_files')
      .values({
        ...{ path: `${half}.parquet`, rows: 1000, bytes: 30_000, hosts: [hostId], stored_at: now, retired_at: null },
        ...{ first_at: last - (dayMs / 2) * 1000 + 1, last_at: last },
      })
      .execute();
  }
});

const kept = async (): Promise<number> =>
  (await database.db.selectFrom('telemetry_files').select('path').where('retired_at', 'is', null).execute()).length;
const gaps = (days: number, scope: Parameters<typeof readGaps>[2] = null) =>
  readGaps(database.db, { from: now.getTime() - days * dayMs, to: now.getTime() }, scope);
const gone = (limits: EventLimits, pressure?: DiskPressure) => letGo(database.db, limits, pressure, now);

test('what was told before is what goes by age, and a hunt that reaches back says so', async () => {
  const limits = { ...plenty, days: 7 };
  expect(await previewEvents(database.db, limits, now)).toEqual({
    ...{ rows: 6000, bytes: 180_000, days: 3, until: new Date(now.getTime() - 7 * dayMs).toISOString() },
  });
  expect(await gone(limits)).toEqual([{ cause: 'age', files: 6, rows: 6000, bytes: 180_000 }]);
  expect(await kept()).toBe(14);
  expect(await previewEvents(database.db, limits, now)).toBeUndefined();
  expect(await gone(limits)).toEqual([]);
  expect(await gaps(10)).toEqual([
    {
      collector: 'store',
      from: new Date(now.getTime() - 10 * dayMs).toISOString(),
      to: new Date(now.getTime() - 7 * dayMs).toISOString(),
      deleted: 6000,
      cause: expect.stringContaining('older than the days'),
    },
  ]);
  expect(await gaps(6.9)).toEqual([]);
});

test('who sees only some hosts is told that something is gone, not how much', async () => {
  await gone({ ...plenty, days: 7 });
  const [gap] = await gaps(10, { team: ['a'] });
  expect(gap).toMatchObject({ collector: 'store', cause: expect.stringContaining('retention') });
  expect(gap).not.toHaveProperty('deleted');
});

test('the oldest go when there are too many bytes', async () => {
  const limits = { ...plenty, bytes: 130_000 };
  expect(await previewEvents(database.db, limits, now)).toMatchObject({ rows: 16_000, bytes: 480_000 });
  expect(await gone(limits)).toMatchObject([{ cause: 'size', files: 16 }]);
  expect(await kept()).toBe(4);
});

test('a full disk takes what it lacks, once, and never what is young', async () => {
  const pressure = { bytes: 100_000, keepMs: dayMs };
  expect(await gone(plenty, pressure)).toMatchObject([{ cause: 'disk', files: 4, bytes: 120_000 }]);
  // What waits to be deleted is room that comes.
  expect(await gone(plenty, pressure)).toEqual([]);
  expect(await gone(plenty, { ...pressure, bytes: 1e12 })).toMatchObject([{ cause: 'disk', files: 14 }]);
  expect(await kept()).toBe(2);
  expect(await gaps(10)).toMatchObject([{ deleted: 18_000, cause: expect.stringContaining('make room') }]);
});

test('spans of several causes are told apart, and files that vanished are told too', async () => {
  await forgetGone(database.db, sql`path in ('5.parquet', '6.parquet')`, 'missing');
  await forgetGone(database.db, sql`path in ('13.parquet')`, 'missing');
  await gone({ ...plenty, days: 9 });
  expect((await gaps(10)).map(({ cause, deleted }) => [cause.slice(0, 11), deleted])).toEqual([
    ['their files', 2000],
    ['their files', 1000],
    ['deleted by ', 2000],
  ]);
});

test('what went on very many days that do not follow each other is told in few spans, all of it', async () => {
  await sql`
insert into telemetry_gone (cause, day, first_at, last_at, rows, bytes)
select 'disk', current_date - n, at, at + 1000, 10, 100
from (select n, ${now.getTime()}::bigint * 1000 - n * ${2 * dayMs}::bigint * 1000 as at from generate_series(1, 300) n) days`.execute(
    database.db,
  );
  const told = await gaps(1000);
  expect(told.length).toBe(40);
  expect(told.reduce((sum, { deleted }) => sum + (deleted ?? 0), 0)).toBe(3000);
  expect(Date.parse(told.at(-1)?.from ?? '')).toBe(now.getTime() - 600 * dayMs);
});

test('costs are those of the last days', async () => {
  expect(await measureEvents(database.db, now)).toEqual({
    ...{ rows: 20_000, bytes: 600_000, rowsPerDay: 2000, bytesPerDay: 60_000 },
    oldest: new Date(now.getTime() - 10 * dayMs).toISOString(),
  });
  await sql`truncate telemetry_files`.execute(database.db);
  expect(await measureEvents(database.db, now)).toMatchObject({ rows: 0, bytesPerDay: 0 });
});

test('of starts that are over nothing stays, and what accounts take is counted and told before it goes', async () => {
  const account = (since: number, day: number) => ({
    ...{ host_id: hostId, collector: 'activity', since: now.getTime() - since * dayMs, losses: '[]' },
    ...{ until: now.getTime() - day * dayMs, produced: 0, told: 0, unwanted: 0, lost: 0, lost_before: 0 },
    ...{ received_at: new Date(now.getTime() - day * dayMs), began: now.getTime() - since * dayMs },
  });
  await database.db
    .insertInto('telemetry_accounts')
    .values([account(11, 10), account(9, 8), account(8, 4), account(8, 6)])
    .execute();
  const rowBytes = 250;
  expect((await measureEvents(database.db, now)).bytes).toBe(600_000 + 4 * rowBytes);
  expect(await previewEvents(database.db, { ...plenty, days: 5 }, now)).toMatchObject({
    bytes: 300_000 + 3 * rowBytes,
  });
  await gone({ ...plenty, days: 5 });
  const left = await database.db.selectFrom('telemetry_accounts').select('until').orderBy('until').execute();
  expect(left.map(({ until }) => (now.getTime() - Number(until)) / dayMs)).toEqual([6, 4]);
});

test('accounts go with their events, the last before the kept span stays: sums need a predecessor', async () => {
  for (let day = 1; day <= 10; day += 1) {
    await database.db
      .insertInto('telemetry_accounts')
      .values({
        ...{ host_id: hostId, collector: 'activity', since: now.getTime() - 11 * dayMs, losses: '[]' },
        ...{ until: now.getTime() - day * dayMs, produced: 0, told: 0, unwanted: 0, lost: 10 - day, received_at: now },
        ...{ began: now.getTime() - (day + 1) * dayMs, lost_before: Math.max(0, 9 - day) },
      })
      .execute();
  }
  await gone({ ...plenty, days: 5 });
  const left = await database.db.selectFrom('telemetry_accounts').select('until').orderBy('until').execute();
  expect(left.map(({ until }) => (now.getTime() - Number(until)) / dayMs)).toEqual([6, 5, 4, 3, 2, 1]);
});

import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createGraphFixture } from '../graph/testing/graph-fixture.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { storeAccounts } from './account-store.ts';
import { readAccounts } from './accounts.ts';
import { readGaps } from './gaps.ts';
import { thinAccounts } from './thin-accounts.ts';

const start = Date.UTC(2026, 10, 20, 12);
const minute = 60_000;
const now = new Date(start + 30 * 60 * minute);

let database: TestDatabase;
let hostId: string;
let otherId: string;
beforeAll(async () => {
  database = await createTestDatabase();
  const graph = createGraphFixture(database.db, new Date(0));
  hostId = await graph.host('web-01');
  otherId = await graph.host('web-02');
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await sql`truncate telemetry_accounts, telemetry_watched, telemetry_late, blind_intervals`.execute(database.db);
  await sql`update telemetry_thinned set until = 0`.execute(database.db);
});

/** One a minute for some hours: ten events each, three of them lost in minute 100 and two in minute 101. */
const fill = (hours: number, collector = 'activity', host = hostId, at = now): Promise<void> =>
  database.db.transaction().execute((tx) =>
    storeAccounts(
      tx,
      Array.from({ length: hours * 60 }, (_, index) => {
        const lost = index < 99 ? 0 : index < 100 ? 3 : 5;
        const produced = (index + 1) * 10;
        return {
          hostId: host,
          account: {
            ...{ kind: 'account', collector, since: start, to: start + (index + 1) * minute - 1, produced },
            ...{ told: produced - lost, unwanted: 0 },
            lost: lost === 0 ? [] : [{ stage: 'kernel', cause: 'ring full', count: lost }],
          },
        };
      }),
      at,
    ),
  );
const all = { budgetMs: Number.POSITIVE_INFINITY, sliceRows: 5000 };
/** One step of each kind of work. */
const none = { budgetMs: 0, sliceRows: 5000 };
const later = (minutes: number): Date => new Date(now.getTime() + minutes * minute);
const minutes = async (host?: string): Promise<number[]> => {
  const rows = await database.db
    .selectFrom('telemetry_accounts')
    .select('until')
    .$if(host !== undefined, (query) => query.where('host_id', '=', host ?? ''))
    .orderBy('until')
    .execute();
  return rows.map(({ until }) => (Number(until) + 1 - start) / minute);
};
/** A clock that goes by minutes, five days ago. */
const tellOld = (host: string, index: number): Promise<void> =>
  database.db.transaction().execute((tx) => {
    const since = start - 5 * 24 * 60 * minute;
    const counts = { produced: index + 1, told: index + 1, unwanted: 0, lost: [] };
    const to = since + (index + 1) * minute - 1;
    return storeAccounts(
      tx,
      [{ hostId: host, account: { kind: 'account', collector: 'activity', since, to, ...counts } }],
      later(index),
    );
  });
const sums = (from: number, to: number) =>
  readAccounts(database.db, hostId, { from: start + from * minute, to: start + to * minute }, 60);

test('of accounts of more than a day one a quarter of an hour stays, and those that tell of a loss', async () => {
  await fill(8);
  const before = [await sums(0, 480), await sums(45, 120), await sums(400, 451)];
  const lost = await readGaps(database.db, { from: start, to: now.getTime() }, null);
  expect(await thinAccounts(database.db, now, all)).toBe(360 - 24 - 2);
  const left = await minutes();
  expect(left.slice(0, 8)).toEqual([15, 30, 45, 60, 75, 90, 100, 101]);
  expect(left.filter((each) => each <= 360)).toHaveLength(26);
  expect(left.filter((each) => each > 360)).toHaveLength(120);
  const after = [await sums(0, 480), await sums(45, 120), await sums(400, 451)];
  expect(after.map(({ collectors }) => collectors)).toEqual(before.map(({ collectors }) => collectors));
  expect(after[2]).toEqual(before[2]);
  expect(await readGaps(database.db, { from: start, to: now.getTime() }, null)).toEqual(lost);
  expect(lost).toMatchObject([{ lost: 5, cause: 'kernel: ring full' }]);
  expect(await thinAccounts(database.db, now, all)).toBe(0);
});

test('a quarter in which the collector was blind stays as it is', async () => {
  await fill(2, 'files');
  const graph = createGraphFixture(database.db, new Date(start));
  await graph.blind(hostId, { from: new Date(start + 20 * minute), to: new Date(start + 25 * minute) }, 'files');
  await graph.blind(hostId, { from: new Date(start + 50 * minute), to: new Date(start + 55 * minute) }, 'logins');
  await thinAccounts(database.db, now, all);
  expect((await minutes()).filter((each) => each <= 75)).toEqual([
    ...[15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 45, 60, 75],
  ]);
});

test('a sensor that was away for days tells late, which is thinned too, and a start that goes on keeps its sums', async () => {
  await fill(1);
  await thinAccounts(database.db, now, all);
  await fill(2, 'files');
  await thinAccounts(database.db, later(14), all);
  expect(await minutes()).toHaveLength(4 + 120);
  await thinAccounts(database.db, later(15), all);
  expect(await minutes()).toEqual([15, 15, 30, 30, 45, 45, 60, 60, 75, 90, 100, 101, 105, 120]);
  await fill(3);
  expect((await sums(60, 180)).collectors).toMatchObject([
    { collector: 'activity', produced: 1200, lost: 5 },
    { collector: 'files', produced: 600, lost: 5 },
  ]);
});

test('a host that tells old times again and again is thinned for itself, and all others are thinned all the same', async () => {
  await fill(8);
  await thinAccounts(database.db, new Date(start), all);
  for (let turn = 0; turn < 40; turn += 1) {
    await tellOld(hostId, turn);
    await thinAccounts(database.db, later(turn), none);
  }
  expect((await minutes(hostId)).filter((each) => each > 0 && each <= 360)).toHaveLength(26);
  // What came in the last quarter of an hour waits.
  expect((await minutes(hostId)).filter((each) => each <= 0).length).toBeLessThanOrEqual(3 + 15);
  await thinAccounts(database.db, later(60), none);
  expect((await minutes(hostId)).filter((each) => each <= 0)).toHaveLength(3);
  expect(await database.db.selectFrom('telemetry_late').selectAll().execute()).toEqual([]);
});

test('of hosts that told late each has its turn, whoever has the most to thin', async () => {
  await thinAccounts(database.db, later(20), all);
  await fill(8);
  await fill(1, 'activity', otherId, later(1));
  const removed: number[] = [];
  for (const at of [17, 18, 19, 20])
    removed.push(await thinAccounts(database.db, later(at), { budgetMs: 0, sliceRows: 50 }));
  expect(removed).toEqual([50, 50, 50, 6]);
  expect(await minutes(otherId)).toEqual([15, 30, 45, 60]);
  await thinAccounts(database.db, later(20), all);
  expect((await minutes(hostId)).filter((each) => each <= 375)).toHaveLength(27);
});

test('after the clock of the console was ahead nothing of the last day is thinned, and what is older is', async () => {
  await database.db.updateTable('telemetry_thinned').set({ until: now.getTime() }).execute();
  await fill(8);
  await thinAccounts(database.db, later(15), all);
  expect((await minutes()).filter((each) => each > 375)).toHaveLength(105);
  expect((await minutes()).filter((each) => each <= 375)).toHaveLength(27);
  await thinAccounts(database.db, later(45), all);
  expect((await minutes()).filter((each) => each <= 405)).toHaveLength(29);
});

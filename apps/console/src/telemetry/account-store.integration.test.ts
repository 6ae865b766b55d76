import type { TelemetryAccount } from '@parapet/contract/telemetry';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { storeAccounts } from './account-store.ts';
import { readAccounts } from './accounts.ts';
import { readGaps } from './gaps.ts';

const start = Date.UTC(2026, 10, 20, 12);
const hostId = '00000000-0000-4000-8000-0000000000aa';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await sql`truncate telemetry_accounts, telemetry_watched, losses, assets cascade`.execute(database.db);
  await addHosts(1);
});

const addHosts = (count: number): Promise<unknown> =>
  sql`
insert into assets (id, kind, key, name, status, first_seen_at, last_seen_at)
select ('00000000-0000-4000-8000-' || lpad(to_hex(169 + n), 12, '0'))::uuid, 'host', 'host:' || n, 'web-' || n, 'running', to_timestamp(0), now()
from generate_series(1, ${count}::int) n`.execute(database.db);

/** `produced` events until some seconds after the start, of which `ring` were lost in the kernel and `queue` in the sensor. */
const sums = (second: number, produced: number, ring = 0, queue = 0): TelemetryAccount => ({
  ...{ kind: 'account', collector: 'activity', since: start, to: start + second * 1000, produced, unwanted: 0 },
  told: produced - ring - queue,
  lost: [
    ...(ring === 0 ? [] : [{ stage: 'kernel' as const, cause: 'ring full', count: ring }]),
    ...(queue === 0 ? [] : [{ stage: 'queue' as const, cause: 'too large', count: queue }]),
  ],
});

const tell = (...accounts: readonly TelemetryAccount[]): Promise<void> =>
  database.db.transaction().execute((tx) =>
    storeAccounts(
      tx,
      accounts.map((account) => ({ hostId, account })),
      new Date(start),
    ),
  );

const stored = async () =>
  (await database.db.selectFrom('telemetry_accounts').selectAll().orderBy('until').execute()).map((row) => [
    (Number(row.began) - start) / 1000,
    (Number(row.until) - start) / 1000,
    Number(row.produced),
    Number(row.lost_before),
    Number(row.lost),
  ]);

const lossesWithin = (from: number, to: number) =>
  readGaps(database.db, { from: start + from * 1000, to: start + to * 1000 }, null).then((gaps) =>
    gaps.filter(({ unwatched }) => unwatched !== true),
  );

test('one account a minute stays, told one by one or all at once, and tells since when', async () => {
  const accounts = Array.from({ length: 36 }, (_, index) =>
    sums((index + 1) * 5, (index + 1) * 10, index < 20 ? 0 : 3),
  );
  const expected = [
    [0, 55, 110, 0, 0],
    [55, 115, 230, 0, 3],
    [115, 175, 350, 3, 3],
    [175, 180, 360, 3, 3],
  ];
  for (const account of accounts) await tell(account);
  expect(await stored()).toEqual(expected);
  await sql`truncate telemetry_accounts`.execute(database.db);
  await tell(...accounts);
  expect(await stored()).toEqual(expected);
  await tell(...accounts.slice(10, 20));
  expect(await stored()).toEqual(expected);
  const { collectors } = await readAccounts(database.db, hostId, { from: start, to: start + 200_000 }, 10);
  expect(collectors).toEqual([
    {
      ...{ collector: 'activity', produced: 360, told: 357, unwanted: 0, lost: 3 },
      losses: [{ stage: 'kernel', cause: 'ring full', count: 3 }],
    },
  ]);
});

test('a span lacks what was lost in the minutes that it touches, and nothing else', async () => {
  await tell(sums(50, 100), sums(70, 200, 5), sums(130, 300, 5), sums(200, 400, 5, 2));
  expect(await lossesWithin(0, 49)).toEqual([]);
  expect(await lossesWithin(60, 100)).toMatchObject([{ lost: 5, cause: 'kernel: ring full' }]);
  expect(await lossesWithin(131, 1000)).toMatchObject([
    { lost: 2, cause: 'queue: too large', from: new Date(start + 130_000).toISOString() },
  ]);
  expect((await lossesWithin(0, 1000)).reduce((sum, gap) => sum + (gap.lost ?? 0), 0)).toBe(7);
  const counted = await database.db.selectFrom('losses').select(['stage', 'lost']).orderBy('stage').execute();
  expect(counted.map(({ stage, lost }) => [stage, Number(lost)])).toEqual([
    ['kernel', 5],
    ['queue', 2],
  ]);
});

test('a clock that is set back takes nothing of what is told after it, and doubles nothing', async () => {
  await tell(sums(3600, 100, 1));
  await tell(sums(3600, 150, 1), sums(3600, 160, 6));
  await tell(sums(3600, 160, 6));
  await tell({ ...sums(10, 170, 9), to: start + 10_000 });
  expect(await stored()).toEqual([[0, 3600, 170, 0, 9]]);
  expect(await lossesWithin(0, 100)).toMatchObject([{ lost: 9 }]);
  await tell(sums(3650, 200, 9));
  expect(await stored()).toEqual([[0, 3650, 200, 0, 9]]);
  await tell(sums(3700, 200, 10), sums(3690, 200, 10));
  expect(await stored()).toEqual([
    [0, 3650, 200, 0, 9],
    [3650, 3700, 200, 9, 10],
  ]);
  const { collectors } = await readAccounts(database.db, hostId, { from: start, to: start + 4_000_000 }, 10);
  expect(collectors).toMatchObject([{ produced: 200, lost: 10, losses: [{ count: 10 }] }]);
});

test('a start that lies in the future begins with its first account', async () => {
  await tell({ ...sums(50, 10, 2), since: start + 1_000_000_000 });
  expect(await stored()).toEqual([[50, 50, 10, 0, 2]]);
  expect(await lossesWithin(0, 100)).toMatchObject([{ lost: 2 }]);
  const watched = await database.db.selectFrom('telemetry_watched').select('since').execute();
  expect(watched.map(({ since }) => Number(since) - start)).toEqual([50_000]);
});

test('more losses than are listed are all counted, and so are their hosts', async () => {
  await sql`delete from assets`.execute(database.db);
  await addHosts(300);
  await sql`
insert into telemetry_accounts
  (host_id, collector, since, until, produced, told, unwanted, lost, losses, received_at, began, lost_before)
select id, 'activity', ${start}, ${start}::bigint + minute * 120000, 0, 0, 0, minute, '[]', now(),
  ${start}::bigint + minute * 120000 - 60000, minute - 1
from assets, generate_series(1, 10) minute`.execute(database.db);
  const gaps = await lossesWithin(0, 3600);
  expect(gaps.length).toBe(200);
  expect(gaps.reduce((sum, { lost }) => sum + (lost ?? 0), 0)).toBe(3000);
  expect(gaps.at(-1)).toMatchObject({ hosts: 101, lost: 1010 });
  await sql`
insert into blind_intervals (host_id, collector, key, cause, started_at, ended_at)
select id, 'files', minute::text, 'no permission', ${new Date(start)}::timestamptz + minute * interval '1 minute',
  ${new Date(start)}::timestamptz + minute * interval '1 minute 1 second'
from assets, generate_series(1, 10) minute`.execute(database.db);
  const blind = (await lossesWithin(0, 3600)).filter(({ lost }) => lost === undefined);
  expect(blind.length).toBe(150);
  expect(blind[0]).toMatchObject({ cause: '10 times: a shorter span tells each' });
  expect(blind.at(-1)).toMatchObject({ hosts: 151 });
});

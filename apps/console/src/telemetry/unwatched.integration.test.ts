import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createGraphFixture } from '../graph/testing/graph-fixture.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { storeAccounts } from './account-store.ts';
import { markOfGaps, readGaps, readUnseen } from './gaps.ts';

const start = Date.UTC(2026, 10, 20, 12);
const minute = 60_000;
const at = (minutes: number): string => new Date(start + minutes * minute).toISOString();
const day = 24 * 60;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(async () => {
  await sql`truncate telemetry_accounts, telemetry_watched, telemetry_files, telemetry_gone, losses, assets cascade`.execute(
    database.db,
  );
});

/** A host that was first seen at a minute. */
const host = (name: string, minutes: number, labels: Readonly<Record<string, string>> = {}): Promise<string> =>
  createGraphFixture(database.db, new Date(start + minutes * minute)).host(name, { labels });
const says = (id: string, record: object): Promise<unknown> =>
  sql`update assets set record = ${JSON.stringify(record)}::jsonb where id = ${id}`.execute(database.db);
const accounts = (hostId: string, collectors: Readonly<Record<string, number>>): Promise<void> =>
  database.db.transaction().execute((tx) =>
    storeAccounts(
      tx,
      Object.entries(collectors).map(([collector, since]) => ({
        hostId,
        account: {
          ...{ kind: 'account', collector, since: start + since * minute, produced: 1, told: 1, lost: [], unwanted: 0 },
          to: start + Math.max(since, 0) * minute + 5000,
        },
      })),
      new Date(start),
    ),
  );
const gaps = (from: number, to: number, scope: Parameters<typeof readGaps>[2] = null) =>
  readGaps(database.db, { from: start + from * minute, to: start + to * minute }, scope);

test('what was before a host was first seen is told as watched by nobody, and nothing is after it', async () => {
  const id = await host('web-01', 3);
  await accounts(id, { activity: 3, files: 3.2, logins: 3.5, accounts: 3.6 });
  const before = {
    ...({ hostId: id, hostName: 'web-01', collector: 'sensor', from: at(-60), to: at(3.6), unwatched: true } as const),
    cause: 'the sensor was installed then',
  };
  expect(await gaps(-60, 60)).toEqual([before]);
  expect(await gaps(-60, -30)).toEqual([before]);
  expect(await gaps(4, 60)).toEqual([]);
  expect(await readUnseen(database.db, { from: start - 60 * minute, to: start + 60 * minute }, id)).toEqual([before]);
  expect(markOfGaps([before])).toBe('-watched-in-part');
  expect(markOfGaps([before, { collector: 'policy', from: at(0), cause: 'version 2 leaves out exit' }])).toBe(
    '-watched-in-part',
  );
  expect(markOfGaps([before, { collector: 'sensor', from: at(0), cause: 'killed' }])).toBe('-with-gaps');
});

test('without any account a host counts as watched since it was first seen, and a clock that was wrong says no more', async () => {
  await host('silent-01', 5);
  const wrong = await host('no-battery-01', 6);
  await accounts(wrong, { activity: -20 * 365 * day });
  expect(await gaps(0, 60)).toMatchObject([
    { hostName: 'no-battery-01', to: at(6) },
    { hostName: 'silent-01', to: at(5) },
  ]);
});

test('a machine that was not there yet hides nothing', async () => {
  const [fresh, old, rebooted, unborn] = [
    await host('scaled-01', 10),
    await host('bare-01', 10),
    await host('rebooted-01', 10),
    await host('scaled-02', 90),
  ];
  await says(fresh, { startedAt: start + 8 * minute, firstStartedAt: start + 8 * minute });
  await says(old, { startedAt: start + 8 * minute, firstStartedAt: start - 300 * day * minute });
  // An older sensor tells the last start only, which here is later than its first word.
  await says(rebooted, { startedAt: start + 50 * minute });
  await says(unborn, { startedAt: start + 88 * minute });
  const found = await gaps(0, 60);
  expect(found.map(({ hostName, from, to }) => [hostName, from, to]).toSorted()).toEqual([
    ['bare-01', at(0), at(10)],
    ['rebooted-01', at(0), at(10)],
    ['scaled-01', at(8), at(10)],
  ]);
  expect(await gaps(0, 7)).toHaveLength(2);
});

test('a collector that came with a later sensor is told by itself, and so is one that tells events at last', async () => {
  const [upgraded, late] = [await host('web-01', -day), await host('web-02', -day)];
  await accounts(upgraded, { activity: -day, logins: -day, files: 20 });
  await accounts(late, { activity: 30 });
  expect(await gaps(0, 60)).toEqual([
    {
      ...{ hostId: late, hostName: 'web-02', collector: 'sensor', from: at(0), to: at(30), unwatched: true },
      cause: 'the sensor told no events before',
    },
    {
      ...{ hostId: upgraded, hostName: 'web-01', collector: 'files', from: at(0), to: at(20), unwatched: true },
      cause: 'the sensor told nothing of it before',
    },
  ]);
});

test('since when is remembered when its accounts are gone, and an earlier start that comes late counts', async () => {
  const id = await host('web-01', -day);
  await accounts(id, { activity: 10 });
  await accounts(id, { activity: 5 });
  await accounts(id, { activity: 40 });
  await sql`truncate telemetry_accounts`.execute(database.db);
  expect(await gaps(0, 60)).toMatchObject([{ to: at(5) }]);
});

test('a collector that cannot work is told for as long as that is so, from the beginning if it never did', async () => {
  const id = await host('web-01', -day);
  await accounts(id, { activity: -day, logins: -day });
  const refused = (name: string, state: string, minutes: number) =>
    database.db
      .insertInto('collectors')
      .values({ host_id: id, name, state: state as 'refused', source: '', reason: 'no', since: new Date(at(minutes)) })
      .execute();
  await refused('files', 'refused', 30);
  await refused('logins', 'failed', 40);
  await refused('accounts', 'degraded', 40);
  await refused('docker', 'refused', 40);
  const said = (await gaps(0, 60)).map(({ collector, from, to, unwatched, cause }) => [
    ...[collector, from, to, unwatched, cause],
  ]);
  expect(said).toEqual([
    ['logins', at(40), undefined, true, 'no'],
    ['files', at(0), undefined, true, 'no'],
  ]);
  expect((await gaps(0, 20)).map(({ collector }) => collector)).toEqual(['files']);
});

test('invented hosts have an invented past, which begins with its first event', async () => {
  const id = await host('demo-01', 3, { simulated: 'true' });
  await accounts(id, { activity: 3 });
  const file = (path: string, minutes: number) =>
    database.db
      .insertInto('telemetry_files')
      .values({
        ...{ path, rows: 1, bytes: 1, hosts: [id], stored_at: new Date(start), retired_at: null },
        ...{ first_at: (start + minutes * minute) * 1000, last_at: (start + minutes * minute) * 1000 },
      })
      .execute();
  await file('a.parquet', -day);
  expect(await gaps(-day, 60)).toEqual([]);
  expect(await gaps(-2 * day, 60)).toMatchObject([{ from: at(-2 * day), to: at(-day) }]);
});

test('people are told of the hosts in their scope, and that there is none where it is empty', async () => {
  await host('web-01', 3, { env: 'prod' });
  await host('lab-01', 4, { env: 'lab' });
  expect(await gaps(0, 60, { env: ['lab'] })).toMatchObject([{ hostName: 'lab-01' }]);
  const nobody = [{ hosts: 0, collector: 'sensor', from: at(0), unwatched: true, cause: 'there is no host' }];
  expect(await gaps(0, 60, { env: ['nowhere'] })).toEqual(nobody);
  await sql`truncate assets cascade`.execute(database.db);
  expect(await gaps(0, 60)).toEqual(nobody);
});

test('a whole new fleet is one screen: all its hosts are counted', async () => {
  await sql`
insert into assets (id, kind, key, name, status, first_seen_at, last_seen_at)
select gen_random_uuid(), 'host', 'host:' || n, 'web-' || n, 'running', ${new Date(start)}::timestamptz + n * interval '1 second', now()
from generate_series(1, 300) n`.execute(database.db);
  const told = await gaps(-60, 60);
  expect(told).toHaveLength(50);
  expect(told.at(-1)).toMatchObject({ hosts: 251, unwatched: true, from: at(-60), collector: '*' });
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { rematchAll } from '../feeds/rematch.ts';
import { silentLog } from '../logging/log.ts';
import { createSbomReceiver, type SbomReceiver } from '../sboms/receive-sbom.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createMatchMemory } from './match-memory.ts';
import { createFakeContent } from './testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory, type Inventory } from './testing/inventory.ts';

let database: TestDatabase;
let inventory: Inventory;
let receive: SbomReceiver;
let rematch: () => Promise<void>;
let matched: string[];
const clock = { now: () => Date.parse('2026-11-10T10:30:00Z') };
const rule = { vulnerability: 'CVE-2026-1', package: 'openssl' };
const packages = [aPackage('openssl', '1.0'), aPackage('zlib', '2.0')];
let content: ReturnType<typeof createFakeContent>;

beforeEach(async () => {
  database = await createTestDatabase();
  const { db } = database;
  inventory = createInventory(db);
  content = createFakeContent([rule]);
  matched = [];
  const counting = {
    ...content,
    matched: createMatchMemory(),
    current: () => {
      const advisories = content.current();
      if (advisories === undefined) return undefined;
      const match: typeof advisories.match = (items, distribution) => {
        matched.push(...items.map((item) => item.name));
        return advisories.match(items, distribution);
      };
      return { ...advisories, match };
    },
  };
  const live = { publish: () => undefined };
  receive = createSbomReceiver({ db, content: counting, live, clock });
  rematch = () =>
    rematchAll({ db, content: counting, clock, live: live as never, log: silentLog }, new AbortController().signal);
});
afterEach(() => database[Symbol.asyncDispose]());

const hostWith = async (name: string, list = packages): Promise<string> => {
  const id = await inventory.host(name);
  await receive({ assetId: id, reporterHostId: id, document: anSbom('host', list) });
  return id;
};
const findings = () =>
  database.db
    .selectFrom('findings as f')
    .innerJoin('assets as a', 'a.id', 'f.asset_id')
    .innerJoin('vulnerabilities as v', 'v.id', 'f.vulnerability_id')
    .select(['a.name', 'v.key', 'f.status', 'f.feed_version', 'f.package_id'])
    .orderBy('a.name')
    .orderBy('v.key')
    .execute();

test('hosts with the same packages are matched once, and have findings of their own', async () => {
  await hostWith('a');
  await hostWith('b');
  await hostWith('c', [...packages, aPackage('bash', '5')]);
  expect(matched).toEqual(['openssl', 'zlib', 'openssl', 'zlib', 'bash']);
  const found = await findings();
  expect(found).toMatchObject(
    [{ name: 'a' }, { name: 'b' }, { name: 'c' }].map((row) => ({ ...row, key: rule.vulnerability, status: 'open' })),
  );
  expect(new Set(found.map((row) => row.package_id)).size).toBe(3);
});

test('a feed under which they match the same writes no finding, another does', async () => {
  await hostWith('a');
  await hostWith('b');
  const before = await findings();
  content.set([rule]);
  matched.length = 0;
  await rematch();
  expect(matched).toEqual(['openssl', 'zlib']);
  expect(await findings()).toEqual(before);
  const feeds = await database.db.selectFrom('asset_software').select('matched_feed').execute();
  expect(feeds).toEqual([{ matched_feed: 'feed-2' }, { matched_feed: 'feed-2' }]);

  content.set([rule, { vulnerability: 'CVE-2026-2', package: 'zlib' }]);
  await rematch();
  expect((await findings()).map((row) => `${row.name} ${row.key} ${row.status}`)).toEqual([
    ...['a CVE-2026-1 open', 'a CVE-2026-2 open', 'b CVE-2026-1 open', 'b CVE-2026-2 open'],
  ]);
  content.set([rule]);
  await rematch();
  expect((await findings()).map((row) => row.status)).toEqual(['open', 'closed', 'open', 'closed']);
});

test('what was closed because its asset was gone opens again, though it matches the same', async () => {
  const id = await hostWith('a');
  await database.db.updateTable('findings').set({ status: 'closed' }).execute();
  await database.db.updateTable('asset_software').set({ closed_as_gone: true }).execute();
  await receive({ assetId: id, reporterHostId: id, document: anSbom('host', packages) });
  expect((await findings()).map((row) => row.status)).toEqual(['open']);
});

test('what was matched in a transaction that was undone is not kept', async () => {
  const id = await inventory.host('a');
  const document = anSbom('host', packages);
  // Nobody may add findings for the moment.
  await database.pool.query('alter table findings add constraint refused check (false) not valid');
  await expect(receive({ assetId: id, reporterHostId: id, document })).rejects.toThrow(/refused/);
  await database.pool.query('alter table findings drop constraint refused');
  matched.length = 0;
  await receive({ assetId: id, reporterHostId: id, document });
  expect(matched).toEqual(['openssl', 'zlib']);
  expect(await findings()).toMatchObject([{ key: rule.vulnerability }]);
});

import { actionVocabulary, TelemetryRules } from '@parapet/contract/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGraphFixture } from '../graph/testing/graph-fixture.ts';
import { markOfGaps, readGaps } from '../telemetry/gaps.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { policyFor } from './host-policy.ts';
import { savePolicy } from './policy-versions.ts';

const hour = 3_600_000;
const start = Date.parse('2026-11-28T08:00:00Z');
const at = (hours: number): string => new Date(start + hours * hour).toISOString();

let database: TestDatabase;
let shop: string;
let lab: string;

const rule = (more: object = {}) => ({ name: 'a rule', actions: ['exit'], keep: 0, ...more });
const first = TelemetryRules.parse([
  rule(),
  rule({ actions: ['exec'], keep: 0.1, hosts: { env: ['lab'] } }),
  rule({ actions: ['mount'], on: false }),
]);
const second = TelemetryRules.parse([rule({ actions: ['mount', 'ptrace'] })]);

const save = (basedOn: number, rules: TelemetryRules, hours: number) =>
  savePolicy(database.db, { basedOn, rules, at: new Date(start + hours * hour), by: 'ada' });
const follows = (host: string, rules: TelemetryRules, labels: Readonly<Record<string, string>> = {}) =>
  tells(host, { digest: policyFor(rules, labels).digest, off: [], vocabulary: actionVocabulary });
const tells = (host: string, followed: object) =>
  database.db
    .updateTable('sensors')
    .set({ telemetry_policy: JSON.stringify(followed) })
    .where('host_id', '=', host)
    .execute();
const gaps = (fromHours: number, toHours: number, scope: Parameters<typeof readGaps>[2] = null, host?: string) =>
  readGaps(
    database.db,
    { from: start + fromHours * hour, to: start + toHours * hour },
    scope,
    host === undefined ? undefined : [host],
  );

beforeAll(async () => {
  database = await createTestDatabase();
  const graph = createGraphFixture(database.db, new Date(start));
  shop = await graph.host('shop', { labels: { env: 'prod' } });
  lab = await graph.host('lab', { labels: { env: 'lab' } });
  // From before policies: it records everything.
  await graph.host('old', { labels: { env: 'lab' } });
  await follows(shop, []);
  await follows(lab, []);
});
afterAll(() => database[Symbol.asyncDispose]());

test('nothing is said to be left out while nobody has asked for it', async () => {
  expect(await gaps(0, 9)).toEqual([]);
  expect(markOfGaps([])).toBe('');
});

test('each version is said for the time that it held, with the hosts it was for and what it leaves out', async () => {
  await save(0, first, 1);
  await save(1, second, 3);
  await save(2, [], 5);
  const firstOnes = [
    { hostId: shop, hostName: 'shop', from: at(1), to: at(3), cause: 'version 1 leaves out exit' },
    { hostId: lab, hostName: 'lab', from: at(1), to: at(3), cause: 'version 1 leaves out exit and some of exec' },
  ].map((gap) => ({ ...gap, collector: 'policy' }));
  const secondOne = {
    collector: 'policy',
    hosts: 2,
    from: at(3),
    to: at(5),
    cause: 'version 2 leaves out mount, ptrace',
  };
  expect(await gaps(0, 1)).toEqual([]);
  expect(await gaps(0, 2)).toEqual(expect.arrayContaining(firstOnes));
  expect(await gaps(2, 4)).toEqual(expect.arrayContaining([secondOne, ...firstOnes]));
  expect(await gaps(4, 9)).toEqual([secondOne]);
  expect(await gaps(6, 9)).toEqual([]);
  expect(markOfGaps(await gaps(4, 9))).toBe('-with-policy-gaps');
});

test('whoever sees some hosts is told of these alone', async () => {
  expect(await gaps(2, 4, { env: ['lab'] })).toMatchObject([{ hostName: 'lab' }, { hostName: 'lab' }]);
  expect(await gaps(4, 9, null, shop)).toMatchObject([{ hostName: 'shop' }]);
});

test('a sensor that follows rules of an earlier version is said, one that follows none is not', async () => {
  await follows(shop, second);
  expect(await gaps(6, 9)).toEqual([
    { hostId: shop, hostName: 'shop', collector: 'policy', from: at(5), cause: expect.stringContaining('earlier') },
  ]);
  await save(3, first, 10);
  await follows(shop, first);
  expect(await gaps(11, 12, null, shop)).toMatchObject([{ from: at(10), cause: 'version 4 leaves out exit' }]);
  await follows(lab, []);
  expect(await gaps(11, 12, null, lab)).toMatchObject([{ cause: 'version 4 leaves out exit and some of exec' }]);
});

test('what a sensor of an earlier version has never heard of is said, whether or not a rule names it', async () => {
  await tells(shop, { digest: 'default', off: [] });
  const cause = 'the version of the sensor does not know datagram and records none';
  expect(await gaps(0, 1)).toEqual([{ hostId: shop, hostName: 'shop', collector: 'policy', from: at(0), cause }]);
  await follows(shop, []);
  expect(await gaps(0, 1)).toEqual([]);
});

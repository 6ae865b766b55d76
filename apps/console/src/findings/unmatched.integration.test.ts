import type { Scope } from '@parapet/contract/api';
import type { Distribution, Package } from '@parapet/contract/sbom';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { rematchAll } from '../feeds/rematch.ts';
import { createGraphRoutes } from '../graph/index.ts';
import { silentLog } from '../logging/log.ts';
import { createOverviewRoutes } from '../overview/overview-routes.ts';
import { createSbomReceiver, type SbomReceiver } from '../sboms/receive-sbom.ts';
import { createSoftwareRoutes } from '../sboms/software-routes.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createFindingRoutes } from './finding-routes.ts';
import { callRoute } from './testing/call-route.ts';
import { createFakeContent } from './testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory, type Inventory } from './testing/inventory.ts';

const clock = { now: () => Date.parse('2026-11-10T10:30:00Z') };
const live = { publish: () => undefined };
const rule = { vulnerability: 'CVE-2026-1', package: 'curl' };
const openssl = aPackage('openssl', '1.0');
const npm: Package = { ...aPackage('left-pad', '1.0'), purl: 'pkg:npm/left-pad@1.0', type: 'npm' };
const vcpkg: Package = { ...aPackage('zlib', '1.3'), purl: 'pkg:vcpkg/zlib@1.3', type: 'vcpkg' };
/** Of which the made-up feed knows nothing, as of `vcpkg`. */
const fedora: Distribution = { id: 'fedora', versionId: '43', name: 'Fedora Linux 43' };

let database: TestDatabase;
let inventory: Inventory;
let receive: SbomReceiver;
let content: ReturnType<typeof createFakeContent>;
beforeEach(async () => {
  database = await createTestDatabase();
  inventory = createInventory(database.db);
  content = createFakeContent([rule]);
  receive = createSbomReceiver({ db: database.db, content, live, clock });
});
afterEach(() => database[Symbol.asyncDispose]());

const routes = () => ({
  ...createGraphRoutes({
    ...{ database: database.db, clock, live, content },
    audit: { record: async () => undefined },
  }),
  ...createSoftwareRoutes({ db: database.db, content }),
  ...createOverviewRoutes({ db: database.db, clock, content }),
});
const take = async (assetId: string, packages: readonly Package[], distribution?: Distribution, reporter = assetId) => {
  const document = anSbom(reporter === assetId ? 'host' : 'image', packages, distribution);
  expect(await receive({ assetId, reporterHostId: reporter, document })).toMatchObject({ ok: true });
};
const rematch = () =>
  rematchAll({ db: database.db, content, clock, live: live as never, log: silentLog }, new AbortController().signal);
/** Of each asset its risk, or why that is not known. */
const known = async (): Promise<Record<string, unknown>> => {
  const { items } = await callRoute(routes(), 'assets.list', { query: { sort: 'name' } });
  for (const { id, risk, unmatched } of items)
    expect(await callRoute(routes(), 'assets.get', { params: { assetId: id } })).toMatchObject({
      ...(risk === undefined ? {} : { risk }),
      ...(unmatched === undefined ? {} : { unmatched }),
    });
  return Object.fromEntries(
    items.map(({ name, risk, unmatched }) => [name, risk === 0 ? 0 : [risk ?? null, unmatched]]),
  );
};

test('no risk is shown of what could not be matched, but why', async () => {
  await inventory.host('new');
  await take(await inventory.host('clean'), [openssl]);
  await take(await inventory.host('empty'), []);
  await take(await inventory.host('of no known distribution'), [openssl, npm], fedora);
  await take(await inventory.host('of no known type'), [vcpkg]);
  await take(await inventory.host('of one known type'), [vcpkg, npm]);
  await take(await inventory.host('vulnerable in part'), [openssl, { ...npm, name: 'curl' }], fedora);
  expect(await known()).toEqual({
    clean: 0,
    empty: [null, 'no-packages'],
    new: [null, 'not-scanned'],
    'of no known distribution': [null, 'no-advisories'],
    'of no known type': [null, 'no-advisories'],
    'of one known type': 0,
    'vulnerable in part': [expect.any(Number), 'no-advisories'],
  });
  const stored = await database.db
    .selectFrom('assets')
    .select(['name', 'risk'])
    .where('name', 'like', 'of %')
    .execute();
  expect(stored.filter(({ risk }) => risk !== null)).toMatchObject([{ name: 'of one known type', risk: 0 }]);
});

test('a container is what its image and what it has beyond it are', async () => {
  const host = await inventory.host('host');
  for (const [name, packages, distribution] of [
    ['covered', [openssl], undefined],
    ['uncovered', [openssl], fedora],
    ['scratch', [], undefined],
  ] as const) {
    const image = await inventory.image(name, [host]);
    await inventory.container(`${name} container`, host, image);
    const more = await inventory.container(`${name} with more`, host, image);
    await take(image, packages, distribution, host);
    await take(more, [...packages, npm], distribution, host);
  }
  await inventory.container('unread', host, await inventory.image('unread image', [host]));
  const { host: _, ...containers } = await known();
  // What an image shows is of the containers alone, once there are some.
  expect(containers).toMatchObject({
    'covered container': 0,
    'covered with more': 0,
    'uncovered container': [null, 'no-advisories'],
    'uncovered with more': [null, 'no-advisories'],
    'scratch container': [null, 'no-packages'],
    'scratch with more': 0,
    unread: [null, 'not-scanned'],
  });
});

test('a feed that knows the distribution makes a risk known that was not, and back, though the findings are the same', async () => {
  content.set([]);
  await take(await inventory.host('host'), [openssl]);
  expect(await known()).toEqual({ host: [null, 'no-advisories'] });
  content.set([rule]);
  await rematch();
  expect(await known()).toEqual({ host: 0 });
  content.set([]);
  await rematch();
  expect(await known()).toEqual({ host: [null, 'no-advisories'] });
});

test('without feeds nothing is known, also of what was matched before', async () => {
  content.set(undefined);
  await take(await inventory.host('after'), [openssl]);
  content.set([rule]);
  await take(await inventory.host('before'), [openssl]);
  expect(await known()).toEqual({ after: [null, 'not-yet'], before: 0 });
  content.set(undefined);
  expect(await known()).toEqual({ after: [null, 'no-feeds'], before: [null, 'no-feeds'] });
});

test('of a package without findings it is said when there are no advisories about its kind', async () => {
  const host = await inventory.host('host');
  await take(host, [openssl, npm, vcpkg, { ...npm, name: 'curl', purl: 'pkg:npm/curl@1.0' }], fedora);
  const list = async () => {
    const { items } = await callRoute(routes(), 'assets.packages', { params: { assetId: host } });
    return Object.fromEntries(items.map(({ name, findings, unmatched }) => [name, unmatched ?? findings]));
  };
  expect(await list()).toEqual({ openssl: true, zlib: true, 'left-pad': 0, curl: 1 });
  content.set(undefined);
  expect(await list()).toEqual({ openssl: true, zlib: true, 'left-pad': true, curl: 1 });
});

test('the overview does not say that nothing needs anybody while something is not known', async () => {
  await database.db
    .insertInto('feed_versions')
    .values({
      ...{ version: 'feed-1', file: '', origin: 'bundle', advisories: 1, size_bytes: 1, sources: '[]' },
      ...{ activated_at: new Date(0), active: true },
    })
    .execute();
  const look = async () => {
    const { headline, subline, counts } = await callRoute(routes(), 'overview.get');
    return { headline, subline, notKnown: counts.notKnown };
  };
  await take(await inventory.host('clean'), [openssl]);
  expect(await look()).toEqual({
    ...{ headline: 'Nothing needs you today', subline: 'There are no open findings.', notKnown: 0 },
  });
  await take(await inventory.host('uncovered'), [openssl], fedora);
  expect(await look()).toEqual({
    headline: 'Nothing that is known needs you today',
    subline: 'There are no open findings. Of 1 host or image what is vulnerable is not known.',
    notKnown: 1,
  });
});

test('a file of findings says in its name of how many assets nothing is known', async () => {
  const handlers = createFindingRoutes({ db: database.db, content, clock, live });
  const nameOf = async (scope: Scope) => {
    const { headers, stream } = await callRoute(handlers, 'findings.export', { query: { format: 'csv' }, scope });
    stream.destroy();
    return headers?.['content-disposition'];
  };
  await take(await inventory.host('clean', { team: 'a' }), [openssl]);
  await take(await inventory.host('uncovered', { team: 'b' }), [openssl], fedora);
  await inventory.host('new', { team: 'b' });
  expect(await nameOf(null)).toBe('attachment; filename="findings-2-assets-not-known.csv"');
  expect(await nameOf({ team: ['a'] })).toBe('attachment; filename="findings.csv"');
});

import { text } from 'node:stream/consumers';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../logging/log.ts';
import { createOverviewRoutes } from '../overview/overview-routes.ts';
import { createRiskUpdater, type RiskUpdater } from '../risk/risk-updater.ts';
import { createSbomReceiver, type SbomReceiver } from '../sboms/receive-sbom.ts';
import { createSoftwareRoutes } from '../sboms/software-routes.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { expireAcceptances } from './acceptance.ts';
import { createFindingRoutes } from './finding-routes.ts';
import { closeGone } from './housekeeping.ts';
import { recordRiskOfHour } from './risk-history.ts';
import { callRoute } from './testing/call-route.ts';
import { createFakeContent } from './testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory, type Inventory } from './testing/inventory.ts';

let database: TestDatabase;
let inventory: Inventory;
let receive: SbomReceiver;
let updater: RiskUpdater;
let handlers: ReturnType<typeof createFindingRoutes> &
  ReturnType<typeof createSoftwareRoutes> &
  ReturnType<typeof createOverviewRoutes>;
let clock: ReturnType<typeof createManualClock>;
let content: ReturnType<typeof createFakeContent>;

const libssl = '/usr/lib/x86_64-linux-gnu/libssl.so.3';
const openssl = aPackage('openssl', '1.0', [libssl]);
const day = 24 * 3_600_000;

beforeEach(async () => {
  database = await createTestDatabase();
  const { db } = database;
  inventory = createInventory(db);
  clock = createManualClock(Date.parse('2026-11-10T00:00:00Z'));
  content = createFakeContent([
    {
      vulnerability: 'CVE-2026-1',
      package: 'openssl',
      fixedVersion: '2.0',
      likelihood: 0.97,
      kev: true,
      epss: 0.9,
      cvss: 9.8,
    },
    { vulnerability: 'CVE-2026-2', package: 'vim', likelihood: 0.1 },
  ]);
  const live = { publish: () => undefined };
  receive = createSbomReceiver({ db, content, live, clock });
  updater = createRiskUpdater({ db, clock, live, log: silentLog, gate: alwaysOpen });
  handlers = {
    ...createFindingRoutes({ db, content, clock, live }),
    ...createSoftwareRoutes({ db, content }),
    ...createOverviewRoutes({ db, clock, content }),
  };
});
afterEach(async () => {
  await updater[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

/** Two hosts of two teams; nginx on the first has openssl loaded and faces the Internet. */
const twoHosts = async () => {
  const first = await inventory.host('edge-01', { team: 'a' });
  const second = await inventory.host('inner-01', { team: 'b' });
  await inventory.process(first, undefined, '/usr/sbin/nginx', [libssl]);
  await inventory.edge('internet', first, '/usr/sbin/nginx', 443);
  for (const host of [first, second]) {
    await receive({
      assetId: host,
      reporterHostId: host,
      document: anSbom('host', [openssl, aPackage('vim', '9', ['/usr/bin/vim'])]),
    });
  }
  await updater.drain();
  return { first, second };
};

describe('one finding', () => {
  test('tells why, with evidence that links, and what to do', async () => {
    const { first } = await twoHosts();
    const list = await callRoute(handlers, 'findings.list', { query: { status: 'open' } });
    expect(list.total).toBe(4);
    const worst = list.items[0];
    expect(worst).toMatchObject({
      title: 'openssl is loaded, faces the Internet and has CVE-2026-1, which is being exploited now',
      severity: 'critical',
      asset: { id: first },
    });
    const detail = await callRoute(handlers, 'findings.get', { params: { findingId: worst?.id } });
    expect(detail.why.value).toBe(worst?.risk);
    expect(detail.why.exposure.reason).toBe(
      'nginx on edge-01 was reached from the Internet, on tcp/443, by over 10 addresses',
    );
    expect(detail.why.exposure.evidence[0]).toMatchObject({ kind: 'edge', ref: 'internet' });
    expect(detail.why.use.evidence[0]).toMatchObject({ kind: 'process' });
    expect(detail).toMatchObject({
      elsewhere: { assets: 1, findings: 1 },
      feedVersion: 'feed-1',
      references: [{ url: 'https://example.org/advisory' }],
      history: [{ text: 'First seen' }],
      instanceList: [{ assetId: first, name: 'edge-01' }],
    });
    expect(detail.fix?.title).toBe('Upgrade openssl to 2.0');
    expect(detail.fix?.commands.join('\n')).toContain('apt-get install --only-upgrade openssl');
  });

  test('is not there for people outside its scope', async () => {
    const { second } = await twoHosts();
    const list = await callRoute(handlers, 'findings.list', { query: { assetId: second } });
    const params = { findingId: list.items[0]?.id };
    await expect(callRoute(handlers, 'findings.get', { params, scope: { team: ['a'] } })).rejects.toThrow('not found');
    const body = { ids: [params.findingId], reason: 'not mine', until: '2026-12-01T00:00:00.000Z' };
    expect(await callRoute(handlers, 'findings.accept', { body, scope: { team: ['a'] } })).toMatchObject({
      changed: 0,
    });
  });
});

describe('a scoped viewer', () => {
  test('sees nothing else in lists, facets, groups, exports, packages and the overview', async () => {
    const { first, second } = await twoHosts();
    const scope = { team: ['b'] };
    const list = await callRoute(handlers, 'findings.list', { scope });
    expect(list.items.map((item) => item.asset.id)).toEqual([second, second]);
    expect(list.total).toBe(2);
    const facets = await callRoute(handlers, 'findings.facets', { scope });
    expect(facets.total).toBe(2);
    expect(
      facets.facets.find((facet) => facet.name === 'exposure')?.values.find((value) => value.value === 'internet')
        ?.count,
    ).toBe(0);
    for (const by of ['fix', 'vulnerability', 'asset', 'package']) {
      const groups = await callRoute(handlers, 'findings.groups', { query: { by }, scope });
      expect(groups.findings).toBe(2);
      expect(groups.items.every((group) => group.assets === 1)).toBe(true);
    }
    const csv = await text((await callRoute(handlers, 'findings.export', { scope })).stream);
    expect(csv.trim().split('\r\n')).toHaveLength(3);
    expect(csv).not.toContain('edge-01');
    await expect(callRoute(handlers, 'assets.packages', { params: { assetId: first }, scope })).rejects.toThrow(
      'not found',
    );
    await expect(callRoute(handlers, 'assets.sbom', { params: { assetId: first }, scope })).rejects.toThrow(
      'not found',
    );
    const overview = await callRoute(handlers, 'overview.get', { scope });
    expect(JSON.stringify(overview)).not.toContain('edge-01');
    expect(overview.counts).toMatchObject({ hosts: 1, openFindings: 2 });
  });

  test('of a shared image sees its own instances only', async () => {
    const [mine, other] = [await inventory.host('mine', { team: 'b' }), await inventory.host('other', { team: 'a' })];
    const image = await inventory.image('shop:1', [mine, other]);
    await inventory.container('shop-mine', mine, image);
    const loud = await inventory.container('shop-other', other, image);
    await inventory.process(other, loud, '/app/shop', [libssl]);
    await inventory.edge('internet', loud, '/app/shop', 443);
    await receive({ assetId: image, reporterHostId: mine, document: anSbom('image', [openssl]) });
    await updater.drain();
    const scope = { team: ['b'] };
    const [seen] = (await callRoute(handlers, 'findings.list', { scope })).items;
    expect(seen).toMatchObject({ instances: 1 });
    expect(seen).toMatchObject({ exposure: 'none-seen', use: 'installed' });
    expect(seen?.worst).toBeUndefined();
    expect(seen?.title).not.toContain('Internet');
    const detail = await callRoute(handlers, 'findings.get', { params: { findingId: seen?.id }, scope });
    expect(detail.instanceList.map((instance) => instance.name)).toEqual(['shop-mine']);
    expect(detail.why.value).toBe(detail.risk);
    expect(JSON.stringify(detail)).not.toContain('shop-other');
    const [all] = (await callRoute(handlers, 'findings.list')).items;
    expect(all).toMatchObject({ instances: 2, worst: { name: 'shop-other' } });
  });
});

describe('accepting a risk', () => {
  const accept = (body: object) =>
    callRoute(handlers, 'findings.accept', {
      body: { reason: 'behind a filter', until: new Date(clock.now() + 5 * day).toISOString(), ...body },
    });

  test('takes it out of the open ones with its reason, and can be undone', async () => {
    const { first } = await twoHosts();
    const accepted = await accept({ filter: { assetId: first } });
    expect(accepted.changed).toBe(2);
    const open = await callRoute(handlers, 'findings.list', { query: { status: 'open' } });
    expect(open.items.every((item) => item.asset.id !== first)).toBe(true);
    const asset = await database.db
      .selectFrom('assets')
      .select(['risk', 'findings_critical'])
      .where('id', '=', first)
      .executeTakeFirst();
    expect(asset).toEqual({ risk: 0, findings_critical: 0 });
    const [one] = (await callRoute(handlers, 'findings.list', { query: { status: 'accepted' } })).items;
    const detail = await callRoute(handlers, 'findings.get', { params: { findingId: one?.id } });
    expect(detail.acceptance).toMatchObject({ reason: 'behind a filter', by: 'ada' });
    expect(detail.history[0]).toMatchObject({ by: 'ada' });
    expect(await callRoute(handlers, 'findings.reopen', { body: { undo: accepted.undo } })).toEqual({ changed: 2 });
    expect((await callRoute(handlers, 'findings.list', { query: { status: 'accepted' } })).total).toBe(0);
  });

  test('lasts through rescans until it is over', async () => {
    const { first } = await twoHosts();
    await accept({ filter: { assetId: first } });
    await receive({ assetId: first, reporterHostId: first, document: anSbom('host', [openssl, aPackage('vim', '9')]) });
    const accepted = () => callRoute(handlers, 'findings.list', { query: { status: 'accepted' } });
    expect((await accepted()).total).toBe(2);
    // Away and back again within its time, it is still accepted.
    await receive({ assetId: first, reporterHostId: first, document: anSbom('host', [aPackage('vim', '9')]) });
    expect((await accepted()).total).toBe(1);
    await receive({ assetId: first, reporterHostId: first, document: anSbom('host', [openssl, aPackage('vim', '9')]) });
    expect((await accepted()).total).toBe(2);
    clock.advance(5 * day);
    expect(await expireAcceptances(database.db, new Date(clock.now()))).toBe(2);
    expect((await accepted()).total).toBe(0);
  });

  test('needs a future end and something selected', async () => {
    await expect(
      accept({ ids: ['00000000-0000-4000-8000-000000000001'], until: '2020-01-01T00:00:00.000Z' }),
    ).rejects.toThrow('future');
    await expect(accept({})).rejects.toThrow('Name the findings');
  });
});

test.each(['DG', 'edge'])(
  'findings are found by the name of their asset, whatever the length of the text: %s',
  async (q) => {
    const { first } = await twoHosts();
    const list = await callRoute(handlers, 'findings.list', { query: { q } });
    expect(list.items.map(({ asset }) => asset.id)).toEqual([first, first]);
  },
);

test('findings of an asset that is gone close', async () => {
  const { first } = await twoHosts();
  await database.db.updateTable('assets').set({ status: 'gone' }).where('id', '=', first).execute();
  expect(await closeGone(database.db, new Date(clock.now()))).toBe(2);
  const list = await callRoute(handlers, 'findings.list', { query: { assetId: first } });
  expect(list.items.map((item) => item.status)).toEqual(['closed', 'closed']);
});

test('packages of a container are its image’s, less what it removed', async () => {
  const host = await inventory.host('web-01');
  const image = await inventory.image('shop:1', [host]);
  const container = await inventory.container('shop', host, image);
  await receive({ assetId: image, reporterHostId: host, document: anSbom('image', [openssl, aPackage('vim', '9')]) });
  await receive({
    assetId: container,
    reporterHostId: host,
    document: anSbom('container', [openssl, aPackage('curl', '8')]),
  });
  const names = async (query: object) =>
    (await callRoute(handlers, 'assets.packages', { params: { assetId: container }, query })).items.map(
      (item) => item.name,
    );
  expect(await names({})).toEqual(['curl', 'openssl']);
  expect(await names({ q: 'SSL' })).toEqual(['openssl']);
  const first = await callRoute(handlers, 'assets.packages', { params: { assetId: image }, query: { limit: 1 } });
  expect(first).toMatchObject({ total: 2, items: [{ name: 'openssl', findings: 1 }] });
  const second = await callRoute(handlers, 'assets.packages', {
    params: { assetId: image },
    query: { limit: 1, after: first.next },
  });
  expect(second).toMatchObject({ items: [{ name: 'vim' }] });
  expect(second.next).toBeUndefined();
});

test('an export escapes what a spreadsheet would run, and JSON lines parse', async () => {
  const host = await inventory.host('=cmd()');
  await receive({ assetId: host, reporterHostId: host, document: anSbom('host', [openssl]) });
  expect(await text((await callRoute(handlers, 'findings.export')).stream)).toContain("'=cmd()");
  const lines = (await text((await callRoute(handlers, 'findings.export', { query: { format: 'jsonl' } })).stream))
    .trim()
    .split('\n');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ vulnerability: 'CVE-2026-1' });
});

describe('the overview', () => {
  test('says what to do first in sentences made of evidence', async () => {
    await twoHosts();
    await recordRiskOfHour(database.db, new Date(clock.now()));
    await database.db
      .insertInto('feed_versions')
      .values({
        version: 'feed-1',
        file: '',
        origin: 'bundle',
        advisories: 2,
        size_bytes: 1,
        sources: '[]',
        activated_at: new Date(),
        active: true,
      })
      .execute();
    const overview = await callRoute(handlers, 'overview.get', { query: { since: '2026-11-09T00:00:00.000Z' } });
    expect(overview.headline).toBe('One thing needs you today');
    expect(overview.priorities[0]).toMatchObject({
      headline: '1 workload facing the Internet loads a library that is being exploited now',
      action: { label: 'Upgrade openssl' },
    });
    expect(overview.priorities[0]?.reason).toContain('CVE-2026-1 in openssl 1.0 on edge-01');
    expect(overview.newSince).toMatchObject({ findingsOpened: 4 });
    expect(overview.riskOverTime).toMatchObject([{ open: 4 }]);
    expect(overview.steps).toEqual([]);
  });

  test('without feeds says what to do; a silent host is a blind spot', async () => {
    const host = await inventory.host('db-03');
    await database.db
      .updateTable('sensors')
      .set({ presence: 'unknown', presence_since: new Date(clock.now() - 26 * 60_000) })
      .where('host_id', '=', host)
      .execute();
    const overview = await callRoute(handlers, 'overview.get');
    expect(overview.headline).toBe('What is vulnerable is not known yet');
    expect(overview.steps).toEqual([
      { id: 'add-host', done: false },
      { id: 'get-feeds', done: false },
    ]);
    expect(overview.blind).toContainEqual({ title: 'db-03', reason: 'Silent for 26 min', to: `/sensors/${host}` });
  });

  test('a distribution without advisories is a blind spot, one with them is not', async () => {
    await twoHosts();
    const host = await inventory.host('fedora-01');
    const sbom = JSON.parse(anSbom('host', [openssl]).toString()) as Record<string, unknown>;
    const distribution = { id: 'fedora', versionId: '43', name: 'Fedora Linux 43' };
    await receive({
      assetId: host,
      reporterHostId: host,
      document: Buffer.from(JSON.stringify({ ...sbom, distribution })),
    });
    const { blind } = await callRoute(handlers, 'overview.get');
    expect(blind.filter(({ to }) => to === '/settings/feeds')).toEqual([
      {
        title: 'Fedora Linux 43',
        reason: 'No advisories in the feeds: packages of 1 asset are listed, not matched',
        to: '/settings/feeds',
      },
    ]);
  });

  test('a running container of unknown image is a blind spot until it was read', async () => {
    const host = await inventory.host('node-01');
    const image = await inventory.image('app:1', [host]);
    await inventory.container('of-docker', host, image);
    const container = await inventory.container('of-containerd', host, undefined);
    const spot = {
      title: '1 running container',
      reason: 'Of unknown image, packages not known; “Scan now” reads them',
      to: '/assets?kind=container',
    };
    expect((await callRoute(handlers, 'overview.get')).blind).toContainEqual(spot);
    await receive({ assetId: container, reporterHostId: host, document: anSbom('container', [openssl]) });
    expect((await callRoute(handlers, 'overview.get')).blind).not.toContainEqual(spot);
  });

  test('a release without security updates is a blind spot', async () => {
    const host = await inventory.host('old-01');
    const sbom = JSON.parse(anSbom('host', [openssl]).toString()) as Record<string, unknown>;
    const distribution = { id: 'debian', versionId: '10', name: 'Debian GNU/Linux 10 (buster)' };
    await receive({
      assetId: host,
      reporterHostId: host,
      document: Buffer.from(JSON.stringify({ ...sbom, distribution })),
    });
    expect((await callRoute(handlers, 'overview.get')).blind).toContainEqual({
      title: 'Debian GNU/Linux 10 (buster)',
      reason: 'No security updates since 2024-06-30: 1 asset',
      to: '/assets',
    });
  });

  test('a type of packages without advisories is a blind spot for those who see an asset with it', async () => {
    const host = await inventory.host('build-01', { team: 'a' });
    const recipe = { ...openssl, purl: 'pkg:vcpkg/fmt@10', type: 'vcpkg', name: 'fmt', version: '10' };
    const library = { ...openssl, purl: 'pkg:npm/a@1', type: 'npm', name: 'a', version: '1' };
    await receive({ assetId: host, reporterHostId: host, document: anSbom('host', [openssl, recipe, library]) });
    const spot = {
      title: 'Packages of the type vcpkg',
      reason: 'No advisories in the feeds: they are listed, not matched',
      to: '/settings/feeds',
    };
    const blindFor = async (team: string) =>
      (await callRoute(handlers, 'overview.get', { scope: { team: [team] } })).blind.filter(
        ({ to }) => to === '/settings/feeds',
      );
    expect(await blindFor('a')).toEqual([spot]);
    expect(await blindFor('b')).toEqual([]);
  });
});

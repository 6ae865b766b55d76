import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLog } from '../logging/log.ts';
import { createRiskUpdater, type RiskUpdater } from '../risk/risk-updater.ts';
import { createSbomReceiver, type SbomReceiver } from '../sboms/receive-sbom.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createFakeContent } from './testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory, type Inventory } from './testing/inventory.ts';

let database: TestDatabase;
let inventory: Inventory;
let content: ReturnType<typeof createFakeContent>;
let receive: SbomReceiver;
let updater: RiskUpdater;
const clock = createManualClock(Date.parse('2026-11-10T00:00:00Z'));

beforeEach(async () => {
  database = await createTestDatabase();
  const { db } = database;
  inventory = createInventory(db);
  content = createFakeContent([
    { vulnerability: 'CVE-2026-1', package: 'openssl', fixedVersion: '2.0', likelihood: 0.9 },
  ]);
  const live = { publish: () => undefined };
  receive = createSbomReceiver({ db, content, live, clock });
  updater = createRiskUpdater({ db, clock, live, log: silentLog, gate: alwaysOpen });
});
afterEach(async () => {
  await updater[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const libssl = '/usr/lib/x86_64-linux-gnu/libssl.so.3';
const openssl = aPackage('openssl', '1.0', ['/lib/x86_64-linux-gnu/libssl.so.3', '/usr/bin/openssl']);
const findings = () =>
  database.db
    .selectFrom('findings')
    .innerJoin('vulnerabilities', 'vulnerabilities.id', 'findings.vulnerability_id')
    .selectAll('findings')
    .select('vulnerabilities.key as vulnerability')
    .orderBy('first_seen_at')
    .execute();
const assetRow = (id: string) =>
  database.db.selectFrom('assets').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

describe('images and their containers', () => {
  test('a hundred replicas of an image are one finding', async () => {
    const host = await inventory.host('web-01');
    const image = await inventory.image('shop:1', [host]);
    for (let index = 0; index < 100; index += 1) await inventory.container(`shop-${index}`, host, image);
    await receive({ assetId: image, reporterHostId: host, document: anSbom('image', [openssl]) });
    const rows = await findings();
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ asset_id: image, status: 'open', use_kind: 'installed' });
    const software = await database.db.selectFrom('asset_software').selectAll().executeTakeFirstOrThrow();
    expect(software).toMatchObject({ instances: 100, trust: 'single', package_count: 1 });
  });

  test('the shown risk is that of the worst instance, which is named; others keep their own', async () => {
    const host = await inventory.host('web-01');
    const image = await inventory.image('shop:1', [host]);
    const quiet = await inventory.container('quiet', host, image);
    const loud = await inventory.container('loud', host, image, { privilege: { privileged: true } });
    await inventory.process(host, quiet, '/app/shop', []);
    await inventory.process(host, loud, '/app/shop', [libssl]);
    await inventory.edge('internet', loud, '/app/shop', 443);
    await receive({ assetId: image, reporterHostId: host, document: anSbom('image', [openssl]) });
    await updater.drain();
    const [finding] = await findings();
    expect(finding).toMatchObject({ worst_asset_id: loud, use_kind: 'loaded', exposure_kind: 'internet' });
    expect(finding?.risk).toBeGreaterThan(80);
    const [loudAsset, quietAsset] = [await assetRow(loud), await assetRow(quiet)];
    expect(loudAsset).toMatchObject({ risk: finding?.risk, findings_critical: 1, exposure: 'internet' });
    expect(quietAsset.risk).toBeGreaterThan(0);
    expect(quietAsset.risk).toBeLessThan(30);
    expect(quietAsset).toMatchObject({ findings_critical: 0, exposure: 'none-seen' });
  });

  test('a container has findings only for what differs from its image', async () => {
    const host = await inventory.host('web-01');
    const image = await inventory.image('shop:1', [host]);
    const container = await inventory.container('shop', host, image);
    content.set([
      { vulnerability: 'CVE-2026-1', package: 'openssl', fixedVersion: '2.0' },
      { vulnerability: 'CVE-2026-2', package: 'curl' },
    ]);
    const withCurl = anSbom('container', [openssl, aPackage('curl', '8.0')]);
    await receive({ assetId: container, reporterHostId: host, document: withCurl });
    expect(await findings()).toHaveLength(0);
    await receive({ assetId: image, reporterHostId: host, document: anSbom('image', [openssl]) });
    const rows = await findings();
    expect(rows.map((row) => [row.asset_id, row.vulnerability]).toSorted()).toEqual(
      [
        [image, 'CVE-2026-1'],
        [container, 'CVE-2026-2'],
      ].toSorted(),
    );
    const shown = await assetRow(container);
    expect(shown.findings_critical + shown.findings_high + shown.findings_medium + shown.findings_low).toBe(2);
  });

  test('a container that upgraded a package is no instance of its image’s finding any more', async () => {
    const host = await inventory.host('web-01');
    const image = await inventory.image('shop:1', [host]);
    const fixed = await inventory.container('fixed', host, image);
    const old = await inventory.container('old', host, image);
    for (const id of [fixed, old]) await inventory.process(host, id, '/usr/bin/openssl');
    await inventory.edge('internet', fixed, '/usr/bin/openssl', 443);
    await receive({ assetId: image, reporterHostId: host, document: anSbom('image', [openssl]) });
    await updater.drain();
    expect(await findings()).toMatchObject([{ worst_asset_id: fixed }]);
    const upgraded = anSbom('container', [aPackage('openssl', '2.0', ['/usr/bin/openssl'])]);
    await receive({ assetId: fixed, reporterHostId: host, document: upgraded });
    const rows = await findings();
    expect(rows).toMatchObject([{ asset_id: image, worst_asset_id: old }]);
    expect(await assetRow(fixed)).toMatchObject({ risk: 0, findings_low: 0 });
  });

  test('two reporters are kept: agreement and contradiction are told apart', async () => {
    const [first, second] = [await inventory.host('a'), await inventory.host('b')];
    const image = await inventory.image('shop:1', [first, second]);
    const trust = async () =>
      (await database.db.selectFrom('asset_software').select('trust').where('asset_id', '=', image).executeTakeFirst())
        ?.trust;
    await receive({ assetId: image, reporterHostId: first, document: anSbom('image', [openssl]) });
    expect(await trust()).toBe('single');
    await receive({ assetId: image, reporterHostId: second, document: anSbom('image', []) });
    expect(await trust()).toBe('contradicted');
    expect(await findings()).toMatchObject([{ status: 'open' }]);
    await receive({ assetId: image, reporterHostId: second, document: anSbom('image', [openssl]) });
    expect(await trust()).toBe('agreed');
  });
});

describe('hosts', () => {
  test('one host’s exposure never colours another’s', async () => {
    const [edge, inner] = [await inventory.host('edge-01'), await inventory.host('inner-01')];
    for (const host of [edge, inner]) await inventory.process(host, undefined, '/usr/sbin/nginx', [libssl], 33);
    await inventory.edge('internet', edge, '/usr/sbin/nginx', 443);
    for (const host of [edge, inner]) {
      await receive({ assetId: host, reporterHostId: host, document: anSbom('host', [openssl]) });
    }
    await updater.drain();
    const rows = await findings();
    expect(rows).toHaveLength(2);
    const of = (id: string) => rows.find((row) => row.asset_id === id);
    expect(of(edge)).toMatchObject({ exposure_kind: 'internet', use_kind: 'loaded', worst_asset_id: null });
    expect(of(inner)).toMatchObject({ exposure_kind: 'none-seen', use_kind: 'loaded' });
    expect(of(edge)?.risk).toBeGreaterThan(2 * (of(inner)?.risk ?? 100));
  });

  test('a workload behind one that faces the Internet is reached over hops', async () => {
    const host = await inventory.host('web-01');
    const other = await inventory.host('web-02');
    const image = await inventory.image('app:1', [host]);
    const proxy = await inventory.container('proxy', host, undefined);
    const app = await inventory.container('app', other, image);
    await inventory.process(other, app, '/usr/bin/openssl');
    await inventory.edge('internet', proxy, '/proxy', 443);
    await inventory.edge(proxy, app, '/usr/bin/openssl', 8080);
    await receive({ assetId: image, reporterHostId: other, document: anSbom('image', [openssl]) });
    await updater.drain();
    const context = await database.db
      .selectFrom('risk_contexts')
      .select('factors')
      .where('instance_id', '=', app)
      .where('package_id', '>', 0)
      .executeTakeFirstOrThrow();
    expect(context.factors.exposure.reason).toBe('The Internet reaches it in 2 hops: Internet → proxy → app');
    expect(await findings()).toMatchObject([{ exposure: 0.8, worst_asset_id: app }]);
  });
});

describe('the life of a finding', () => {
  const host = () => inventory.host('web-01');

  test('a new feed matches what is stored; what vanished closes, what returns reopens', async () => {
    const id = await host();
    await receive({ assetId: id, reporterHostId: id, document: anSbom('host', [openssl]) });
    const [first] = await findings();
    expect(first).toMatchObject({ status: 'open', feed_version: 'feed-1' });
    content.set([]);
    await receive({ assetId: id, reporterHostId: id, document: anSbom('host', [openssl]) });
    expect(await findings()).toMatchObject([
      { id: first?.id, status: 'closed', close_reason: 'the advisories no longer name this version' },
    ]);
    content.set([{ vulnerability: 'CVE-2026-1', package: 'openssl' }]);
    await receive({ assetId: id, reporterHostId: id, document: anSbom('host', [openssl]) });
    expect(await findings()).toMatchObject([
      { id: first?.id, status: 'open', feed_version: 'feed-3', closed_at: null },
    ]);
    const history = await database.db.selectFrom('finding_history').select('text').orderBy('id').execute();
    expect(history.map((entry) => entry.text)).toEqual([
      'Closed: the advisories no longer name this version',
      'Found again',
    ]);
  });

  test('an upgrade that fixes closes; one that does not keeps the finding', async () => {
    const id = await host();
    await receive({ assetId: id, reporterHostId: id, document: anSbom('host', [openssl]) });
    const [before] = await findings();
    await receive({ assetId: id, reporterHostId: id, document: anSbom('host', [aPackage('openssl', '1.5')]) });
    expect(await findings()).toMatchObject([{ id: before?.id, status: 'open', package_version: '1.5' }]);
    await receive({ assetId: id, reporterHostId: id, document: anSbom('host', [aPackage('openssl', '2.0')]) });
    expect(await findings()).toMatchObject([
      { id: before?.id, status: 'closed', close_reason: 'version 2.0 is installed' },
    ]);
    expect(await assetRow(id)).toMatchObject({ risk: 0 });
  });

  test('without a feed packages are stored, and matched once there is one', async () => {
    content.set(undefined);
    const id = await host();
    await receive({ assetId: id, reporterHostId: id, document: anSbom('host', [openssl]) });
    expect(await findings()).toHaveLength(0);
    expect(await assetRow(id)).toMatchObject({ risk: null });
    expect(await database.db.selectFrom('asset_packages').select('name').execute()).toEqual([{ name: 'openssl' }]);
  });

  test('a hostile SBOM is a failure to be told, or cleaned', async () => {
    const id = await host();
    const broken = await receive({ assetId: id, reporterHostId: id, document: Buffer.from('{"format":') });
    expect(broken.ok).toBe(false);
    const odd = anSbom('host', [
      { ...openssl, name: 'nul\u0000\ud800', purl: 'pkg:deb/debian/nul@1' },
      { ...openssl, purl: `pkg:deb/debian/${'é'.repeat(1500)}@1` },
    ]);
    const received = await receive({ assetId: id, reporterHostId: id, document: odd });
    expect(received).toMatchObject({ ok: true, value: { status: 'partial', packages: 1 } });
    expect(await database.db.selectFrom('asset_packages').select('name').execute()).toEqual([
      { name: 'nul\ufffd\ufffd' },
    ]);
  });
});

import type { Scope } from '@parapet/contract/api';
import type { Package, Sbom } from '@parapet/contract/sbom';
import { createManualClock } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFindingRoutes } from '../findings/finding-routes.ts';
import { closeGone } from '../findings/housekeeping.ts';
import { callRoute } from '../findings/testing/call-route.ts';
import { createFakeContent } from '../findings/testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory, type Inventory } from '../findings/testing/inventory.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createHistoryRoutes } from './history-routes.ts';
import { createSbomReceiver, type SbomReceiver } from './receive-sbom.ts';
import { createUploadRoutes } from './upload-routes.ts';
import { endOldUploads } from './upload-scan.ts';

let database: TestDatabase;
let inventory: Inventory;
let receive: SbomReceiver;
const clock = createManualClock(Date.parse('2026-11-10T00:00:00Z'));
const live = { publish: () => undefined };
const audited: object[] = [];
const content = createFakeContent([{ vulnerability: 'CVE-2026-1', package: 'openssl', fixedVersion: '2.0' }]);

beforeAll(async () => {
  database = await createTestDatabase();
  inventory = createInventory(database.db);
  receive = createSbomReceiver({ db: database.db, content, live, clock });
});
afterAll(() => database[Symbol.asyncDispose]());

const aScan = (target: Sbom['target'], packages: readonly Package[] = [aPackage('openssl', '1.0')]): Buffer =>
  Buffer.from(JSON.stringify({ ...JSON.parse(anSbom('image', packages).toString()), target }));
const routes = () =>
  createUploadRoutes({
    gate: alwaysOpen,
    db: database.db,
    receive,
    clock,
    live,
    audit: { record: async (entry) => void audited.push(entry) },
  });
const upload = (sent: Buffer, { scope = null, labels }: { scope?: Scope; labels?: string } = {}) =>
  callRoute(routes(), 'scans.upload', { sent, scope, query: labels === undefined ? {} : { labels } });
const remove = (assetId: string, scope: Scope = null) =>
  callRoute(routes(), 'scans.removeUpload', { params: { assetId }, scope });
const findingsOf = async (assetId: string, scope: Scope = null) =>
  (
    await callRoute(createFindingRoutes({ db: database.db, content, clock, live }), 'findings.list', {
      query: { assetId },
      scope,
    })
  ).items;
const softwareOf = (id: string) =>
  database.db.selectFrom('asset_software').selectAll().where('asset_id', '=', id).executeTakeFirstOrThrow();

describe('a scan made elsewhere', () => {
  test('is an asset of its own with findings; the next one of the same name replaces it and can be compared', async () => {
    const folder = { kind: 'directory', name: '/srv/shop' } as const;
    const first = await upload(aScan(folder), { labels: 'team=shop,stage=test' });
    expect(first).toMatchObject({
      asset: { kind: 'upload', name: '/srv/shop' },
      outcome: 'shown',
      packages: 1,
      findings: 1,
    });
    expect(await softwareOf(first.asset.id)).toMatchObject({ trust: 'uploaded' });
    const [finding] = await findingsOf(first.asset.id);
    expect(finding).toMatchObject({ asset: { kind: 'upload' }, instances: 0, use: 'installed', status: 'open' });
    expect(audited).toMatchObject([{ action: 'scans.upload', target: '/srv/shop' }]);

    clock.advance(1000);
    const second = await upload(aScan(folder, [aPackage('openssl', '2.0')]));
    expect(second).toMatchObject({ asset: { id: first.asset.id }, findings: 0 });
    const { items } = await callRoute(createHistoryRoutes({ db: database.db }), 'assets.packageLists', {
      params: { assetId: first.asset.id },
    });
    expect(items).toHaveLength(2);
    const other = await upload(aScan({ kind: 'archive', name: '/srv/shop' }));
    expect(other.asset.id).not.toBe(first.asset.id);
  });

  test('of an image that a sensor holds serves until a sensor has read it, whose word goes before', async () => {
    const host = await inventory.host('web-01');
    const image = await inventory.image('shop:1', [host]);
    const digest = `sha256:${'c'.repeat(64)}`;
    await database.db.updateTable('assets').set({ key: digest }).where('id', '=', image).execute();
    const target = { kind: 'image', name: 'registry.example/shop:1', digest } as const;
    expect(await upload(aScan(target))).toMatchObject({
      asset: { id: image, kind: 'image' },
      outcome: 'shown',
      findings: 1,
    });
    expect(await softwareOf(image)).toMatchObject({ trust: 'uploaded' });
    await receive({ assetId: image, reporterHostId: host, document: anSbom('image', [aPackage('zlib', '1.0')]) });
    expect(await softwareOf(image)).toMatchObject({ trust: 'single' });
    expect(await upload(aScan(target))).toMatchObject({ asset: { id: image }, outcome: 'kept-beside', findings: 0 });
    expect((await findingsOf(image)).filter(({ status }) => status === 'open')).toEqual([]);
  });

  test('goes when nobody renews it', async () => {
    const { asset } = await upload(aScan({ kind: 'directory', name: '/old' }));
    const later = new Date(clock.now() + 91 * 24 * 3_600_000);
    expect(await endOldUploads(database.db, new Date(clock.now()))).toBe(0);
    expect(await endOldUploads(database.db, later)).toBeGreaterThan(0);
    await closeGone(database.db, later);
    expect(await findingsOf(asset.id)).toMatchObject([{ status: 'closed' }]);
  });

  test('is removed by hand: its findings end, and the next one of the same name brings it back', async () => {
    const folder = aScan({ kind: 'directory', name: '/mistaken' });
    const { asset } = await upload(folder);
    expect(await remove(asset.id)).toEqual({ closed: 1 });
    expect(await findingsOf(asset.id)).toMatchObject([{ status: 'closed' }]);
    expect(audited.at(-1)).toMatchObject({
      action: 'scans.removeUpload',
      target: '/mistaken',
      details: { findings: 1 },
    });
    await expect(remove(asset.id)).rejects.toMatchObject({ status: 404 });

    expect(await upload(folder)).toMatchObject({ asset: { id: asset.id }, findings: 1 });
  });

  test('is all that can be removed so: an image goes with its host', async () => {
    const image = await inventory.image('kept:1', [await inventory.host('web-02')]);
    await expect(remove(image)).rejects.toMatchObject({ status: 404 });
  });

  test.each([
    ['no JSON', Buffer.from('no'), 'not-json'],
    ['another document', Buffer.from('{}'), 'wrong-shape'],
    [
      'one that read nothing',
      Buffer.from(JSON.stringify({ ...JSON.parse(aScan({ kind: 'host', name: 'x' }).toString()), status: 'failed' })),
      'failed',
    ],
  ])('that is %s is refused', async (_, sent, code) => {
    await expect(upload(sent)).rejects.toMatchObject({ status: 400, code });
  });
});

describe('a caller with a scope', () => {
  const scope = { team: ['mine'], stage: ['test', 'live'] };

  test('must say whose it is where the scope leaves a choice', async () => {
    const folder = aScan({ kind: 'directory', name: '/mine' });
    await expect(upload(folder, { scope })).rejects.toMatchObject({ code: 'label-needed' });
    await expect(upload(folder, { scope, labels: 'stage=live,team=theirs' })).rejects.toMatchObject({
      code: 'label-needed',
    });
    const { asset } = await upload(folder, { scope, labels: 'stage=live' });
    expect(await findingsOf(asset.id, scope)).toHaveLength(1);
    expect(await findingsOf(asset.id, { team: ['theirs'] })).toEqual([]);
    await expect(remove(asset.id, { team: ['theirs'] })).rejects.toMatchObject({ status: 404 });
    // The same name of another scope is another thing.
    expect((await upload(folder)).asset.id).not.toBe(asset.id);
  });

  test('does not reach an image of others by its digest', async () => {
    const host = await inventory.host('theirs-01', { team: 'theirs' });
    const image = await inventory.image('theirs:1', [host]);
    const digest = `sha256:${'d'.repeat(64)}`;
    await database.db.updateTable('assets').set({ key: digest }).where('id', '=', image).execute();
    const scan = aScan({ kind: 'image', name: 'theirs:1', digest });
    const { asset } = await upload(scan, { scope, labels: 'stage=live' });
    expect(asset.kind).toBe('upload');
    expect(await findingsOf(image)).toEqual([]);
  });
});

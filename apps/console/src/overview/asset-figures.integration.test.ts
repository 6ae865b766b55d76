import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFakeContent } from '../findings/testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory } from '../findings/testing/inventory.ts';
import { createSbomReceiver } from '../sboms/receive-sbom.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { readAssetFigures } from './asset-figures.ts';

let store: TestDatabase;
/** Everything was first seen on the first of November. */
const seen = new Date('2026-11-01T00:00:00Z');
const before = new Date('2026-10-31T00:00:00Z');
const after = new Date('2026-11-02T00:00:00Z');

/** A host with packages and one that lists none, one not scanned, what runs on the first, and an uploaded scan. */
beforeAll(async () => {
  store = await createTestDatabase();
  const { db } = store;
  const inventory = createInventory(db);
  const web = await inventory.host('web', { team: 'shop' });
  const empty = await inventory.host('empty');
  await inventory.host('unscanned');
  const image = await inventory.image('shop/web', [web]);
  await inventory.container('of an image', web, image);
  await inventory.container('unread', web, undefined);
  const ended = await inventory.container('over', web, undefined);
  await db.updateTable('assets').set({ status: 'gone' }).where('id', '=', ended).execute();
  const stopped = await inventory.container('stopped', web, image);
  await db.updateTable('assets').set({ status: 'stopped' }).where('id', '=', stopped).execute();
  const receive = createSbomReceiver({
    db,
    content: createFakeContent(),
    live: { publish: () => undefined },
    clock: { now: () => Date.parse('2026-11-01T01:00:00Z') },
  });
  await db
    .insertInto('assets')
    .values({
      ...{ id: randomUUID(), kind: 'upload', key: 'a build', name: 'a build', status: 'present', record: '{}' },
      ...{ runtime_labels: '{}', people_labels: '{}', first_seen_at: seen, last_seen_at: seen },
    })
    .execute();
  for (const [host, packages] of [
    [web, [aPackage('openssl', '1.0', ['/usr/lib/libssl.so'])]],
    [empty, []],
  ] as const) {
    const received = await receive({ assetId: host, reporterHostId: host, document: anSbom('host', packages) });
    if (!received.ok) throw new Error(received.error.message);
  }
});
afterAll(() => store[Symbol.asyncDispose]());

test('counts what is there, what is new and what is not known in one reading', async () => {
  expect(await readAssetFigures(store.db, null, before)).toEqual({
    // As the page of assets lists them: all that are not gone.
    counts: { hosts: 3, containers: 3, images: 1, uploads: 1, notKnown: 5 },
    // What came and went is news as well.
    news: { hosts: 3, containers: 4 },
    ...{ unscanned: 2, contradicted: 0, unread: 1 },
    distributions: [{ distribution: expect.objectContaining({ id: 'debian' }), assets: 2, holding: 1 }],
  });
  expect((await readAssetFigures(store.db, null, after)).news).toEqual({ hosts: 0, containers: 0 });
});

test('counts within a scope only, and nothing as nothing', async () => {
  expect(await readAssetFigures(store.db, { team: ['shop'] }, before)).toMatchObject({
    counts: { hosts: 1, containers: 3, images: 1 },
    news: { hosts: 1, containers: 4 },
    ...{ unscanned: 1, unread: 1 },
    distributions: [{ assets: 1, holding: 1 }],
  });
  expect(await readAssetFigures(store.db, { team: ['nobody'] }, before)).toEqual({
    counts: { hosts: 0, containers: 0, images: 0, uploads: 0, notKnown: 0 },
    news: { hosts: 0, containers: 0 },
    ...{ unscanned: 0, contradicted: 0, unread: 0, distributions: [] },
  });
});

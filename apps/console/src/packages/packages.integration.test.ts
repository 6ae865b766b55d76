import { PackageFilter, type Scope } from '@parapet/contract/api';
import { createManualClock } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { callRoute } from '../findings/testing/call-route.ts';
import { createFakeContent } from '../findings/testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory } from '../findings/testing/inventory.ts';
import { writeFindings } from '../findings/write-lock.ts';
import { createSearchRoute } from '../graph/search.ts';
import { forgetUnusedNames } from '../sboms/asset-packages.ts';
import { createSbomReceiver } from '../sboms/receive-sbom.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { findPlaces } from './find-places.ts';
import { findVersions } from './find-versions.ts';

const content = createFakeContent();
let database: TestDatabase;
let ids: { web: string; other: string; image: string; keeps: string; lost: string };

const npm = (name: string, version: string) => ({
  ...aPackage(name, version),
  purl: `pkg:npm/${name}@${version}`,
  type: 'npm',
  location: `/srv/${name}/package-lock.json`,
  evidence: 'locked' as const,
});

beforeAll(async () => {
  database = await createTestDatabase();
  const { db } = database;
  const inventory = createInventory(db);
  const web = await inventory.host('web-1', { team: 'a' });
  const other = await inventory.host('other-1', { team: 'b' });
  const image = await inventory.image('shop', [web]);
  const keeps = await inventory.container('keeps', web, image);
  const lost = await inventory.container('lost', web, image);
  ids = { web, other, image, keeps, lost };
  const clock = createManualClock(Date.parse('2026-11-28T10:00:00Z'));
  const receive = createSbomReceiver({ db, content, live: { publish: () => undefined }, clock });
  const take = async (assetId: string, reporterHostId: string, document: Buffer): Promise<void> => {
    const received = await receive({ assetId, reporterHostId, document });
    expect(received).toMatchObject({ ok: true });
  };
  const huge = 'x'.repeat(900);
  await take(
    web,
    web,
    anSbom('host', [aPackage('openssl', '3.0.9-1'), aPackage('libssl3', '3.0.9-1'), aPackage(huge, '1')]),
  );
  await take(other, other, anSbom('host', [aPackage('openssl', '3.0.15-1'), npm('openssl', '1.0.0')]));
  await take(image, web, anSbom('image', [aPackage('openssl', '3.0.11-1'), npm('Lodash', '4.17.20')]));
  await take(lost, web, anSbom('container', [npm('Lodash', '4.17.20')]));
});
afterAll(() => database[Symbol.asyncDispose]());

const filter = z.object(PackageFilter);
const versions = async (query: z.input<typeof filter>, scope: Scope = null) =>
  findVersions(database.db, filter.parse(query), scope);
const named = async (query: z.input<typeof filter>, scope: Scope = null): Promise<readonly string[]> =>
  (await versions(query, scope)).items.map((item) => `${item.type} ${item.name} ${item.version} ${item.assets}`);
const places = (query: z.input<typeof filter>, scope: Scope = null, page = {}) =>
  findPlaces({ db: database.db, content }, { ...filter.parse(query), limit: 100, ...page }, scope);

describe('versions of a package', () => {
  test('the name itself first, the newest version first, by the order of its kind', async () => {
    expect(await named({ q: 'SSL' })).toEqual([
      'dpkg libssl3 3.0.9-1 1',
      'dpkg openssl 3.0.15-1 1',
      'dpkg openssl 3.0.11-1 1',
      'dpkg openssl 3.0.9-1 1',
      'npm openssl 1.0.0 1',
    ]);
    expect(await named({ q: 'openssl', match: 'exact', type: 'dpkg' })).toHaveLength(3);
    expect(await named({ q: 'ssl', match: 'prefix' })).toEqual([]);
    expect(await named({ q: 'lod' })).toEqual(['npm Lodash 4.17.20 1']);
    expect(await named({ q: 'op' })).toHaveLength(4);
    expect(await named({ q: '%' })).toEqual([]);
  });

  test('bounds are asked in the order of the kind', async () => {
    expect(await named({ q: 'openssl', type: 'dpkg', version: '>=3.0.10 <3.0.15' })).toEqual([
      'dpkg openssl 3.0.11-1 1',
    ]);
    await expect(versions({ q: 'openssl', version: '<' })).rejects.toMatchObject({ status: 400, code: 'bad-version' });
  });

  test('only what is in scope is counted', async () => {
    expect(await named({ q: 'openssl', match: 'exact' }, { team: ['a'] })).toEqual([
      'dpkg openssl 3.0.11-1 1',
      'dpkg openssl 3.0.9-1 1',
    ]);
    expect(await named({ q: 'openssl' }, { team: ['nobody'] })).toEqual([]);
  });
});

describe('places of a package', () => {
  test('say the asset, where in it and how it is known', async () => {
    const { items, total } = await places({ q: 'lodash' });
    expect(total).toBe(1);
    expect(items).toMatchObject([
      {
        asset: { id: ids.image, kind: 'image', name: 'shop' },
        location: '/srv/Lodash/package-lock.json',
        evidence: 'locked',
        containers: { count: 2 },
      },
    ]);
  });

  test('a container that removed it is not counted with its image', async () => {
    const { items } = await places({ q: 'openssl', version: '3.0.11-1' });
    expect(items).toMatchObject([
      { asset: { id: ids.image }, containers: { count: 1, some: [{ id: ids.keeps, name: 'keeps' }] } },
    ]);
  });

  test('pages hold everything once', async () => {
    const seen: string[] = [];
    for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
      const page = await places({ q: 'openssl' }, null, { limit: 1, after });
      expect(page.total).toBe(4);
      seen.push(...page.items.map((item) => item.id));
      after = page.next;
    }
    expect(new Set(seen).size).toBe(4);
    expect(seen).toHaveLength(4);
    await expect(places({ q: 'openssl' }, null, { after: 'x' })).rejects.toMatchObject({ status: 400 });
  });

  test('nothing of other teams', async () => {
    const { items } = await places({ q: 'openssl' }, { team: ['b'] });
    expect(new Set(items.map((item) => item.asset.name))).toEqual(new Set(['other-1']));
  });
});

test('what a gone asset held counts nowhere, for those who see all and in a scope', async () => {
  const { db } = database;
  const is = (status: 'running' | 'gone') =>
    db.updateTable('assets').set({ status }).where('id', '=', ids.other).execute();
  await is('gone');
  try {
    for (const scope of [null, { team: ['a', 'b'] }]) {
      expect(await named({ q: 'openssl' }, scope)).toEqual(['dpkg openssl 3.0.11-1 1', 'dpkg openssl 3.0.9-1 1']);
      expect((await places({ q: 'openssl' }, scope)).total).toBe(2);
      expect(await named({ q: 'openssl', type: 'npm' }, scope)).toEqual([]);
      const { items } = await callRoute(createSearchRoute({ database: db }), 'search.all', {
        query: { q: 'openssl' },
        ...(scope === null ? {} : { scope }),
      });
      expect(items.map(({ title, detail }) => `${title}: ${detail}`)).toEqual(['openssl: dpkg 3.0.9-1 on 2 assets']);
    }
  } finally {
    await is('running');
  }
});

test('a name too long for an index is stored and not searched; one that nothing has any more is forgotten', async () => {
  expect(await named({ q: 'xxxxx' })).toEqual([]);
  const { db } = database;
  await db.insertInto('package_names').values({ type: 'npm', name: 'left-over' }).execute();
  expect(await writeFindings(db, forgetUnusedNames)).toBe(1);
  expect(await named({ q: 'openssl' })).toHaveLength(4);
});

import { createManualClock } from '@parapet/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFakeContent } from '../findings/testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory } from '../findings/testing/inventory.ts';
import type { HandlerRequest } from '../http/handler.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createHistoryRoutes } from './history-routes.ts';
import { keptLists } from './package-history.ts';
import { createSbomReceiver } from './receive-sbom.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

test('the last different lists of an asset are kept and compared', async () => {
  const { db } = database;
  const host = await createInventory(db).host('web-1', { team: 'a' });
  const clock = createManualClock(Date.parse('2026-11-20T10:00:00Z'));
  const receive = createSbomReceiver({ db, content: createFakeContent(), live: { publish: () => undefined }, clock });
  const scan = async (version: string): Promise<void> => {
    clock.advance(3_600_000);
    const packages = [aPackage('openssl', version, ['/usr/bin/openssl']), aPackage('bash', '5.2')];
    const document = anSbom('host', version === '3.0.9' ? packages : [...packages, aPackage('jq', '1.7')]);
    expect(await receive({ assetId: host, reporterHostId: host, document })).toMatchObject({ ok: true });
  };
  await scan('3.0.9');
  await scan('3.0.9');
  const routes = createHistoryRoutes({ db });
  const caller = (scope: Record<string, string[]> | null) => ({ caller: { scope }, params: { assetId: host } });
  const lists = async (scope: Record<string, string[]> | null = null) =>
    (await routes['assets.packageLists'](caller(scope) as unknown as HandlerRequest<'assets.packageLists'>)).items;
  const changes = (query: { from: string; to?: string }) =>
    routes['assets.packageChanges']({ ...caller(null), query } as unknown as HandlerRequest<'assets.packageChanges'>);

  expect(await lists()).toMatchObject([{ packages: 2, at: '2026-11-20T12:00:00.000Z' }]);
  await scan('3.0.10');
  const [now, former] = await lists();
  expect(former).toMatchObject({ packages: 2, at: '2026-11-20T12:00:00.000Z', replacedAt: '2026-11-20T13:00:00.000Z' });
  expect(await changes({ from: former?.id ?? '' })).toMatchObject({
    came: [{ name: 'jq', to: ['1.7'] }],
    went: [],
    changed: [{ name: 'openssl', from: ['3.0.9'], to: ['3.0.10'] }],
  });
  expect(await changes({ from: now?.id ?? '', to: former?.id ?? '' })).toMatchObject({ went: [{ name: 'jq' }] });
  expect(await lists({ team: ['b'] })).toEqual([]);

  for (let patch = 11; patch < 20; patch += 1) await scan(`3.0.${patch}`);
  expect(await lists()).toHaveLength(keptLists + 1);
  await expect(changes({ from: former?.id ?? '' })).rejects.toMatchObject({ status: 404 });
});

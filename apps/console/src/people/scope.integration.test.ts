import type { Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInventory } from '../findings/testing/inventory.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { type AskedScope, inScope, workOutScope } from './scope.ts';

let store: TestDatabase;
beforeAll(async () => {
  store = await createTestDatabase();
  const inventory = createInventory(store.db);
  const web = await inventory.host('web', { team: 'shop' });
  const other = await inventory.host('other', { team: 'search', tier: 'front' });
  const image = await inventory.image('shop/web', [web]);
  await inventory.container('of the shop', web, image);
  await inventory.container('of the search', other, undefined);
});
afterAll(() => store[Symbol.asyncDispose]());

const namesIn = async (scope: AskedScope): Promise<readonly string[]> => {
  const { rows } = await sql<{ name: string }>`
    select name from assets where ${inScope(scope, sql.ref('assets.id'))} order by name`.execute(store.db);
  return rows.map(({ name }) => name);
};

const scopes: readonly (readonly [Scope, number])[] = [
  [null, 5],
  [{ team: ['shop'] }, 3],
  [{ team: ['search'], tier: ['front'] }, 2],
  [{ team: ['shop', 'search'] }, 5],
  [{ team: ['nobody'] }, 0],
];

test.each(scopes)(
  'a scope that is worked out once lets through what it does in each statement: %j',
  async (scope, assets) => {
    const names = await namesIn(scope);
    expect(names).toHaveLength(assets);
    expect(await namesIn(await workOutScope(store.db, scope))).toEqual(names);
  },
);

test('a scope worked out is as of then, and one of too many assets is asked by its labels', async () => {
  const scope = { team: ['large'] };
  const before = await workOutScope(store.db, scope);
  await sql`
    insert into assets (id, kind, key, name, status, record, runtime_labels, people_labels, first_seen_at, last_seen_at)
    select gen_random_uuid(), 'host', 'large-' || n, 'large-' || n, 'running', '{}', '{"team": "large"}', '{}', now(), now()
    from generate_series(1, 5001) as n`.execute(store.db);
  expect(await namesIn(before)).toEqual([]);
  const after = await workOutScope(store.db, scope);
  expect(after).toBe(scope);
  expect(await namesIn(after)).toHaveLength(5001);
});

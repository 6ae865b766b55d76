import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createInventory } from '../findings/testing/inventory.ts';
import { inScope } from '../people/scope.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { allowedIn, amongThose } from './allowed.ts';

test('names the hosts in scope, and of others only the containers that are in it by their own labels', async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const inventory = createInventory(db);
  const mine = await inventory.host('mine', { team: 'a' });
  const theirs = await inventory.host('theirs', { team: 'b' });
  const image = await inventory.image('shop', [mine, theirs]);
  const brought = await inventory.container('brought', mine, image);
  const both = await inventory.container('both', mine, image, { labels: { team: 'a' } });
  const single = await inventory.container('single', theirs, image, { labels: { team: 'a' } });
  await inventory.container('other', theirs, image, { labels: { team: 'b' } });
  expect(await allowedIn(db, null)).toBeUndefined();
  const allowed = await allowedIn(db, { team: ['a'] });
  const { key } = await db.selectFrom('assets').select('key').where('id', '=', single).executeTakeFirstOrThrow();
  expect(allowed).toEqual({
    hosts: [mine],
    containers: [key.slice(key.indexOf(':') + 1)],
    allHosts: [mine, theirs],
  });
  const { rows } = await sql<{ id: string }>`
    select id from assets where kind in ('host', 'container') and ${inScope({ team: ['a'] }, sql.ref('id'))}`.execute(
    db,
  );
  expect(new Set(rows.map(({ id }) => id))).toEqual(new Set([mine, brought, both, single]));
});

test('asks nothing more of hosts that are all in scope, and of others as much as before', () => {
  const allowed = { hosts: ['a', 'b'], containers: ['c'], allHosts: ['a', 'b', 'd'] };
  expect(amongThose(allowed, ['a', 'b', 'a'])).toBeUndefined();
  expect(amongThose(allowed, ['a', 'd', 'e'])).toEqual({ ...allowed, hosts: ['a'] });
  expect(amongThose(allowed, ['e'])).toEqual({ ...allowed, hosts: [] });
  expect(amongThose(allowed, undefined)).toBe(allowed);
  expect(amongThose(undefined, ['e'])).toBeUndefined();
});

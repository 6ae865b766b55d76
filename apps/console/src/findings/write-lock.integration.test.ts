import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createInventory } from './testing/inventory.ts';
import { writeFindings } from './write-lock.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

test('writers take turns', async () => {
  const order: string[] = [];
  const write = (name: string) =>
    writeFindings(database.db, async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${name} ends`);
    });
  await Promise.all([write('a'), write('b'), write('c')]);
  expect(order).toHaveLength(6);
  for (let index = 0; index < 6; index += 2) {
    expect(order[index + 1]).toBe(order[index]?.replace('begins', 'ends'));
  }
});

test('a deadlock with another transaction is no failure', async () => {
  const { db } = database;
  const inventory = createInventory(db);
  const [first, second] = [await inventory.host('a'), await inventory.host('b')];
  const touch = (tx: typeof db, id: string) =>
    tx.updateTable('assets').set({ exposure: 'zones' }).where('id', '=', id).execute();
  const bothHeld = Promise.withResolvers<void>();
  let tries = 0;
  const ours = writeFindings(db, async (tx) => {
    tries += 1;
    await touch(tx, first);
    if (tries === 1) await bothHeld.promise;
    await touch(tx, second);
  });
  const theirs = db
    .transaction()
    .execute(async (tx) => {
      await touch(tx, second);
      bothHeld.resolve();
      await touch(tx, first);
    })
    .catch((error: unknown) => error);
  await Promise.all([ours, theirs]);
  const rows = await db.selectFrom('assets').select('exposure').execute();
  expect(rows).toEqual([{ exposure: 'zones' }, { exposure: 'zones' }]);
});

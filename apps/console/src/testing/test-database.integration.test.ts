import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createTestDatabase } from './test-database.ts';

test('databases are migrated, apart from each other and quick to make', async () => {
  await using first = await createTestDatabase();
  await using second = await createTestDatabase();
  await first.db.insertInto('console_settings').values({ name: 'here', value: '1', updated_at: new Date() }).execute();
  expect(await first.db.selectFrom('console_settings').select('name').execute()).toEqual([{ name: 'here' }]);
  expect(await second.db.selectFrom('console_settings').select('name').execute()).toEqual([]);
  const { rows } = await sql<{ count: number }>`select count(*) as count from schema_migrations`.execute(second.db);
  expect(rows[0]?.count).toBeGreaterThan(1);
});

import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { migrateDatabase } from '../database/migrate.ts';
import { migrations } from '../database/migrations/index.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { insertSyntheticFindings } from './synthetic-findings.ts';
import { noneWrong, wrongRollUps } from './testing/roll-ups.ts';

const size = { hosts: 8, images: 4, vulnerabilities: 90, findingsEach: 40 };

test('roll-ups that an earlier version wrote stay right through the upgrade and what is written after it', async () => {
  await using database = await createTestDatabase({ migrated: false });
  const { db } = database;
  const before = migrations.slice(
    0,
    migrations.findIndex(([name]) => name === '0045-roll-up-merges'),
  );
  await migrateDatabase(db, { version: '0.1.0', migrations: before });
  await insertSyntheticFindings(db, size);
  await sql`update findings set risk = 99 where vulnerability_id % 9 = 0`.execute(db);
  const { applied } = await migrateDatabase(db, { version: '0.1.0' });
  expect(applied).toContain('0045-roll-up-merges');
  expect(await wrongRollUps(db)).toEqual(noneWrong);
  // The highest risks leave their groups, groups become empty, and cells are taken anew.
  await sql`update findings set risk = 10 where vulnerability_id % 18 = 0`.execute(db);
  await sql`delete from findings where vulnerability_id % 9 = 0 and kev = false`.execute(db);
  await sql`update findings set status = 'closed', closed_at = now() where product_id = 3`.execute(db);
  expect(await wrongRollUps(db)).toEqual(noneWrong);
  await sql`delete from findings`.execute(db);
  expect(await wrongRollUps(db)).toEqual(noneWrong);
});

test('whatever is changed, roll-ups equal what they sum', async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  await insertSyntheticFindings(db, size);
  expect(await wrongRollUps(db)).toEqual(noneWrong);
  const changes = [
    // As the risk of one asset is computed anew; up, down, and to what others have.
    sql`update findings set risk = round((risk * 7 + 13)::numeric % 100, 1) where asset_id = md5('asset1')::uuid`,
    sql`update findings set risk = 100 where asset_id = md5('asset2')::uuid`,
    sql`update findings set risk = 100 where asset_id = md5('asset3')::uuid`,
    sql`update findings set risk = 0 where asset_id = md5('asset2')::uuid`,
    sql`update findings set fix_id = 1 + fix_id % 15 where asset_id = md5('asset4')::uuid`,
    sql`update findings set kev = not kev where asset_id = md5('asset5')::uuid`,
    sql`update findings set status = case status when 'open' then 'accepted' else 'open' end, closed_at = null`,
    sql`update findings set purl = purl || '?' where asset_id = md5('asset6')::uuid`,
  ];
  for (const change of changes) {
    await change.execute(db);
    expect(await wrongRollUps(db)).toEqual(noneWrong);
  }
});

test('transactions that change the same groups at once, without the writers’ lock, wait for each other and count right', async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  await insertSyntheticFindings(db, size);
  // All assets share vulnerabilities, packages and fixes; each changes its own rows.
  const change = async (asset: number): Promise<void> => {
    for (let round = 0; round < 12; round += 1)
      await sql`update findings set risk = round((risk * 7 + ${round + asset}::int)::numeric % 100, 1), status = case when risk > 50 then 'open' else 'accepted' end
        where asset_id = md5('asset' || ${asset}::int)::uuid`.execute(db);
  };
  await Promise.all([1, 2, 3, 4].map(change));
  expect(await wrongRollUps(db)).toEqual(noneWrong);
});

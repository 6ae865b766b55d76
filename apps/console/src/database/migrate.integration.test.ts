import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import { createTestDatabase } from '../testing/test-database.ts';
import { connectDatabase } from './connect.ts';
import { migrateDatabase } from './migrate.ts';
import type { Migration } from './migrations/index.ts';
import { migrations } from './migrations/index.ts';

const step = (name: string, statement: string): readonly [string, Migration] => [
  name,
  { up: async (db) => void (await sql.raw(statement).execute(db)) },
];

test('applies what is missing, in order, once', async () => {
  await using database = await createTestDatabase({ migrated: false });
  const first = [step('0001-a', 'create table a (x int)')];
  expect(await migrateDatabase(database.db, { version: '1.0.0', migrations: first })).toEqual({ applied: ['0001-a'] });
  const second = [...first, step('0002-b', 'alter table a add y int')];
  const asked: (readonly string[])[] = [];
  const beforeUpgrade = async (pending: readonly string[]) => void asked.push(pending);
  expect(await migrateDatabase(database.db, { version: '1.1.0', migrations: second, beforeUpgrade })).toEqual({
    applied: ['0002-b'],
  });
  expect(await migrateDatabase(database.db, { version: '1.1.0', migrations: second, beforeUpgrade })).toEqual({
    applied: [],
  });
  expect(asked).toEqual([['0002-b']]);
});

test('a migration that fails leaves nothing of itself, and what came before stays', async () => {
  await using database = await createTestDatabase({ migrated: false });
  const broken = [step('0001-a', 'create table a (x int)'), step('0002-b', 'create table b (x int); select 1 / 0')];
  await expect(migrateDatabase(database.db, { version: '1.0.0', migrations: broken })).rejects.toThrow(
    'division by zero',
  );
  const mended = [broken[0] ?? step('', ''), step('0002-b', 'create table b (x int)')];
  expect(await migrateDatabase(database.db, { version: '1.0.0', migrations: mended })).toEqual({ applied: ['0002-b'] });
});

test('losses that older sensors told twice count once, each as what it is', async () => {
  await using database = await createTestDatabase({ migrated: false });
  const before = migrations.filter(([name]) => name < '0032');
  await migrateDatabase(database.db, { version: '1.0.0', migrations: before });
  await database.db.transaction().execute(async (trx) => {
    // The hosts of these rows do not matter here.
    await sql`set local session_replication_role = replica`.execute(trx);
    await sql`
      insert into losses (host_id, run_id, collector, stage, cause, lost, first_at, last_at)
      select gen_random_uuid(), run::uuid, collector, stage, cause, lost, now(), now()
      from (values
        ('11111111-1111-4111-8111-111111111111', 'network', 'kernel', 'ring', 3),
        ('11111111-1111-4111-8111-111111111111', 'activity', 'reader', 'arguments of a start', 4),
        ('11111111-1111-4111-8111-111111111111', 'files', 'kernel', 'told once only', 5),
        ('11111111-1111-1111-1111-111111111111', 'activity', 'kernel', 'ring full', 6)
      ) as told (run, collector, stage, cause, lost)`.execute(trx);
    await sql`
      insert into losses (host_id, run_id, collector, stage, cause, lost, first_at, last_at)
      select host_id, '11111111-1111-4111-8111-111111111111', collector, stage, cause, lost, now(), now()
      from losses where cause = 'ring full'`.execute(trx);
  });
  await migrateDatabase(database.db, { version: '1.1.0', migrations });
  const losses = await database.db.selectFrom('losses').select(['kind', 'lost']).orderBy('lost').execute();
  expect(losses.map(({ kind, lost }) => [kind, Number(lost)])).toEqual([
    ['records', 3],
    ['arguments', 4],
    ['events', 5],
    ['events', 6],
  ]);
});

test('accounts of every few seconds become one a minute, which know where they begin, and no sum changes', async () => {
  await using database = await createTestDatabase({ migrated: false });
  await migrateDatabase(database.db, { version: '1.0.0', migrations: migrations.filter(([name]) => name < '0041') });
  await sql`
    insert into telemetry_accounts (host_id, collector, since, until, produced, told, unwanted, lost, losses, received_at)
    select gen_random_uuid(), 'activity', 60000 * start, 60000 * start + 5000 * n, 10 * n, 10 * n, 0, n / 13, '[]', now()
    from (values (1), (2)) as starts (start), generate_series(1, 30) n`.execute(database.db);
  await sql`update telemetry_accounts set host_id = '00000000-0000-4000-8000-0000000000aa'`.execute(database.db);
  await migrateDatabase(database.db, { version: '1.1.0', migrations });
  const { rows } = await sql<Record<string, number>>`
    select (since / 60000)::int as start, ((began - since) / 1000)::int as began, ((until - since) / 1000)::int as until,
      produced::int, lost_before::int, lost::int
    from telemetry_accounts order by since, until`.execute(database.db);
  const ofOne = [
    { began: 0, until: 55, produced: 110, lost_before: 0, lost: 0 },
    { began: 55, until: 115, produced: 230, lost_before: 0, lost: 1 },
    { began: 115, until: 150, produced: 300, lost_before: 1, lost: 2 },
  ];
  expect(rows).toEqual([1, 2].flatMap((start) => ofOne.map((row) => ({ start, ...row }))));
});

test('since when collectors tell is known of accounts that are there, and what a clock ahead told ends when it came', async () => {
  await using database = await createTestDatabase({ migrated: false });
  await migrateDatabase(database.db, { version: '1.0.0', migrations: migrations.filter(([name]) => name < '0042') });
  const came = Date.UTC(2026, 10, 20);
  const hour = 3_600_000;
  await sql`
    insert into telemetry_accounts (host_id, collector, since, until, produced, told, unwanted, lost, losses, received_at, began, lost_before)
    select '00000000-0000-4000-8000-0000000000aa', collector, since, until, 9, 9, 0, 4, '[]', ${new Date(came)}, since, 0
    from (values ('activity', ${came - 2 * hour}::bigint, ${came - hour}::bigint), ('activity', ${came - 2 * hour}, ${came + 900 * 24 * hour}),
      ('activity', ${came - 2 * hour}, ${came + 800 * 24 * hour}), ('files', ${came + 700 * 24 * hour}, ${came + 700 * 24 * hour}),
      ('spool', ${came - 3 * hour}, ${came})) as told (collector, since, until)`.execute(database.db);
  await migrateDatabase(database.db, { version: '1.1.0', migrations });
  const accounts = await sql<Record<string, unknown>>`
    select collector, (until - ${came}) / ${hour} as until, (began - ${came}) / ${hour} as began from telemetry_accounts order by 1, 2`.execute(
    database.db,
  );
  expect(accounts.rows.map((row) => [row['collector'], Number(row['until']), Number(row['began'])])).toEqual([
    ['activity', -1, -2],
    ['activity', 0, -2],
    ['files', 0, 0],
    ['spool', 0, -3],
  ]);
  const watched = await database.db.selectFrom('telemetry_watched').selectAll().orderBy('collector').execute();
  expect(watched.map(({ collector, since }) => [collector, (Number(since) - came) / hour])).toEqual([
    ['activity', -2],
    ['files', 0],
  ]);
});

test('of several consoles that start at once one migrates and all go on', async () => {
  await using database = await createTestDatabase({ migrated: false });
  const others = Array.from({ length: 4 }, () => connectDatabase({ address: database.address, maxConnections: 2 }));
  const outcomes = await Promise.all(others.map(({ db }) => migrateDatabase(db, { version: '1.0.0' })));
  for (const { close } of others) await close();
  expect(outcomes.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
});

test('killed in the middle of a migration, the next start goes on where it was', async () => {
  await using database = await createTestDatabase({ migrated: false });
  const { address } = database;
  if (address.kind !== 'socket') throw new Error('The test database has a socket.');
  const child = spawn(process.execPath, [join(import.meta.dirname, '../testing/migrating-child.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { SOCKET_DIR: address.socketDir(), DATABASE: address.database, DATABASE_USER: address.user },
  });
  const reached = sql<{ there: number }>`
    select count(*)::int as there from pg_stat_activity where datname = ${address.database} and query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()`;
  await vi.waitFor(async () => expect((await reached.execute(database.db)).rows[0]?.there).toBe(1), {
    timeout: 180_000,
    interval: 50,
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  let waited = false;
  const next = [step('0001-a', 'create table a (x int)'), step('0002-b', 'create table b (x int)')];
  const outcome = await migrateDatabase(database.db, {
    version: '1.0.0',
    migrations: next,
    onWait: () => {
      waited = true;
    },
  });
  expect(outcome).toEqual({ applied: ['0002-b'] });
  expect(waited).toBe(true);
});

test('a schema of a newer program is refused, and the program named', async () => {
  await using database = await createTestDatabase();
  await sql`insert into schema_migrations (name, program_version) values ('9999-later', '4.2.0')`.execute(database.db);
  await expect(migrateDatabase(database.db, { version: '0.1.0' })).rejects.toThrow(
    'The database was written by Parapet 4.2.0, which is newer than this program. Start that version or a later one.',
  );
});

test('names are unique and in order', () => {
  const names = migrations.map(([name]) => name);
  expect(names).toEqual([...new Set(names)].sort());
});

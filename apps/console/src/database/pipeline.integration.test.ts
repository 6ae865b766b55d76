import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { allOf } from './pipeline.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  await sql`create table noted (id integer primary key, text text not null)`.execute(database.db);
});
afterAll(() => database[Symbol.asyncDispose]());

const noted = async (): Promise<readonly number[]> => {
  const { rows } = await sql<{ id: number }>`select id from noted order by id`.execute(database.db);
  return rows.map((row) => row.id);
};

test('what is asked at the same time is answered each with its own, in one transaction', async () => {
  const { transact, db } = database;
  const answers = await transact(async (trx) => {
    await sql`insert into noted values (1, 'a')`.execute(trx);
    expect(await noted()).toEqual([]);
    return allOf(
      Array.from({ length: 50 }, (_, at) =>
        sql<{ value: number; one: number }>`select ${at}::int as value, count(*) as one from noted`.execute(trx),
      ),
    );
  });
  expect(answers.map(({ rows }) => rows)).toEqual(Array.from({ length: 50 }, (_, value) => [{ value, one: 1 }]));
  expect(await noted()).toEqual([1]);
  await sql`delete from noted`.execute(db);
});

test('a statement that fails undoes all, and is what the caller hears of, whatever came after it', async () => {
  const { transact } = database;
  const insert = (id: number, text: string | null) => (trx: Parameters<Parameters<typeof transact>[0]>[0]) =>
    sql`insert into noted (id, text) values (${id}, ${text})`.execute(trx);
  // Often enough that the statement is prepared, also in the middle of what fails.
  for (let round = 0; round < 6; round += 1) {
    const failing = transact((trx) =>
      allOf([
        insert(1, 'a')(trx).then(() => insert(5, 'late')(trx)),
        insert(2, null)(trx),
        insert(3, 'c')(trx),
        sql`select 1`.execute(trx),
      ]),
    );
    await expect(failing).rejects.toMatchObject({ code: '23502' });
    expect(await noted()).toEqual([]);
  }
  await transact((trx) => allOf([insert(1, 'a')(trx), insert(2, 'b')(trx)]));
  expect(await noted()).toEqual([1, 2]);
  await sql`delete from noted`.execute(database.db);
});

test('a failure that the work did not hear of is no commit', async () => {
  const { transact } = database;
  const work = transact(async (trx) => {
    await sql`insert into noted values (1, 'a')`.execute(trx);
    await sql`select 1 / 0`.execute(trx).catch(() => undefined);
  });
  await expect(work).rejects.toThrow('given up before its end');
  expect(await noted()).toEqual([]);
});

test('what is asked after the end is refused, never done outside the transaction', async () => {
  const { transact } = database;
  const kept = await transact(async (trx) => trx);
  await expect(sql`insert into noted values (9, 'stray')`.execute(kept)).rejects.toThrow('after the end');
  const failed: { trx?: typeof kept } = {};
  const work = transact(async (trx) => {
    failed.trx = trx;
    throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
  if (failed.trx === undefined) throw new Error('The work was not begun.');
  await expect(sql`insert into noted values (9, 'stray')`.execute(failed.trx)).rejects.toThrow('after the end');
  expect(await noted()).toEqual([]);
});

test('a connection that breaks in the middle fails what runs on it; the next transaction has another', async () => {
  const { transact } = database;
  const work = transact((trx) =>
    allOf([
      sql`insert into noted values (1, 'a')`.execute(trx),
      sql`select pg_terminate_backend(pg_backend_pid())`.execute(trx),
      sql`insert into noted values (2, 'b')`.execute(trx),
    ]),
  );
  await expect(work).rejects.toThrow();
  await transact((trx) => sql`insert into noted values (3, 'c')`.execute(trx));
  expect(await noted()).toEqual([3]);
});

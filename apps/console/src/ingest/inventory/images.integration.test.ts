import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { frameOf, type PlayedHost, playHost } from '../../testing/played-host.ts';
import { imageRecord, putLine } from '../../testing/records.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.ts';
import { applyBatch } from '../apply-batch.ts';
import { createHostTime } from '../host-time.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const keyOf = (n: number): string => `sha256:${String(n).padStart(64, '0')}`;
const statusOf = async (key: string): Promise<string | undefined> =>
  (await database.db.selectFrom('assets').select('status').where('key', '=', key).executeTakeFirst())?.status;

/** Tells of an image in a transaction of its own, open until the end of the block. */
const hold = async (host: PlayedHost, key: string): Promise<AsyncDisposable & { commit: () => Promise<void> }> => {
  const trx = await database.db.startTransaction().execute();
  const { epoch, seq } = host.position();
  await applyBatch(trx, {
    hostId: host.id,
    runId: randomUUID(),
    bootId: 'boot-1',
    time: createHostTime(Date.now(), 0),
    frames: [frameOf(epoch, seq + 1, [putLine(imageRecord(key))])],
    holding: undefined,
  });
  return {
    commit: () => trx.commit().execute(),
    [Symbol.asyncDispose]: async () => {
      if (!trx.isCommitted) await trx.rollback().execute();
    },
  };
};

test('hosts that hold an image which is there already do not wait for each other', async () => {
  const { db } = database;
  const [first, second, third] = [await playHost(db), await playHost(db), await playHost(db)];
  await first.snapshot([imageRecord(keyOf(1))]);
  await second.snapshot([]);
  await third.snapshot([]);
  await using open = await hold(second, keyOf(1));
  // Were the row locked, this would fail and not wait.
  const { rows } = await sql`select 1 from assets where key = ${keyOf(1)} for no key update nowait`.execute(db);
  expect(rows).toHaveLength(1);
  await third.send([imageRecord(keyOf(1))]);
  await open.commit();
  const holders = await db
    .selectFrom('image_locations as l')
    .innerJoin('assets as a', 'a.id', 'l.image_id')
    .select('l.host_id')
    .where('a.key', '=', keyOf(1))
    .where('l.ended_at', 'is', null)
    .execute();
  expect(holders.map((row) => row.host_id).sort()).toEqual([first.id, second.id, third.id].sort());
});

test('an image that one host drops while another begins to hold it is there', async () => {
  const { db } = database;
  const [leaves, comes] = [await playHost(db), await playHost(db)];
  await leaves.snapshot([imageRecord(keyOf(2))]);
  await comes.snapshot([]);
  await using open = await hold(comes, keyOf(2));
  const dropped = leaves.snapshot([]);
  await open.commit();
  await dropped;
  expect(await statusOf(keyOf(2))).toBe('present');
  await comes.snapshot([]);
  expect(await statusOf(keyOf(2))).toBe('gone');
  await comes.send([imageRecord(keyOf(2))]);
  expect(await statusOf(keyOf(2))).toBe('present');
});

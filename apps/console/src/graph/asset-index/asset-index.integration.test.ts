import { createManualClock } from '@parapet/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../logging/log.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.ts';
import { writtenSince } from '../follow/written-since.ts';
import { createGraphFixture, type GraphFixture } from '../testing/graph-fixture.ts';
import { createAssetIndex } from './asset-index.ts';
import type { AssetTable } from './asset-table.ts';

let store: TestDatabase;
let graph: GraphFixture;
beforeAll(async () => {
  store = await createTestDatabase();
  graph = createGraphFixture(store.db, new Date('2026-01-10T08:00:00Z'));
});
afterAll(() => store[Symbol.asyncDispose]());

const told = (table: AssetTable | undefined): readonly string[] =>
  table === undefined
    ? ['not in memory']
    : [...table.hosts(), ...[...table.containersByHost()].flatMap(([, there]) => [...there])].map(
        ({ name, risk, hostId, unknown }) =>
          [name, risk ?? '-', ...(unknown ? ['unknown'] : []), ...(table.isSilent(hostId) ? ['silent'] : [])].join(' '),
      );

test('follows hosts and containers that come, change, fall silent, end, vanish and come back', async () => {
  const { db } = store;
  const index = createAssetIndex({ db, log: silentLog });
  expect(told(await index.current())).toEqual([]);
  const web = await graph.host('web', { risk: 7 });
  const app = await graph.host('app');
  const box = await graph.container(web, 'box');
  await graph.image('shop/web');
  expect(told(await index.current())).toEqual(['app -', 'web 7', 'box -']);

  await db.updateTable('assets').set({ risk: 40.5, status: 'unknown' }).where('id', '=', box).execute();
  await db.updateTable('assets').set({ name: 'zebra' }).where('id', '=', app).execute();
  await db.updateTable('sensors').set({ presence: 'unknown' }).where('host_id', '=', web).execute();
  expect(told(await index.current())).toEqual(['web 7 silent', 'zebra -', 'box 40.5 unknown silent']);

  await db.updateTable('assets').set({ status: 'gone' }).where('id', 'in', [box, app]).execute();
  expect(told(await index.current())).toEqual(['web 7 silent']);
  await db.updateTable('assets').set({ status: 'running' }).where('id', 'in', [box, app]).execute();
  await db.updateTable('sensors').set({ presence: 'online' }).where('host_id', '=', web).execute();
  expect(told(await index.current())).toEqual(['web 7', 'zebra -', 'box 40.5']);

  await db.deleteFrom('asset_intervals').where('asset_id', '=', box).execute();
  await db.deleteFrom('assets').where('id', '=', box).execute();
  expect(told(await index.current())).toEqual(['web 7', 'zebra -']);
  expect(index.figures()).toMatchObject({ rows: 2, state: 'ready' });
});

test('who asks at the same moment shares a round, and sees what was committed before', async () => {
  const index = createAssetIndex({ db: store.db, log: silentLog });
  const first = index.current();
  await graph.host('later');
  const tables = await Promise.all([first, ...[1, 2, 3].map(() => index.current())]);
  for (const table of tables.slice(1)) expect(told(table)).toContain('later -');
});

test('what was written is found by its transaction, however many there were since', async () => {
  const { db } = store;
  const { next } = await writtenSince(db, undefined);
  const late = await graph.host('late');
  const found = async (since: bigint): Promise<readonly string[]> => {
    const { isNew } = await writtenSince(db, since);
    const rows = await db.selectFrom('assets as a').select('a.id').where(isNew('a')).execute();
    return rows.map(({ id }) => id);
  };
  expect(await found(next)).toEqual([late]);
  const all = await db.selectFrom('assets').select('id').execute();
  // Too many to be listed: then ages are compared.
  expect((await found(next - 6_000n)).length).toBe(all.length);
  expect(await found((await writtenSince(db, undefined)).next)).toEqual([]);
});

test('more assets than may be held are left to the database, until they are fewer again for a minute', async () => {
  const { db } = store;
  const clock = createManualClock(1_000_000);
  const more = [await graph.host('one'), await graph.host('two'), await graph.host('three')];
  const all = (await createAssetIndex({ db, log: silentLog }).current())?.size() ?? 0;
  await using index = createAssetIndex({ db, log: silentLog, clock, limit: all - 1 });
  expect(await index.current()).toBeUndefined();
  expect(index.figures()).toEqual({ rows: 0, bytes: 0, state: 'too-many' });
  await db.updateTable('assets').set({ status: 'gone' }).where('id', 'in', more).execute();
  clock.advance(59_000);
  expect(await index.current()).toBeUndefined();
  clock.advance(1000);
  // Who asks does not wait for it.
  expect(await index.current()).toBeUndefined();
  await expect.poll(async () => (await index.current())?.size(), { timeout: 180_000 }).toBe(all - 3);
  expect(index.figures()).toMatchObject({ rows: all - 3, state: 'ready' });
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../logging/log.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.ts';
import { createGraphFixture, type GraphFixture } from '../testing/graph-fixture.ts';
import type { EdgeTable } from './edge-columns.ts';
import { createEdgeIndex } from './edge-index.ts';

let store: TestDatabase;
let graph: GraphFixture;
let web: string;
beforeAll(async () => {
  store = await createTestDatabase();
  graph = createGraphFixture(store.db, new Date('2026-01-10T08:00:00Z'));
  web = await graph.host('web-01');
});
afterAll(() => store[Symbol.asyncDispose]());

/** Each live edge as `source:port connections`, sorted. */
const told = (table: EdgeTable | undefined): readonly string[] => {
  if (table === undefined) return ['not in memory'];
  const columns = table.columns();
  const slots = Array.from({ length: columns.slots }, (_, slot) => slot).filter((slot) => columns.live[slot] === 1);
  const nameOf = (number: number): string => {
    const end = columns.ends[number];
    return end?.kind === 'peer' ? end.place : (end?.kind ?? '');
  };
  return slots
    .map((slot) => `${nameOf(columns.sources[slot] ?? -1)}:${columns.ports[slot]} ${columns.connections[slot]}`)
    .sort();
};

test('follows edges that come, change, end, vanish and come back, also of transactions that began earlier', async () => {
  const { db } = store;
  const index = createEdgeIndex({ db, log: silentLog });
  const edge = (from: string, port: number, connections: number) =>
    graph.edge({ from, to: `host:${web}`, port, connections });
  expect(told(await index.current())).toEqual([]);
  await edge('internet', 443, 5);
  await edge('peer:dmz|10.1.2.3', 22, 1);
  await edge(`host:${web}`, 80, 2);
  expect(told(await index.current())).toEqual(['asset:80 2', 'dmz|10.1.2.3:22 1', 'internet:443 5']);

  await db.updateTable('edges').set({ connections: 9 }).where('port', '=', 443).execute();
  await db.updateTable('edges').set({ ended_at: new Date() }).where('port', '=', 22).execute();
  await db.deleteFrom('edges').where('port', '=', 80).execute();
  expect(told(await index.current())).toEqual(['internet:443 9']);

  // A transaction writes, others begin, commit and are read; then the first one commits.
  const written = Promise.withResolvers<void>();
  const read = Promise.withResolvers<void>();
  const slow = db.transaction().execute(async (tx) => {
    await tx.updateTable('edges').set({ connections: 10 }).where('port', '=', 443).execute();
    written.resolve();
    await read.promise;
  });
  await written.promise;
  await db.updateTable('edges').set({ ended_at: null }).where('port', '=', 22).execute();
  expect(told(await index.current())).toEqual(['dmz|10.1.2.3:22 1', 'internet:443 9']);
  read.resolve();
  await slow;
  expect(told(await index.current())).toEqual(['dmz|10.1.2.3:22 1', 'internet:443 10']);
  expect(index.figures()).toMatchObject({ rows: 2, state: 'ready' });
});

test('more edges than may be held are left to the database', async () => {
  const index = createEdgeIndex({ db: store.db, log: silentLog, limit: 1 });
  expect(await index.current()).toBeUndefined();
  expect(index.figures()).toEqual({ rows: 0, bytes: 0, state: 'too-many' });
});

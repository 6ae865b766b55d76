import type { MapView, Scope } from '@parapet/contract/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../logging/log.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.ts';
import { createAssetIndex } from '../asset-index/asset-index.ts';
import { createEdgeIndex } from '../edge-index/edge-index.ts';
import { type GraphIndexes, type GraphInMemory, openGraph } from '../graph-in-memory.ts';
import { momentOf } from '../moment.ts';
import { createScopeFilter } from '../scope-filter.ts';
import { createGraphFixture } from '../testing/graph-fixture.ts';
import { readEdgeDetail } from './edge-detail.ts';
import { buildView, type ViewQuery } from './view.ts';

const start = new Date('2026-01-10T08:00:00.000Z');
const now = Date.parse('2026-01-10T20:00:00.000Z');
const later = (minutes: number): Date => new Date(start.getTime() + minutes * 60_000);
let store: TestDatabase;
let indexes: GraphIndexes;
let hosts: string[];
let containers: string[];

/** More hosts than are shown at once in two zones, containers on some, and edges of every kind between them. */
beforeAll(async () => {
  store = await createTestDatabase();
  const deps = { db: store.db, log: silentLog };
  indexes = { edgeIndex: createEdgeIndex(deps), assetIndex: createAssetIndex(deps) };
  const graph = createGraphFixture(store.db, start);
  hosts = [];
  containers = [];
  for (let n = 0; n < 64; n += 1) {
    const host = await graph.host(`h-${(n * 37) % 64}`, {
      zone: n % 2 === 0 ? 'east' : 'west',
      labels: { team: `t${n % 3}`, role: `r${n % 4}` },
      ...(n % 3 === 0 ? { risk: n } : {}),
      ...(n % 11 === 0 ? { presence: 'unknown' } : {}),
    });
    hosts.push(host);
    for (let c = 0; c < n % 4; c += 1) {
      const labels = c === 1 ? { team: 't1' } : {};
      containers.push(await graph.container(host, `app-${n}-${c}`, { labels, ...(c === 0 ? { risk: 90 - n } : {}) }));
    }
  }
  const gone = containers[5] ?? '';
  const nodes = [...hosts.map((id) => `host:${id}`), ...containers.map((id) => `container:${id}`)];
  for (let n = 0; n < 240; n += 1) {
    const from = n % 23 === 0 ? 'internet' : (nodes[(n * 7919) % nodes.length] ?? '');
    const to = n % 29 === 1 ? `peer:east|10.0.${n % 3}.${n % 200}` : (nodes[(n * 104_729 + 13) % nodes.length] ?? '');
    await graph.edge({
      ...{ from, to, port: 8000 + (n % 3), connections: 1 + (n % 50) },
      sourceProcess: `/usr/bin/client-${n % 5}`,
      targetProcess: n % 7 === 0 ? '' : `/opt/a b/server-${n % 2}`,
      // Some are over, some were away when the past is looked at, too long or not to count as gone.
      ...(n % 5 === 0 ? { spans: [{ from: start, to: later(6 * 60) }] } : {}),
      ...(n % 13 === 1 ? { spans: [{ from: start, to: later(178) }, { from: later(182) }] } : {}),
      ...(n % 13 === 2 ? { spans: [{ from: start, to: later(170) }, { from: later(190) }] } : {}),
    });
  }
  for (const host of hosts.slice(0, 12)) await graph.listener(host, { port: 8000, executable: '/usr/sbin/listener' });
  // An edge that outlives its container.
  await store.db.updateTable('assets').set({ status: 'gone' }).where('id', '=', gone).execute();
});
afterAll(() => store[Symbol.asyncDispose]());

const scopes: readonly Scope[] = [null, { team: ['t1'] }];

const queries = (): readonly (Omit<ViewQuery, 'hops'> & { readonly hops?: number })[] => [
  { open: [] },
  { open: ['zone:east'] },
  { open: ['zone:west', 'peers:east|10.0.1.0/24'] },
  ...[5, 22].map((n) => ({ open: [`host:${hosts[n]}`] })),
  { open: [`host:${hosts[7]}`, `host:${hosts[11]}`, 'zone:west'] },
  { open: [`container:${containers[3]}`] },
  { open: [`container:${containers[5]}`] },
  ...[1, 3].map((hops) => ({ open: [], focus: `container:${containers[9]}`, hops })),
  { open: [], focus: `host:${hosts[6]}`, hops: 2 },
  { open: [`host:${hosts[6]}`], focus: `host:${hosts[6]}` },
  { open: [], focus: `container:${containers[5]}` },
  { open: [], route: containers[2] },
];

test.each([
  ['now', undefined],
  ['in the past', later(180).toISOString()],
])('every view is the same from memory as from the database, in each scope, %s', async (_, at) => {
  const moment = momentOf(at, now);
  let drawn = 0;
  for (const scope of scopes) {
    for (const query of queries()) {
      const view = (held?: GraphInMemory): Promise<MapView> =>
        buildView(store.db, moment, createScopeFilter(scope), { hops: 1, ...query }, held);
      const fromMemory = await view(openGraph(store.db, indexes, scope, moment));
      expect(fromMemory, JSON.stringify({ scope, query })).toEqual(await view());
      drawn += fromMemory.edges.length;
    }
  }
  expect(drawn).toBeGreaterThan(200);
});

test('what a drawn edge bundles is the same from memory as from the database, in each scope', async () => {
  const moment = momentOf(undefined, now);
  const ends = [
    ...[['zone:east', 'zone:west'] as const, ['internet', 'zone:east'] as const, ['outside', 'zone:west'] as const],
    ...[[`host:${hosts[5]}`, 'zone:west'] as const, ['zone:none', 'zone:west'] as const],
  ];
  let listed = 0;
  for (const scope of scopes) {
    for (const [source, target] of ends) {
      const detail = (held?: GraphInMemory) =>
        readEdgeDetail(store.db, moment, createScopeFilter(scope), { source, target }, held);
      const fromMemory = await detail(openGraph(store.db, indexes, scope, moment));
      expect(fromMemory, JSON.stringify({ scope, source, target })).toEqual(await detail());
      listed += fromMemory.items.length;
    }
  }
  expect(listed).toBeGreaterThan(20);
});

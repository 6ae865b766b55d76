import type { MapNode, MapView, Scope } from '@parapet/contract/api';
import { MapView as MapViewSchema } from '@parapet/contract/api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../logging/log.ts';
import { createTestDatabase, type TestDatabase } from '../../testing/test-database.ts';
import { createAssetIndex } from '../asset-index/asset-index.ts';
import { createEdgeIndex } from '../edge-index/edge-index.ts';
import { type GraphIndexes, type GraphInMemory, openGraph } from '../graph-in-memory.ts';
import { momentOf } from '../moment.ts';
import { createScopeFilter } from '../scope-filter.ts';
import { createGraphFixture, type GraphFixture } from '../testing/graph-fixture.ts';
import { buildView } from './view.ts';

const start = new Date('2026-01-10T08:00:00.000Z');
const now = new Date('2026-01-10T20:00:00.000Z');
const at = (time: string): Date => new Date(`2026-01-10T${time}:00.000Z`);

let store: TestDatabase;
let graph: GraphFixture;
let indexes: GraphIndexes;

beforeAll(async () => {
  // Keeps the server while each test uses a database of its own.
  store = await createTestDatabase();
});
afterAll(async () => store[Symbol.asyncDispose]());
beforeEach(async () => {
  await store[Symbol.asyncDispose]();
  store = await createTestDatabase();
  graph = createGraphFixture(store.db, start);
  const deps = { db: store.db, log: silentLog };
  indexes = { edgeIndex: createEdgeIndex(deps), assetIndex: createAssetIndex(deps) };
});

type Asked = {
  readonly open?: readonly string[];
  readonly focus?: string;
  readonly hops?: number;
  readonly route?: string;
  readonly at?: Date;
  readonly scope?: Scope;
};

const view = async (asked: Asked = {}): Promise<MapView> => {
  const moment = momentOf(asked.at?.toISOString(), now.getTime());
  const { scope = null, open = [], focus, hops = 1, route } = asked;
  const build = (held?: GraphInMemory) =>
    buildView(store.db, moment, createScopeFilter(scope), { open, focus, hops, route }, held);
  const built = await build();
  // Whatever a test looks at, memory says the same as the database.
  expect(await build(openGraph(store.db, indexes, scope, moment))).toEqual(built);
  return MapViewSchema.parse(built);
};
const ids = (shown: MapView): readonly string[] => shown.nodes.map((node) => node.id);
const nodeIn = (shown: MapView, id: string): MapNode | undefined => shown.nodes.find((node) => node.id === id);
const edgesOf = (shown: MapView): readonly string[] => shown.edges.map((edge) => `${edge.source} > ${edge.target}`);

describe('a small fleet', () => {
  it('is shown down to containers and services, with ends lifted to what is drawn', async () => {
    const web = await graph.host('web-01');
    const nginx = await graph.container(web, 'nginx', { risk: 42 });
    await graph.edge({ from: 'internet', to: `container:${nginx}`, port: 443, addressCount: 4120, connections: 900 });
    await graph.edge({ from: `container:${nginx}`, to: `host:${web}`, port: 5432, targetProcess: '/usr/bin/postgres' });
    await graph.listener(web, { container: nginx, port: 443, executable: '/usr/sbin/nginx' });
    await graph.listener(web, { port: 5432, executable: '/usr/bin/postgres' });
    await graph.listener(web, { port: 22, executable: '/usr/sbin/sshd' });

    const shown = await view();
    expect(ids(shown)).toEqual(
      [`container:${nginx}`, `host:${web}`, 'internet', `service:${web}|postgres`, `service:${web}|sshd`].sort(),
    );
    expect(edgesOf(shown)).toEqual(
      [`container:${nginx} > service:${web}|postgres`, `internet > container:${nginx}`].sort(),
    );
    expect(nodeIn(shown, `container:${nginx}`)).toMatchObject({
      parent: `host:${web}`,
      exposed: true,
      risk: 42,
      detail: ':443',
      ports: [{ protocol: 'tcp', port: 443, process: 'nginx' }],
      assetId: nginx,
    });
    expect(nodeIn(shown, `host:${web}`)?.exposed).toBe(true);
    expect(nodeIn(shown, 'internet')?.detail).toBe('4,120 addresses');
    expect(shown.edges.find((edge) => edge.source === 'internet')).toMatchObject({ risk: 42, connections: 900 });
  });

  it('is empty without hosts', async () => {
    expect(await view()).toMatchObject({ nodes: [], edges: [], live: true, behind: { nodes: 0, edges: 0 } });
  });

  it('shows replicas as one and opens them', async () => {
    const host = await graph.host('app-01');
    const image = await graph.image('shop/web');
    const replicas = await Promise.all([1, 2, 3].map((n) => graph.container(host, `shop-web-${n}`, { image })));
    const other = await graph.container(host, 'admin', { image });
    const client = await graph.container(host, 'client');
    for (const replica of replicas)
      await graph.edge({ from: `container:${client}`, to: `container:${replica}`, port: 80, connections: 5 });

    const group = `containers:${host}|${image}|shop-web`;
    const closed = await view();
    expect(nodeIn(closed, group)).toMatchObject({ kind: 'container-group', label: 'shop-web', count: 3, opens: true });
    expect(ids(closed)).toContain(`container:${other}`);
    expect(closed.edges).toMatchObject([{ source: `container:${client}`, target: group, count: 3, connections: 15 }]);

    const opened = await view({ open: [group] });
    for (const replica of replicas) expect(nodeIn(opened, `container:${replica}`)?.parent).toBe(group);
    expect(opened.edges).toHaveLength(3);
  });

  it('opens a container to its processes', async () => {
    const host = await graph.host('db-01');
    const box = await graph.container(host, 'db');
    const client = await graph.container(host, 'client');
    await graph.container(host, 'unrelated');
    await graph.process(host, { container: box, pid: 10, name: 'postgres', executable: '/usr/bin/postgres' });
    await graph.process(host, { container: box, pid: 11, name: 'cron', executable: '/usr/sbin/cron' });
    await graph.listener(host, { container: box, port: 5432, executable: '/usr/bin/postgres' });
    await graph.edge({ from: `container:${client}`, to: `container:${box}`, port: 5432 });

    const shown = await view({ open: [`container:${box}`] });
    expect(nodeIn(shown, `process:${host}|10:1`)).toMatchObject({
      parent: `container:${box}`,
      label: 'postgres',
      detail: 'pid 10',
      ports: [{ port: 5432 }],
    });
    expect(ids(shown)).toContain(`process:${host}|11:1`);
    expect(edgesOf(shown)).toEqual([`container:${client} > process:${host}|10:1`]);
    expect(shown.trail.map((step) => step.label)).toEqual(['Fleet', 'db-01', 'db']);
  });

  it('says unknown for what a silent host was last seen to run', async () => {
    const host = await graph.host('quiet', { presence: 'unknown' });
    const box = await graph.container(host, 'box');
    const shown = await view();
    expect(shown.silentHosts).toBe(1);
    expect(nodeIn(shown, `host:${host}`)?.status).toBe('unknown');
    expect(nodeIn(shown, `container:${box}`)?.status).toBe('unknown');
    // The fixture's sensors have been what they are since its start.
    expect(nodeIn(shown, `host:${host}`)?.silentSince).toBe(start.toISOString());
    expect(nodeIn(shown, `container:${box}`)).not.toHaveProperty('silentSince');
  });
});

describe('strangers', () => {
  it('are shown one by one when few, by block when many, and a block opens', async () => {
    const host = await graph.host('app');
    const box = await graph.container(host, 'box');
    for (let n = 1; n <= 30; n += 1)
      await graph.edge({ from: `container:${box}`, to: `peer:default|10.0.${n % 2}.${n}`, port: 53 });
    await graph.edge({ from: `container:${box}`, to: 'peer:default|fd00:1:2:3::5', port: 53 });

    const grouped = await view();
    const blocks = grouped.nodes.filter((node) => node.kind === 'peer-group');
    expect(blocks.map((node) => [node.label, node.count])).toEqual([
      ['10.0.0.0/24', 15],
      ['10.0.1.0/24', 15],
      ['fd00:1:2:3::/64', 1],
    ]);
    expect(blocks[0]?.detail).toBe('15 addresses without a sensor');

    const opened = await view({ open: ['peers:default|10.0.0.0/24'] });
    expect(opened.nodes.filter((node) => node.kind === 'peer')).toHaveLength(15);
    expect(opened.nodes.filter((node) => node.kind === 'peer-group')).toHaveLength(2);
  });

  it('with one address in two zones are two', async () => {
    const [a, b] = [await graph.host('a', { zone: 'blue' }), await graph.host('b', { zone: 'green' })];
    await graph.edge({ from: `host:${a}`, to: 'peer:blue|10.0.0.7', port: 80 });
    await graph.edge({ from: `host:${b}`, to: 'peer:green|10.0.0.7', port: 80 });
    const shown = await view();
    expect(shown.nodes.filter((node) => node.kind === 'peer').map((node) => node.id)).toEqual([
      'peer:blue|10.0.0.7',
      'peer:green|10.0.0.7',
    ]);
    expect(nodeIn(shown, `host:${a}`)?.parent).toBe('zone:blue');
  });
});

describe('a large fleet', () => {
  it('shows zones, then hosts of an open zone with their neighbours only', async () => {
    const hosts: string[] = [];
    for (let n = 0; n < 80; n += 1) hosts.push(await graph.host(`h-${n}`, { zone: n < 40 ? 'east' : 'west', risk: n }));
    const [first = '', second = '', inWest = ''] = [hosts[0], hosts[1], hosts[45]];
    const box = await graph.container(first, 'box');
    await graph.edge({ from: `container:${box}`, to: `host:${second}`, port: 22 });
    await graph.edge({ from: `container:${box}`, to: `host:${inWest}`, port: 443 });

    const fleet = await view();
    expect(fleet.nodes.map((node) => [node.id, node.kind, node.detail, node.risk])).toEqual([
      ['zone:east', 'zone', '40 hosts · 1 container', 39],
      ['zone:west', 'zone', '40 hosts', 79],
    ]);
    expect(edgesOf(fleet)).toEqual(['zone:east > zone:west']);
    expect(fleet.behind).toEqual({ nodes: 81, edges: 2 });

    const zone = await view({ open: ['zone:east'] });
    expect(zone.nodes.filter((node) => node.kind === 'host')).toHaveLength(40);
    expect(nodeIn(zone, `host:${first}`)).toMatchObject({ parent: 'zone:east', opens: true, detail: '1 container' });
    expect(edgesOf(zone)).toEqual([`host:${first} > host:${second}`, `host:${first} > zone:west`].sort());

    const inside = await view({ open: [`host:${first}`] });
    expect(edgesOf(inside)).toEqual([`container:${box} > host:${second}`, `container:${box} > zone:west`].sort());
    expect(inside.nodes).toHaveLength(4);
  });

  it('groups the hosts of one big zone by label', async () => {
    const { db } = store;
    const role = (n: number): string => ['web', 'db', 'cache'][n % 3] ?? '';
    for (let n = 0; n < 300; n += 1) await graph.host(`x${n}`, { labels: { role: role(n) } });
    const fleet = await view();
    expect(fleet.nodes.map((node) => [node.kind, node.label, node.detail])).toEqual([
      ['host-group', 'role=cache', '100 hosts'],
      ['host-group', 'role=db', '100 hosts'],
      ['host-group', 'role=web', '100 hosts'],
    ]);
    const opened = await view({ open: ['hosts:default|role=db'] });
    expect(opened.nodes.filter((node) => node.kind === 'host')).toHaveLength(100);
    expect(db).toBeDefined();
  });
});

describe('a past moment', () => {
  it('draws what was there, and not what came later', async () => {
    const host = await graph.host('web');
    const early = await graph.container(host, 'early', { from: at('09:00'), to: at('12:00') });
    const late = await graph.container(host, 'late', { from: at('13:00') });
    await graph.edge({
      from: 'internet',
      to: `container:${early}`,
      port: 80,
      spans: [{ from: at('09:30'), to: at('11:00') }],
    });
    await graph.listener(host, { port: 22, executable: '/usr/sbin/sshd', from: at('10:00') });

    const before = await view({ at: at('09:10') });
    expect(ids(before)).toEqual([`container:${early}`, `host:${host}`].sort());
    const during = await view({ at: at('10:30') });
    expect(ids(during)).toEqual([`container:${early}`, `host:${host}`, 'internet', `service:${host}|sshd`].sort());
    expect(during).toMatchObject({ live: false, at: at('10:30').toISOString() });
    const after = await view({ at: at('14:00') });
    expect(ids(after)).toEqual([`container:${late}`, `host:${host}`, `service:${host}|sshd`].sort());
    expect(ids(await view({ at: at('07:00') }))).toEqual([]);
  });

  it('does not draw an edge of a container that was not there yet', async () => {
    const host = await graph.host('web');
    const late = await graph.container(host, 'late', { from: at('13:00') });
    await graph.edge({ from: 'internet', to: `container:${late}`, port: 80 });
    expect(ids(await view({ at: at('12:00') }))).toEqual([`host:${host}`]);
  });

  it('draws an edge through a gap under five minutes and not through a longer one', async () => {
    const host = await graph.host('web');
    const box = await graph.container(host, 'box');
    await graph.edge({
      from: 'internet',
      to: `container:${box}`,
      port: 80,
      spans: [{ from: at('09:00'), to: at('10:00') }, { from: at('10:04'), to: at('11:00') }, { from: at('11:10') }],
    });
    expect((await view({ at: at('10:02') })).edges).toHaveLength(1);
    expect((await view({ at: at('11:03') })).edges).toHaveLength(0);
    expect((await view({ at: at('11:10') })).edges).toHaveLength(1);
  });

  it('says unknown for a host that was silent then', async () => {
    const host = await graph.host('web');
    await graph.blind(host, { from: at('10:00'), to: at('11:00') });
    await graph.blind(host, { from: at('12:00') }, 'processes');
    const silent = nodeIn(await view({ at: at('10:30') }), `host:${host}`);
    expect(silent).toMatchObject({ status: 'unknown', silentSince: at('10:00').toISOString() });
    expect(nodeIn(await view({ at: at('11:30') }), `host:${host}`)?.status).toBe('running');
    expect(nodeIn(await view({ at: at('12:30') }), `host:${host}`)?.status).toBe('running');
  });
});

describe('scope', () => {
  it('hides names and keeps that something is there', async () => {
    const mine = await graph.host('mine', { labels: { team: 'shop' } });
    const theirs = await graph.host('their-secret', { labels: { team: 'pay' } });
    const box = await graph.container(mine, 'box');
    await graph.edge({ from: `container:${box}`, to: `host:${theirs}`, port: 5432 });
    await graph.edge({ from: 'internet', to: `host:${theirs}`, port: 443 });

    const shown = await view({ scope: { team: ['shop'] } });
    expect(ids(shown)).toEqual([`container:${box}`, `host:${mine}`, 'outside'].sort());
    expect(edgesOf(shown)).toEqual([`container:${box} > outside`]);
    expect(JSON.stringify(shown)).not.toContain('their-secret');
    expect(JSON.stringify(shown)).not.toContain(theirs);
  });
});

describe('neighbourhood and route', () => {
  it('shows what is within the asked number of hops', async () => {
    const host = await graph.host('h');
    const [a, b, c, d] = await Promise.all(['a', 'b', 'c', 'd'].map((name) => graph.container(host, name)));
    await graph.edge({ from: `container:${a}`, to: `container:${b}`, port: 1 });
    await graph.edge({ from: `container:${b}`, to: `container:${c}`, port: 2 });
    await graph.edge({ from: `container:${c}`, to: `container:${d}`, port: 3 });
    const near = await view({ focus: `container:${a}` });
    expect(ids(near)).toEqual([`container:${a}`, `container:${b}`, `host:${host}`].sort());
    const wider = await view({ focus: `container:${a}`, hops: 2 });
    expect(ids(wider)).toContain(`container:${c}`);
    expect(ids(wider)).not.toContain(`container:${d}`);
  });

  it('shows only the ways from the Internet', async () => {
    const host = await graph.host('h');
    const [edge, mid, goal, other] = await Promise.all(
      ['edge', 'mid', 'goal', 'other'].map((name) => graph.container(host, name)),
    );
    await graph.edge({ from: 'internet', to: `container:${edge}`, port: 443 });
    await graph.edge({ from: `container:${edge}`, to: `container:${mid}`, port: 9000 });
    await graph.edge({ from: `container:${mid}`, to: `container:${goal}`, port: 2375 });
    await graph.edge({ from: `container:${goal}`, to: `container:${other}`, port: 80 });
    const shown = await view({ route: goal ?? '' });
    expect(ids(shown)).toEqual(
      [`container:${edge}`, `container:${mid}`, `container:${goal}`, `host:${host}`, 'internet'].sort(),
    );
    expect(shown.edges).toHaveLength(3);
  });
});

describe('hostile names', () => {
  it('stay data: no id is taken apart, nothing is drawn backwards', async () => {
    const zone = "a,b|c%'; drop table assets; --";
    const host = await graph.host('h', { zone });
    await graph.host('other', { zone: 'plain' });
    await graph.container(host, '\u202egnp.exe\n');
    await graph.edge({ from: `host:${host}`, to: 'internet', port: 80, sourceProcess: `/tmp/${'x,y|'.repeat(80)}` });
    await graph.edge({ from: `host:${host}`, to: 'peer:plain|not-an-address', port: 80 });
    const shown = await view();
    for (const node of shown.nodes) {
      expect(node.id).not.toContain(',');
      expect(node.id.length).toBeLessThanOrEqual(256);
      expect(node.label).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
    const opened = await view({
      open: [shown.nodes.find((node) => node.kind === 'zone' && node.label.startsWith('a,b'))?.id ?? ''],
    });
    expect(nodeIn(opened, `host:${host}`)).toBeDefined();
    await view({
      open: ["zone:'", 'container:nonsense', 'host:00000000-0000-4000-8000-000000000000', 'peers:|'],
      focus: 'zone:"',
    });
  });
});

describe('the version', () => {
  it('stays while the view does and changes with it', async () => {
    const host = await graph.host('h');
    const first = await view();
    expect((await view()).version).toBe(first.version);
    await graph.container(host, 'new');
    expect((await view()).version).not.toBe(first.version);
  });
});

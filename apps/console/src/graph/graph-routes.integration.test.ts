import type { RouteDefinition, RouteName, Scope } from '@parapet/contract/api';
import { routes } from '@parapet/contract/api';
import { AppError, createManualClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditRecord } from '../audit/audit-record.ts';
import { createFakeContent } from '../findings/testing/fake-advisories.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createGraphRoutes } from './index.ts';
import { createGraphFixture, type GraphFixture } from './testing/graph-fixture.ts';

const start = new Date('2026-01-10T08:00:00.000Z');
const at = (time: string): Date => new Date(`2026-01-10T${time}:00.000Z`);

let store: TestDatabase;
let graph: GraphFixture;
let audited: AuditRecord[];
const content = createFakeContent();

beforeEach(async () => {
  store = await createTestDatabase();
  graph = createGraphFixture(store.db, start);
  audited = [];
});
afterEach(async () => store[Symbol.asyncDispose]());

type Loose = {
  readonly params?: Record<string, unknown>;
  readonly query?: Record<string, unknown>;
  readonly body?: unknown;
  readonly scope?: Scope;
};

/** Calls a route as the HTTP layer does: input and answer go through the contract. */
const call = async <T>(name: RouteName, input: Loose = {}): Promise<T> => {
  const handlers = createGraphRoutes({
    database: store.db,
    clock: createManualClock(at('20:00').getTime()),
    audit: { record: async (entry) => void audited.push(entry) },
    live: { publish: () => undefined },
    content,
  }) as unknown as Record<string, (request: unknown) => Promise<unknown>>;
  const route: RouteDefinition = routes[name];
  const result = await handlers[name]?.({
    params: route.params?.parse(input.params ?? {}),
    query: route.query?.parse(input.query ?? {}),
    body: route.body?.parse(input.body ?? {}),
    caller: { kind: 'user', id: 'u', name: 'anna', scope: input.scope ?? null },
    address: '127.0.0.1',
  });
  return route.response?.parse(result) as T;
};
type Page = {
  readonly items: readonly { readonly name: string; readonly status: string }[];
  readonly next?: string;
  readonly total: number;
};
const names = (page: Page): readonly string[] => page.items.map((item) => item.name);

const refusal = async (action: Promise<unknown>): Promise<string> => {
  try {
    await action;
    return 'nothing was refused';
  } catch (error) {
    return error instanceof AppError ? `${error.status} ${error.code}` : String(error);
  }
};

describe('the list of assets', () => {
  it('pages by each order without missing or repeating', async () => {
    const host = await graph.host('h', { risk: 50 });
    for (let n = 0; n < 11; n += 1) {
      await graph.container(host, `c-${n}`, {
        from: at(`09:${10 + n}`),
        ...(n % 3 === 0 ? {} : { risk: 10 * (n % 3) }),
      });
    }
    for (const sort of ['risk', 'name', 'newest']) {
      const seen: string[] = [];
      let after: string | undefined;
      do {
        const page: Page = await call('assets.list', {
          query: { sort, limit: 5, ...(after === undefined ? {} : { after }) },
        });
        seen.push(...names(page));
        expect(page.total).toBe(12);
        after = page.next;
      } while (after !== undefined);
      expect(seen).toHaveLength(12);
      expect(new Set(seen).size).toBe(12);
    }
  });

  it('filters by text as it is written, kind, status and host, and leaves out what is gone', async () => {
    const host = await graph.host('web_01');
    await graph.host('webX01', { presence: 'unknown' });
    await graph.container(host, '100%-real');
    await graph.container(host, 'was-there', { to: at('12:00') });
    expect(names(await call('assets.list', { query: { q: 'b_0' } }))).toEqual(['web_01']);
    expect(names(await call('assets.list', { query: { q: '100%' } }))).toEqual(['100%-real']);
    expect(names(await call('assets.list', { query: { kind: 'container' } }))).toEqual(['100%-real']);
    expect(names(await call('assets.list', { query: { status: 'gone' } }))).toEqual(['was-there']);
    expect(names(await call('assets.list', { query: { status: 'unknown' } }))).toEqual(['webX01']);
    expect(names(await call('assets.list', { query: { hostId: host } }))).toEqual(['100%-real']);
  });

  it('says from when on nothing is heard of a host and of what is on it, by one word', async () => {
    const quiet = await graph.host('quiet', { presence: 'stopped' });
    await graph.container(quiet, 'on-it');
    await graph.host('speaks');
    const { items } = await call<Page>('assets.list', { query: { sort: 'name' } });
    const since = start.toISOString();
    expect(items).toMatchObject([
      { name: 'on-it', status: 'unknown', silentSince: since },
      { name: 'quiet', status: 'unknown', silentSince: since },
      { name: 'speaks', status: 'running' },
    ]);
    expect(items[2]).not.toHaveProperty('silentSince');
    const { facets } = await call<{ facets: { name: string; values: { label: string; count: number }[] }[] }>(
      'assets.facets',
    );
    expect(facets.find(({ name }) => name === 'status')?.values).toMatchObject([
      { label: 'Silent', count: 2 },
      { label: 'Running', count: 1 },
    ]);
    await graph.blind(quiet, { from: at('10:00'), to: at('11:00') });
    const then: Page = await call('assets.list', {
      query: { at: at('10:30').toISOString(), kind: 'host', sort: 'name' },
    });
    expect(then.items).toMatchObject([
      { status: 'unknown', silentSince: at('10:00').toISOString() },
      { name: 'speaks' },
    ]);
  });

  it('shows a past moment', async () => {
    const host = await graph.host('h');
    await graph.container(host, 'early', { to: at('12:00') });
    await graph.container(host, 'late', { from: at('13:00') });
    const then: Page = await call('assets.list', { query: { at: at('11:00').toISOString(), sort: 'name' } });
    expect(then.items.map(({ name, status }) => [name, status])).toEqual([
      ['early', 'running'],
      ['h', 'running'],
    ]);
  });

  it('refuses a cursor that it did not make', async () => {
    expect(await refusal(call('assets.list', { query: { after: 'bm90LW91cnM' } }))).toBe('400 bad-cursor');
  });

  it('counts facets under the other filters', async () => {
    const host = await graph.host('h', { zone: 'east' });
    await graph.container(host, 'a');
    await graph.container(host, 'b', { to: at('12:00') });
    const { facets } = await call<{ facets: { name: string; values: { value: string; count: number }[] }[] }>(
      'assets.facets',
      { query: { kind: 'container' } },
    );
    const counts = (name: string) =>
      Object.fromEntries(facets.find((facet) => facet.name === name)?.values.map((v) => [v.value, v.count]) ?? []);
    expect(counts('kind')).toEqual({ host: 1, container: 1 });
    expect(counts('status')).toEqual({ running: 1, gone: 1 });
  });
});

describe('one asset', () => {
  it('was last seen when its sensor last spoke, unless it ended', async () => {
    const host = await graph.host('web');
    const here = await graph.container(host, 'api');
    const gone = await graph.container(host, 'old', { to: at('09:00') });
    await store.db
      .updateTable('sensors')
      .set({ last_seen_at: at('19:00') })
      .where('host_id', '=', host)
      .execute();
    const seen = async (assetId: string): Promise<string> =>
      (await call<{ lastSeenAt: string }>('assets.get', { params: { assetId } })).lastSeenAt;
    expect(await seen(host)).toBe(at('19:00').toISOString());
    expect(await seen(here)).toBe(at('19:00').toISOString());
    expect((await seen(gone)) < at('19:00').toISOString()).toBe(true);
  });

  it('is found in scope only, with its labels set and audited', async () => {
    const mine = await graph.host('mine', { labels: { team: 'shop' } });
    const theirs = await graph.host('theirs', { labels: { team: 'pay' } });
    const scope = { team: ['shop'] };
    const detail = await call<{ name: string; containerCount: number }>('assets.get', {
      params: { assetId: mine },
      scope,
    });
    expect(detail).toMatchObject({ name: 'mine', containerCount: 0 });
    const inside = await graph.container(mine, 'inside');
    await graph.container(theirs, 'elsewhere');
    for (const [assetId, containerCount] of [
      [mine, 1],
      [inside, 0],
    ] as const) {
      expect(await call('assets.get', { params: { assetId }, scope })).toMatchObject({ containerCount });
      expect(await call('assets.get', { params: { assetId } })).toMatchObject({ containerCount });
    }
    for (const route of ['assets.get', 'assets.processes', 'assets.edges', 'assets.timeline'] as const) {
      expect(await refusal(call(route, { params: { assetId: theirs }, scope }))).toBe('404 not-found');
    }
    expect(
      await refusal(call('assets.label', { params: { assetId: theirs }, body: { labels: { a: 'b' } }, scope })),
    ).toBe('404 not-found');
    expect(audited).toEqual([]);
    const labelled = await call<{ labels: object }>('assets.label', {
      params: { assetId: mine },
      body: { labels: { owner: 'anna' } },
      scope,
    });
    expect(labelled.labels).toEqual({ team: 'shop', owner: 'anna' });
    expect(audited).toMatchObject([{ action: 'assets.label', target: mine, outcome: 'succeeded' }]);
  });

  it('has processes with what they listen on, then and now', async () => {
    const host = await graph.host('h');
    const box = await graph.container(host, 'box');
    await graph.process(host, { pid: 1, name: 'init', executable: '/sbin/init' });
    await graph.process(host, {
      container: box,
      pid: 20,
      name: 'nginx',
      executable: '/usr/sbin/nginx',
      parent: '1:1',
      to: at('12:00'),
    });
    await graph.listener(host, {
      container: box,
      port: 80,
      executable: '/usr/sbin/nginx',
      processKey: '20:1',
      to: at('12:00'),
    });
    const now = await call<{ items: { name: string }[] }>('assets.processes', { params: { assetId: host } });
    expect(now.items.map((item) => item.name)).toEqual(['init']);
    const then = await call<{ items: object[] }>('assets.processes', {
      params: { assetId: box },
      query: { at: at('10:00').toISOString() },
    });
    expect(then.items).toMatchObject([
      {
        name: 'nginx',
        pid: 20,
        parentPid: 1,
        root: true,
        containerName: 'box',
        listening: [{ protocol: 'tcp', port: 80 }],
      },
    ]);
  });

  it('has edges with named ends, hiding names out of scope', async () => {
    const host = await graph.host('mine', { labels: { team: 'shop' } });
    const theirs = await graph.host('their-db', { labels: { team: 'pay' } });
    await graph.edge({
      from: 'internet',
      to: `host:${host}`,
      port: 443,
      targetProcess: '/usr/sbin/nginx',
      connections: 9,
      addressCount: 3,
    });
    await graph.edge({ from: `host:${host}`, to: `host:${theirs}`, port: 5432 });
    await graph.edge({
      from: `host:${host}`,
      to: 'peer:default|10.0.0.9',
      port: 53,
      spans: [{ from: at('09:00'), to: at('10:00') }],
    });
    const query = { params: { assetId: host }, scope: { team: ['shop'] } };
    const open = await call<{
      items: {
        source: { name: string; kind: string; process?: string };
        target: { name: string; kind: string; process?: string };
      }[];
    }>('assets.edges', query);
    expect(open.items.map((item) => [item.source.name, item.target.name, item.target.process])).toEqual([
      ['Internet', 'mine', 'nginx'],
      ['mine', 'Outside your scope', undefined],
    ]);
    const all = await call<{ items: { target: object }[] }>('assets.edges', {
      ...query,
      query: { includeEnded: 'true' },
    });
    expect(all.items.map((item) => item.target)).toContainEqual({ kind: 'address', name: '10.0.0.9' });
  });

  it('has a timeline that pages through everything that keeps times', async () => {
    const host = await graph.host('h');
    const box = await graph.container(host, 'box', { from: at('09:00'), to: at('15:00') });
    await graph.process(host, {
      container: box,
      pid: 5,
      name: 'app',
      executable: '/app',
      from: at('09:00'),
      to: at('15:00'),
    });
    await graph.listener(host, { container: box, port: 80, executable: '/app', from: at('09:01') });
    await graph.edge({
      from: 'internet',
      to: `container:${box}`,
      port: 80,
      spans: [{ from: at('10:00'), to: at('11:00') }, { from: at('12:00') }],
    });
    const texts: string[] = [];
    let after: string | undefined;
    do {
      const page: { items: { at: string; text: string }[]; next?: string } = await call('assets.timeline', {
        params: { assetId: box },
        query: { limit: 3, ...(after === undefined ? {} : { after }) },
      });
      texts.push(...page.items.map((item) => `${item.at.slice(11, 16)} ${item.text}`));
      after = page.next;
    } while (after !== undefined);
    expect(texts).toEqual([
      '15:00 Process ended: app',
      '15:00 Stopped',
      '12:00 Connects: Internet → box tcp/80',
      '11:00 No longer connects: Internet → box tcp/80',
      '10:00 Connects: Internet → box tcp/80',
      '09:01 Listens on tcp/80: app',
      '09:00 First seen',
      '09:00 Process started: app',
      '09:00 Started',
    ]);
  });
});

describe('search', () => {
  it('finds assets and processes by part of their names, in scope, what begins with the text first', async () => {
    const host = await graph.host('nginx-edge', { labels: { team: 'shop' } });
    await graph.host('old-nginx', { labels: { team: 'pay' } });
    await graph.process(host, { pid: 7, name: 'nginx', executable: '/usr/sbin/nginx' });
    const all = await call<{ items: { kind: string; title: string }[] }>('search.all', { query: { q: 'NGINX' } });
    expect(all.items.map((item) => `${item.kind} ${item.title}`)).toEqual([
      'host nginx-edge',
      'process nginx',
      'host old-nginx',
    ]);
    const scoped = await call<{ items: { title: string }[] }>('search.all', {
      query: { q: 'nginx' },
      scope: { team: ['shop'] },
    });
    expect(scoped.items.map((item) => item.title)).toEqual(['nginx-edge', 'nginx']);
    expect(await call('search.all', { query: { q: "%'; --" } })).toEqual({ items: [] });
    expect(await call('search.all', { query: { q: '  ' } })).toEqual({ items: [] });
  });
});

describe('the map', () => {
  it('does not send a view again that the caller has', async () => {
    await graph.host('h');
    const first = await call<{ version: string; nodes: object[] }>('map.view');
    const again = await call<{ version: string; nodes: object[]; unchanged?: boolean }>('map.view', {
      query: { known: first.version },
    });
    expect(again).toMatchObject({ version: first.version, unchanged: true, nodes: [] });
  });

  it('opens a bundle to its edges, for every kind of end', async () => {
    const host = await graph.host('app-01', { zone: 'east' });
    const other = await graph.host('db', { zone: 'west' });
    const image = await graph.image('shop/web');
    const replicas = await Promise.all([1, 2].map((n) => graph.container(host, `web-${n}`, { image })));
    await graph.process(host, { container: replicas[0] ?? '', pid: 9, name: 'web', executable: '/app/web' });
    for (const replica of replicas) {
      await graph.edge({
        from: `container:${replica}`,
        to: `host:${other}`,
        port: 5432,
        targetProcess: '/usr/bin/postgres',
        connections: 4,
      });
    }
    await graph.edge({ from: 'internet', to: `container:${replicas[0]}`, port: 80 });
    await graph.edge({ from: `host:${host}`, to: 'peer:east|10.1.2.3', port: 53, sourceProcess: '/usr/bin/resolver' });
    const edges = async (source: string, target: string) =>
      (await call<{ items: object[] }>('map.edge', { query: { source, target } })).items.length;
    const group = `containers:${host}|${image}|web`;
    expect(await edges(group, `service:${other}|postgres`)).toBe(2);
    expect(await edges(group, `service:${other}|mysql`)).toBe(0);
    expect(await edges(`container:${replicas[1]}`, `host:${other}`)).toBe(1);
    expect(await edges('zone:east', 'zone:west')).toBe(2);
    expect(await edges('internet', `host:${host}`)).toBe(1);
    expect(await edges(`service:${host}|resolver`, 'peer:east|10.1.2.3')).toBe(1);
    expect(await edges(`host:${host}`, 'peers:east|10.1.2.0/24')).toBe(1);
    expect(await edges(`host:${host}`, 'peers:west|10.1.2.0/24')).toBe(0);
    expect(await edges(`containers:host:${host}|rest`, 'zone:west')).toBe(2);
    expect(await edges('nonsense', "zone:'")).toBe(0);
  });

  it('finds the shortest ways from the Internet, then and now, and names nothing out of scope', async () => {
    const host = await graph.host('h');
    const secret = await graph.host('secret', { labels: { team: 'pay' } });
    const goal = await graph.container(host, 'goal', { labels: { team: 'shop' }, risk: 91 });
    const near = await graph.container(host, 'near');
    await graph.edge({ from: 'internet', to: `host:${secret}`, port: 443, connections: 50 });
    await graph.edge({ from: `host:${secret}`, to: `container:${goal}`, port: 9000, connections: 20 });
    await graph.edge({
      from: 'internet',
      to: `container:${near}`,
      port: 80,
      connections: 3,
      spans: [{ from: at('12:00') }],
    });
    await graph.edge({ from: `container:${near}`, to: `container:${goal}`, port: 2375, connections: 2 });
    await graph.edge({ from: `container:${goal}`, to: `container:${near}`, port: 1 });
    type Paths = { paths: { steps: { nodeId: string; label: string; port?: number; risk?: number }[] }[] };
    const now = await call<Paths>('map.path', { query: { assetId: goal } });
    expect(now.paths.map((path) => path.steps.map((step) => [step.label, step.port]))).toEqual([
      [
        ['Internet', undefined],
        ['secret', 443],
        ['goal', 9000],
      ],
      [
        ['Internet', undefined],
        ['near', 80],
        ['goal', 2375],
      ],
    ]);
    expect(now.paths[0]?.steps[2]).toMatchObject({ nodeId: `container:${goal}`, risk: 91 });
    const before = await call<Paths>('map.path', { query: { assetId: goal, at: at('11:00').toISOString() } });
    expect(before.paths).toHaveLength(1);
    const scoped = await call<Paths>('map.path', { query: { assetId: goal }, scope: { team: ['shop'] } });
    expect(JSON.stringify(scoped)).not.toContain('secret');
    expect(JSON.stringify(scoped)).not.toContain(secret);
    const none = await call<Paths>('map.path', { query: { assetId: goal }, scope: { team: ['nobody'] } });
    expect(none.paths).toEqual([]);
  });

  it('counts what came and went, and where it was blind', async () => {
    const host = await graph.host('h');
    const second = await graph.host('h2', { from: at('10:30') });
    await graph.container(host, 'c', { from: at('09:10'), to: at('11:10') });
    await graph.edge({
      from: `host:${host}`,
      to: 'internet',
      port: 443,
      spans: [{ from: at('09:20'), to: at('09:50') }],
    });
    await graph.blind(host, { from: at('09:30'), to: at('10:00') });
    await graph.blind(second, { from: at('09:45'), to: at('10:15') });
    // Within another one, and beside one that has no end.
    await graph.blind(host, { from: at('09:35'), to: at('09:40') }, 'processes');
    await graph.blind(host, { from: at('11:30') });
    await graph.blind(second, { from: at('11:40'), to: at('11:45') });
    const query = { from: at('08:00').toISOString(), to: at('12:00').toISOString(), buckets: 4 };
    const changes = await call<{ buckets: { appeared: number; gone: number }[]; blind: object[]; earliest?: string }>(
      'map.changes',
      { query },
    );
    expect(changes.buckets.map(({ appeared, gone }) => [appeared, gone])).toEqual([
      [1, 0],
      [2, 1],
      [1, 0],
      [0, 1],
    ]);
    expect(changes.blind).toEqual([
      { from: at('09:30').toISOString(), to: at('10:15').toISOString(), hosts: 2 },
      { from: at('11:30').toISOString(), hosts: 2 },
    ]);
    expect(changes.earliest).toBe(start.toISOString());
    const hidden = await call<{ buckets: { appeared: number }[]; blind: object[] }>('map.changes', {
      query,
      scope: { team: ['x'] },
    });
    expect(hidden.blind).toEqual([]);
    expect(hidden.buckets.every((bucket) => bucket.appeared === 0)).toBe(true);
    expect(await refusal(call('map.changes', { query: { ...query, to: query.from } }))).toBe('400 bad-range');
  });
});

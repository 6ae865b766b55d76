import type { MapEdge, MapNode } from '@parapet/contract/api';
import { describe, expect, it } from 'vitest';
import { cellAround, overlaps } from './geometry.ts';
import { layOutKeeping } from './keep-positions.ts';
import { layOut } from './layout.ts';
import { layersOf } from './tree.ts';

const node = (id: string, parent?: string, kind: MapNode['kind'] = 'container'): MapNode => ({
  id,
  kind,
  label: id,
  count: 1,
  status: 'running',
  exposed: false,
  ports: [],
  opens: false,
  ...(parent === undefined ? {} : { parent }),
});
const edge = (source: string, target: string): MapEdge => ({
  id: `${source}>${target}`,
  source,
  target,
  ports: [],
  count: 1,
  connections: 1,
  active: true,
});

const internet = node('internet', undefined, 'internet');
const sample = {
  nodes: [
    internet,
    node('h1', undefined, 'host'),
    node('web', 'h1'),
    node('api', 'h1'),
    node('db', undefined, 'host'),
    node('idle', 'h1'),
  ],
  edges: [edge('internet', 'web'), edge('web', 'api'), edge('api', 'db')],
};

const noOverlaps = (points: ReadonlyMap<string, { x: number; y: number }>): void => {
  const cells = [...points].map(([id, point]) => ({ id, rect: cellAround(point) }));
  const found = cells.flatMap((a) =>
    cells.filter((b) => a.id < b.id && overlaps(a.rect, b.rect, -1)).map((b) => `${a.id} on ${b.id}`),
  );
  expect(found).toEqual([]);
};

describe('layers', () => {
  it('are hops from the Internet', () => {
    expect(
      [
        ...layersOf(
          sample.nodes.filter((n) => n.id !== 'h1'),
          sample.edges,
        ),
      ].sort(),
    ).toEqual([
      ['api', 2],
      ['db', 3],
      ['internet', 0],
      ['web', 1],
    ]);
  });

  it('place clients before what they lead to, strangers at the edge, and end in circles', () => {
    const nodes = [
      internet,
      node('a'),
      node('b'),
      node('client'),
      node('peer:x', undefined, 'peer'),
      node('c1'),
      node('c2'),
      node('egress'),
    ];
    const edges = [
      edge('internet', 'a'),
      edge('a', 'b'),
      edge('client', 'b'),
      edge('peer:x', 'a'),
      edge('c1', 'c2'),
      edge('c2', 'c1'),
      edge('egress', 'internet'),
    ];
    const layers = layersOf(nodes, edges);
    expect(layers.get('client')).toBe(1);
    expect(layers.get('peer:x')).toBe(0);
    expect(layers.get('c1')).toBe(1);
    expect(layers.get('egress')).toBe(1);
  });
});

describe('a layout', () => {
  it('reads from the Internet to the right, children inside their frames', () => {
    const layout = layOut(sample.nodes, sample.edges);
    const x = (id: string): number => layout.positions.get(id)?.x ?? Number.NaN;
    expect(x('internet')).toBeLessThan(x('web'));
    expect(x('web')).toBeLessThan(x('api'));
    expect(x('api')).toBeLessThan(x('db'));
    const frame = layout.outlines.get('h1');
    for (const id of ['web', 'api', 'idle']) {
      const point = layout.positions.get(id);
      expect(frame !== undefined && point !== undefined && overlaps(frame, cellAround(point))).toBe(true);
    }
    expect(layout.positions.has('h1')).toBe(false);
    noOverlaps(layout.positions);
  });

  it('is the same for the same view in any order', () => {
    const again = layOut([...sample.nodes].reverse(), [...sample.edges].reverse());
    expect([...again.positions].sort()).toEqual([...layOut(sample.nodes, sample.edges).positions].sort());
  });

  it('is nothing for an empty view', () => {
    expect(layOut([], []).bounds).toEqual({ x: 0, y: 0, width: 0, height: 0 });
  });
});

describe('keeping positions', () => {
  it('moves nothing when a node comes', () => {
    const before = layOut(sample.nodes, sample.edges);
    const after = layOutKeeping(
      [...sample.nodes, node('new', 'h1')],
      [...sample.edges, edge('web', 'new')],
      before.positions,
    );
    for (const id of ['internet', 'web', 'api', 'idle'])
      expect(after.positions.get(id)).toEqual(before.positions.get(id));
    expect(after.positions.has('new')).toBe(true);
    noOverlaps(after.positions);
  });

  it('brings a node back to where it was', () => {
    const before = layOut(sample.nodes, sample.edges);
    const without = layOutKeeping(
      sample.nodes.filter((n) => n.id !== 'api'),
      [],
      before.positions,
    );
    expect(without.positions.has('api')).toBe(false);
    expect(layOutKeeping(sample.nodes, sample.edges, before.positions).positions).toEqual(before.positions);
  });

  it('lays out anew what is mostly unknown', () => {
    const known = new Map([['web', { x: 9_000, y: 9_000 }]]);
    expect(layOutKeeping(sample.nodes, sample.edges, known).positions.get('web')?.x).toBeLessThan(9_000);
  });

  it('places thirty new nodes without overlaps', () => {
    const before = layOut(sample.nodes, sample.edges);
    const more = Array.from({ length: 30 }, (_, n) => node(`n${n}`, n % 2 === 0 ? 'h1' : undefined));
    const base = new Map([
      ...before.positions,
      ...more.slice(0, 28).map((n, i) => [n.id, { x: 2_000 + i * 200, y: 2_000 }] as const),
    ]);
    noOverlaps(
      layOutKeeping([...sample.nodes.filter((n) => n.id !== 'h1'), ...more.map((n) => node(n.id))], [], base).positions,
    );
  });
});

describe('a large view', () => {
  it('of six hundred marks has no overlaps', () => {
    const nodes: MapNode[] = [internet];
    const edges: MapEdge[] = [];
    for (let host = 0; host < 60; host += 1) {
      nodes.push(node(`host${host}`, undefined, 'host'));
      for (let n = 0; n < 10; n += 1) {
        nodes.push(node(`c${host}-${n}`, `host${host}`));
        edges.push(
          edge(n === 0 ? 'internet' : `c${host}-${n - 1}`, `c${host}-${n}`),
          edge(`c${host}-${n}`, `c${(host * 7 + n) % 60}-${n}`),
        );
      }
    }
    const layout = layOut(nodes, edges);
    expect(layout.positions.size).toBe(601);
    noOverlaps(layout.positions);
    const frames = [...layout.outlines];
    const found = frames.flatMap(([a, first]) =>
      frames.filter(([b, second]) => a < b && overlaps(first, second)).map(([b]) => `${a} on ${b}`),
    );
    expect(found).toEqual([]);
  });
});

/** FAKE map: hosts, what runs in those that are open, and who talks to whom. */
import type { AssetSummary, MapEdge, MapNode, ParsedOf, ResultOf } from '@parapet/contract/api';
import { ago, chance, day, minute, pick } from './fake-seed.ts';
import type { FakeWorld } from './fake-world.ts';

type View = ResultOf<'map.view'>;
type Changes = ResultOf<'map.changes'>;

export const fakeMapView = (world: FakeWorld, query: ParsedOf<'map.view'>['query']): View => {
  const opened = world.hosts.filter(({ id }) => query.open.includes(`host:${id}`));
  const inside = world.containers.filter(({ hostId }) => opened.some(({ id }) => id === hostId));
  const nodes = world.hosts.length === 0 ? [] : [internet, peer, ...world.hosts.map(nodeOf), ...inside.map(nodeOf)];
  const edges = world.hosts.length === 0 ? [] : edgesBetween(world.hosts, inside);
  const [only] = opened;
  return {
    ...{ at: query.at ?? new Date().toISOString(), live: query.at === undefined },
    version: `1-${query.open.join()}-${query.focus ?? ''}-${query.route ?? ''}`,
    trail: [
      { id: '', label: 'Fleet' },
      ...(only === undefined || opened.length > 1 ? [] : [{ id: `host:${only.id}`, label: only.name }]),
    ],
    ...around(nodes, edges, query.focus),
    behind: { nodes: world.hosts.length + world.containers.length, edges: edges.length * 4 },
    silentHosts: world.hosts.filter(({ status }) => status === 'unknown').length,
  };
};

export const fakeMapChanges = (world: FakeWorld, query: ParsedOf<'map.changes'>['query']): Changes => {
  const { from, to } = query;
  const bucketMs = Math.max(1, Math.ceil((Date.parse(to) - Date.parse(from)) / query.buckets));
  const buckets = Array.from({ length: query.buckets }, (_, index) => ({
    at: new Date(Date.parse(from) + index * bucketMs).toISOString(),
    appeared: Math.round(chance('came', index) ** 3 * 40),
    gone: Math.round(chance('went', index) ** 4 * 25),
  }));
  if (world.hosts.length === 0) return { from, to, bucketMs, buckets: [], blind: [] };
  const blind = [{ from: ago(41 * minute), to: ago(34 * minute), hosts: 1 }];
  return { from, to, bucketMs, buckets, blind, earliest: ago(9 * day) };
};

const place: Pick<MapNode, 'status' | 'exposed' | 'ports' | 'opens'> = {
  ...{ status: 'present', exposed: false, ports: [], opens: false },
};
const internet: MapNode = {
  ...{ ...place, id: 'internet', kind: 'internet', label: 'Internet' },
  ...{ detail: '4,120 addresses', count: 4120 },
};
const peer: MapNode = {
  ...{ ...place, id: 'peer:default|10.8.0.4', kind: 'peer', label: '10.8.0.4' },
  ...{ detail: 'without a sensor · in default', count: 1 },
};

const nodeOf = (asset: AssetSummary): MapNode => ({
  id: `${asset.kind}:${asset.id}`,
  kind: asset.kind === 'container' ? 'container' : 'host',
  label: asset.name,
  ...(asset.hostId === undefined ? {} : { parent: `host:${asset.hostId}` }),
  count: 1,
  status: asset.status,
  ...(asset.risk === undefined ? {} : { risk: asset.risk }),
  exposed: asset.exposure === 'internet',
  ports: asset.exposure === 'internet' ? [{ protocol: 'tcp', port: 443, process: 'nginx' }] : [],
  opens: true,
  assetId: asset.id,
  startedAt: asset.firstSeenAt,
});

const edgesBetween = (hosts: readonly AssetSummary[], inside: readonly AssetSummary[]): MapEdge[] => {
  const exposed = hosts.filter(({ exposure }) => exposure === 'internet');
  const ends = [...hosts, ...inside].map((asset) => `${asset.kind}:${asset.id}`);
  return [
    ...exposed.map(({ id }) => edge('internet', `host:${id}`, 443)),
    ...ends.flatMap((end, index) =>
      [0, 1]
        .map((turn) => pick(ends, 'talks to', index, turn))
        .filter((other) => other !== end)
        .map((other) => edge(end, other, pick([5432, 6379, 8080, 9000], end, other))),
    ),
    ...ends.slice(0, 3).map((end) => edge(end, peer.id, 53, 'udp')),
  ].filter(({ id }, index, all) => all.findIndex((other) => other.id === id) === index);
};

const edge = (source: string, target: string, port: number, protocol: 'tcp' | 'udp' = 'tcp'): MapEdge => {
  const connections = Math.ceil(chance(source, target) ** 4 * 90_000);
  return {
    ...{ id: `${source}>${target}`, source, target, ports: [{ protocol, port }], count: 1, connections },
    ...{ bytes: connections * 4200, active: chance('active', source, target) > 0.3, startedAt: ago(3 * day) },
  };
};

/** The neighbourhood of a node, one edge around it. */
const around = (nodes: MapNode[], edges: MapEdge[], focus: string | undefined): Pick<View, 'nodes' | 'edges'> => {
  if (focus === undefined || !nodes.some(({ id }) => id === focus)) return { nodes, edges };
  const kept = edges.filter(({ source, target }) => source === focus || target === focus);
  const near = new Set([focus, ...kept.flatMap(({ source, target }) => [source, target])]);
  return { nodes: nodes.filter(({ id }) => near.has(id)), edges: kept };
};

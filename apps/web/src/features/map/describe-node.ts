import { type MapEdge, type MapNode, severityOfRisk } from '@parapet/contract/api';
import { formatBytes, formatCompact, plural } from '../../lib/format.ts';
import { nameOf } from './render/labels.ts';
import { isRiskUnknown, standingOf } from './standing.ts';

const kinds: Readonly<Record<MapNode['kind'], string>> = {
  internet: 'Internet',
  peer: 'Address without a sensor',
  'peer-group': 'Addresses without a sensor',
  zone: 'Zone',
  host: 'Host',
  'host-group': 'Group of hosts',
  container: 'Container',
  'container-group': 'Replicas',
  service: 'Program on the host',
  process: 'Process',
};

export const kindName = (node: Pick<MapNode, 'kind' | 'id'>): string =>
  node.id === 'outside' ? 'What your scope hides' : kinds[node.kind];

/** One spoken line about a node: for screen readers, where the picture would show it. */
export const describeNode = (node: MapNode, neighbours: number): string => {
  const risk =
    node.risk === undefined
      ? isRiskUnknown(node)
        ? ', risk not known'
        : ''
      : `, risk ${Math.round(node.risk)} of 100, ${severityOfRisk(node.risk)}`;
  const facing = node.exposed && node.kind !== 'internet' ? ', the Internet reaches it' : '';
  const ports = node.ports.length === 0 ? '' : `, listens on ${node.ports.map((port) => port.port).join(', ')}`;
  return `${kindName(node)} ${nameOf(node)}, ${standingOf(node)}${risk}${facing}${ports}, ${plural(neighbours, 'connection')}${node.opens ? '. Enter opens it' : ''}.`;
};

/** `tcp 443, 8080`. */
export const portsText = (ports: readonly { readonly protocol: string; readonly port: number }[]): string => {
  const protocols = new Set(ports.map((port) => port.protocol));
  const list = ports
    .map((port) => (protocols.size > 1 ? `${port.protocol} ${port.port}` : String(port.port)))
    .join(', ');
  return protocols.size === 1 ? `${[...protocols][0]} ${list}` : list;
};

export const trafficText = (edge: MapEdge): string => {
  const bytes = edge.bytes === undefined ? '' : ` · ${formatBytes(edge.bytes)}`;
  return `${formatCompact(edge.connections)} ${edge.connections === 1 ? 'connection' : 'connections'}${bytes}`;
};

/** What the picture says, as a sentence. */
export const headlineOf = (nodes: readonly MapNode[]): string => {
  const known = nodes.filter((node) => !['internet', 'peer', 'peer-group'].includes(node.kind));
  // Around what is open stand its neighbours, which are not the matter.
  const opened = known.filter((node) => node.parent !== undefined || nodes.some((child) => child.parent === node.id));
  const inside = opened.length > 0 ? opened : known;
  const parents = new Set(nodes.map((node) => node.parent));
  const leaves = inside.filter((node) => !parents.has(node.id));
  if (leaves.length === 0) return 'Nothing runs here';
  const facing = leaves.filter((node) => node.exposed);
  // A host's own risk is its frame's, once it is open.
  const worst = inside.reduce<MapNode | undefined>(
    (best, node) => ((node.risk ?? 0) > (best?.risk ?? 0) ? node : best),
    undefined,
  );
  const first = facingText(facing);
  if (worst?.risk === undefined || worst.risk < 20) return first;
  return `${first}; the highest risk is ${Math.round(worst.risk)}, ${nameOf(worst)}`;
};

const facingText = (facing: readonly MapNode[]): string => {
  const counts = new Map<string, number>();
  for (const node of facing) {
    const standsFor = node.kind === 'container-group' ? node.count : 1;
    counts.set(node.label, (counts.get(node.label) ?? 0) + standsFor);
  }
  const names = [...counts].map(([name, count]) => (count > 1 ? `${name} ×${count}` : name));
  const [first, second, ...more] = names;
  if (first === undefined) return 'The Internet was not seen to reach any of these';
  if (second === undefined) return `${first} faces the Internet`;
  if (more.length === 0) return `${first} and ${second} face the Internet`;
  const kinds = new Set(facing.map((node) => node.kind));
  const [only] = kinds.size === 1 ? kinds : [];
  return `${plural(facing.length, only === 'zone' ? 'zone' : only === 'host' ? 'host' : 'place')} face the Internet`;
};

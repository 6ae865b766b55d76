import { type LiftedEdge, type LiftedEdges, type LiftRequest, presentEnd } from '../map/read-edges.ts';
import type { AskedEdges } from './ask.ts';
import { type EdgeColumns, type EdgeEnd, udpBit } from './edge-columns.ts';

/** What memory can answer: edges of open nodes are told apart by program, and those of a route by pair, in the database. */
export const answersFromMemory = ({
  openHosts,
  openContainers,
  pairs,
}: Pick<LiftRequest, 'openHosts' | 'openContainers' | 'pairs'>): boolean =>
  openHosts.length === 0 && openContainers.length === 0 && pairs === undefined;

/** The same as `readLiftedEdges` for live edges. */
export const liftInMemory = ({ columns, visible }: AskedEdges, request: LiftRequest): LiftedEdges => {
  const ends = columns.ends.map((end) => placeOf(end, request, visible));
  const keys = numberKeys(ends, columns.ends, request);
  const bundles = new Map<number, Bundle>();
  let behind = 0;
  const touching = request.touching === undefined ? undefined : new Set(request.touching);
  const leaveOut = request.strangers === 'leave-out';
  for (let slot = 0; slot < columns.slots; slot += 1) {
    if (columns.live[slot] === 0) continue;
    const [from, to] = [columns.sources[slot] ?? 0, columns.targets[slot] ?? 0];
    const [source, target] = [ends[from] ?? outside, ends[to] ?? outside];
    if (source < 0 && target < 0) continue;
    if (touching !== undefined && !touching.has(source) && !touching.has(target)) continue;
    if (leaveOut && (source === outside || target === outside)) continue;
    behind += 1;
    const [sourceKey, targetKey] = [keys.of[from] ?? 0, keys.of[to] ?? 0];
    if (sourceKey === targetKey) continue;
    const pair = sourceKey * keys.texts.length + targetKey;
    const known = bundles.get(pair);
    const bundle = known ?? newBundle(sourceKey, targetKey);
    if (known === undefined) bundles.set(pair, bundle);
    const block = keys.isBlock[sourceKey] === 1 ? from : keys.isBlock[targetKey] === 1 ? to : undefined;
    addEdge(bundle, columns, slot, block);
  }
  const all = [...bundles.values()].sort(inOrder(keys.texts));
  return { edges: all.slice(0, request.limit).map(present(keys.texts)), bundles: all.length, behind };
};

/** An end that is no shown node: an asset outside of what is shown, or none at all. */
const outside = -1;
const noAsset = -2;

/** The index of the node that stands for an end, or what else it is. */
const placeOf = (end: EdgeEnd, request: LiftRequest, visible: ReadonlySet<string> | undefined): number => {
  if (end.kind !== 'asset') return noAsset;
  if (visible?.has(end.id) === false) return outside;
  return request.containers.get(end.id) ?? request.hosts.get(end.hostId) ?? outside;
};

type Keys = {
  /** The key of each end, as a number. */
  readonly of: Uint32Array;
  /** The key as text, see `presentEnd`. */
  readonly texts: readonly string[];
  readonly isBlock: Uint8Array;
};

const numberKeys = (places: readonly number[], ends: readonly EdgeEnd[], request: LiftRequest): Keys => {
  const numbers = new Map<string, number>();
  const texts: string[] = [];
  const open = new Set(request.openBlocks);
  const numberOf = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, texts.length);
    return texts.push(text) - 1;
  };
  const ofNode: number[] = [];
  const of = Uint32Array.from(places, (place, at) => {
    if (place >= 0) {
      ofNode[place] ??= numberOf(`n${place}`);
      return ofNode[place] ?? 0;
    }
    return numberOf(textOf(ends[at], request.groupPeers, open));
  });
  return { of, texts, isBlock: Uint8Array.from(texts, (text) => (text.startsWith('b') ? 1 : 0)) };
};

const textOf = (end: EdgeEnd | undefined, groupPeers: boolean, open: ReadonlySet<string>): string => {
  if (end === undefined || end.kind === 'asset') return 'o';
  if (end.kind === 'internet') return 'i';
  if (!groupPeers) return `p${end.place}`;
  const block = blockOf(end.place);
  return open.has(block) ? `p${end.place}` : `b${block}`;
};

/** `<zone>|<block>`: /24 of IPv4, the first four groups of IPv6, as `peerBlockOf` in SQL. */
const blockOf = (place: string): string =>
  /\|\d+\.\d+\.\d+\.\d+$/.test(place)
    ? place.replace(/\.\d+$/, '.0/24')
    : place.replace(/(\|(?:[0-9a-f]{1,4}:){1,4}).*$/, '$1:/64');

type Port = { connections: number; peers: Set<number> | undefined };
type Bundle = {
  readonly source: number;
  readonly target: number;
  count: number;
  connections: number;
  bytes: number | undefined;
  firstSeen: number;
  lastSeen: number;
  addresses: number;
  readonly ports: Map<number, Port>;
};

const newBundle = (source: number, target: number): Bundle => ({
  ...{ source, target, count: 0, connections: 0, bytes: undefined, addresses: 0, ports: new Map() },
  ...{ firstSeen: Number.POSITIVE_INFINITY, lastSeen: Number.NEGATIVE_INFINITY },
});

const addEdge = (bundle: Bundle, columns: EdgeColumns, slot: number, peer: number | undefined): void => {
  const connections = columns.connections[slot] ?? 0;
  const bytes = columns.bytes[slot] ?? -1;
  bundle.count += 1;
  bundle.connections += connections;
  if (bytes >= 0) bundle.bytes = (bundle.bytes ?? 0) + bytes;
  bundle.firstSeen = Math.min(bundle.firstSeen, columns.firstSeen[slot] ?? 0);
  bundle.lastSeen = Math.max(bundle.lastSeen, columns.lastSeen[slot] ?? 0);
  bundle.addresses = Math.max(bundle.addresses, columns.addresses[slot] ?? 0);
  const number = columns.ports[slot] ?? 0;
  let port = bundle.ports.get(number);
  if (port === undefined) {
    port = { connections: 0, peers: undefined };
    bundle.ports.set(number, port);
  }
  port.connections += connections;
  if (peer !== undefined) {
    port.peers ??= new Set();
    port.peers.add(peer);
  }
};

/** Those of the Internet first, then the busiest. */
const inOrder =
  (texts: readonly string[]) =>
  (a: Bundle, b: Bundle): number => {
    const [from, to] = [texts[a.source] ?? '', texts[a.target] ?? ''];
    const [otherFrom, otherTo] = [texts[b.source] ?? '', texts[b.target] ?? ''];
    const exposed = Number(otherFrom === 'i' || otherTo === 'i') - Number(from === 'i' || to === 'i');
    return exposed || b.connections - a.connections || compare(from, otherFrom) || compare(to, otherTo);
  };

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const shownPorts = 8;

const present =
  (texts: readonly string[]) =>
  (bundle: Bundle): LiftedEdge => {
    const ports = [...bundle.ports].sort(
      ([a, one], [b, other]) => other.connections - one.connections || (a % udpBit) - (b % udpBit) || a - b,
    );
    const peers = ports.reduce((most, [, port]) => Math.max(most, port.peers?.size ?? 0), 0);
    return {
      source: presentEnd(texts[bundle.source] ?? 'o'),
      target: presentEnd(texts[bundle.target] ?? 'o'),
      count: bundle.count,
      connections: bundle.connections,
      bytes: bundle.bytes,
      firstSeenAt: new Date(bundle.firstSeen),
      lastSeenAt: new Date(bundle.lastSeen),
      ports: ports.slice(0, shownPorts).map(([number]) => ({
        protocol: number >= udpBit ? ('udp' as const) : ('tcp' as const),
        port: number % udpBit,
      })),
      addresses: Math.max(bundle.addresses, peers),
    };
  };

/** How many peers without a sensor are at live edges, counted up to `limit`. */
export const countPeersInMemory = ({ slots, live, sources, targets, ends }: EdgeColumns, limit: number): number => {
  const peers = new Set<number>();
  for (let slot = 0; slot < slots && peers.size < limit; slot += 1) {
    if (live[slot] === 0) continue;
    for (const end of [sources[slot] ?? 0, targets[slot] ?? 0]) if (ends[end]?.kind === 'peer') peers.add(end);
  }
  return Math.min(peers.size, limit);
};

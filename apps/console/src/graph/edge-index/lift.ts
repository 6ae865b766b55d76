import type { SeenEdges } from '../live-graph.ts';
import { type LiftedEdge, type LiftedEdges, type LiftRequest, presentEnd } from '../map/read-edges.ts';
import { type EdgeColumns, type EdgeEnd, udpBit } from './edge-columns.ts';

/** What memory can answer: programs of open containers are told by reports, and a route is asked by pair, in the database. */
export const answersFromMemory = ({ openContainers, pairs }: Pick<LiftRequest, 'openContainers' | 'pairs'>): boolean =>
  openContainers.length === 0 && pairs === undefined;

/** The same as `readLiftedEdges` for live edges. */
export const liftInMemory = ({ columns, visible }: SeenEdges, request: LiftRequest): LiftedEdges => {
  const open = new Set(request.openHosts);
  const places = Int32Array.from(columns.ends, (end) => placeOf(end, request, { visible, open }));
  const keys = numberKeys(places, columns, request, open);
  const bundles = new Map<number, Bundle>();
  let behind = 0;
  const touching = request.touching === undefined ? undefined : new Set(request.touching);
  const leaveOut = request.strangers === 'leave-out';
  const { slots, live, sources, targets, sourcePrograms, targetPrograms } = columns;
  for (let slot = 0; slot < slots; slot += 1) {
    if (live[slot] === 0) continue;
    const [from, to] = [sources[slot] ?? 0, targets[slot] ?? 0];
    const [source, target] = [places[from] ?? outside, places[to] ?? outside];
    if ((source < 0 && target < 0) || source === notThere || target === notThere) continue;
    if (touching !== undefined && !touching.has(source) && !touching.has(target)) continue;
    if (leaveOut && (source === outside || target === outside)) continue;
    behind += 1;
    const sourceKey = keys.of(from, sourcePrograms[slot] ?? 0);
    const targetKey = keys.of(to, targetPrograms[slot] ?? 0);
    if (sourceKey === targetKey) continue;
    const pair = sourceKey * mostKeys + targetKey;
    const known = bundles.get(pair);
    const bundle = known ?? newBundle(sourceKey, targetKey);
    if (known === undefined) bundles.set(pair, bundle);
    const block = keys.isBlock(from) ? from : keys.isBlock(to) ? to : undefined;
    addEdge(bundle, columns, slot, block);
  }
  const all = [...bundles.values()].sort(inOrder(keys.texts));
  return { edges: all.slice(0, request.limit).map(present(keys.texts)), bundles: all.length, behind };
};

/** An end that is no shown node: an asset outside of what is shown, or none at all. */
const outside = -1;
const noAsset = -2;
/** A container of an open host that is not drawn: it is not there, whatever an edge says of it. */
const notThere = -3;

/** The index of the node that stands for an end, or what else it is. */
const placeOf = (
  end: EdgeEnd,
  request: LiftRequest,
  { visible, open }: { readonly visible: ReadonlySet<string> | undefined; readonly open: ReadonlySet<number> },
): number => {
  if (end.kind !== 'asset') return noAsset;
  if (visible?.has(end.id) === false) return outside;
  const own = request.containers.get(end.id);
  if (own !== undefined) return own;
  const host = request.hosts.get(end.hostId) ?? outside;
  return end.id !== end.hostId && open.has(host) ? notThere : host;
};

/** More than there can be ends and programs, so that two keys are one number. */
const mostKeys = 2 ** 26;

type Keys = {
  /** The key of an end as a number; in an open host each program is one. */
  readonly of: (end: number, program: number) => number;
  readonly isBlock: (end: number) => boolean;
  /** The keys as text, see `presentEnd`. */
  readonly texts: readonly string[];
};

const numberKeys = (
  places: Int32Array,
  columns: EdgeColumns,
  request: LiftRequest,
  openHosts: ReadonlySet<number>,
): Keys => {
  const numbers = new Map<string, number>();
  const texts: string[] = [];
  const openBlocks = new Set(request.openBlocks);
  const numberOf = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, texts.length);
    return texts.push(text) - 1;
  };
  const ofNode: number[] = [];
  const byProgram = -1;
  const ofEnds = Int32Array.from(places, (place, at) => {
    if (place < 0) return numberOf(textOf(columns.ends[at], request.groupPeers, openBlocks));
    if (openHosts.has(place)) return byProgram;
    ofNode[place] ??= numberOf(`n${place}`);
    return ofNode[place] ?? 0;
  });
  const isBlock = Uint8Array.from(ofEnds, (key) => (texts[key]?.startsWith('b') === true ? 1 : 0));
  const ofPrograms = new Map<number, number>();
  return {
    texts,
    isBlock: (end) => isBlock[end] === 1,
    of: (end, program) => {
      const key = ofEnds[end] ?? 0;
      if (key !== byProgram) return key;
      const place = places[end] ?? 0;
      const pair = place * mostKeys + program;
      const known = ofPrograms.get(pair);
      if (known !== undefined) return known;
      const made = numberOf(`n${place}/${columns.programs[program] ?? ''}`);
      ofPrograms.set(pair, made);
      return made;
    },
  };
};

const textOf = (end: EdgeEnd | undefined, groupPeers: boolean, open: ReadonlySet<string>): string => {
  if (end === undefined || end.kind === 'asset') return 'o';
  if (end.kind === 'internet') return 'i';
  if (!groupPeers) return `p${end.place}`;
  return open.has(end.block) ? `p${end.place}` : `b${end.block}`;
};

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
  const isPeer = Uint8Array.from(ends, ({ kind }) => (kind === 'peer' ? 1 : 0));
  const peers = new Set<number>();
  for (let slot = 0; slot < slots && peers.size < limit; slot += 1) {
    if (live[slot] === 0) continue;
    const [source, target] = [sources[slot] ?? 0, targets[slot] ?? 0];
    if (isPeer[source] === 1) peers.add(source);
    if (isPeer[target] === 1) peers.add(target);
  }
  return Math.min(peers.size, limit);
};

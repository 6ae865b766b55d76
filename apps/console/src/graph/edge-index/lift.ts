import type { SeenEdges } from '../graph-in-memory.ts';
import { type LiftedEdge, type LiftedEdges, type LiftRequest, presentEnd } from '../map/read-edges.ts';
import { type EdgeColumns, type EdgeEnd, udpBit } from './edge-columns.ts';

/** What memory can answer: programs of open containers are told by reports, and a route is asked by pair, in the database. */
export const answersFromMemory = ({ openContainers, pairs }: Pick<LiftRequest, 'openContainers' | 'pairs'>): boolean =>
  openContainers.length === 0 && pairs === undefined;

/** The same as `readLiftedEdges` for live edges. */
export const liftInMemory = ({ columns, visible }: SeenEdges, request: LiftRequest): LiftedEdges => {
  const places = placesOf(columns.ends, request, visible);
  const traits = traitsOf(places, request);
  const keys = numberKeys(places, columns, request);
  // By source and then by target: both are small numbers, while one number for both would be none that maps are quick with.
  const bundles: (Map<number, Bundle> | undefined)[] = [];
  let behind = 0;
  const asked = request.touching === undefined ? shown : touched;
  const refused = request.strangers === 'leave-out' ? notThere | stranger : notThere;
  const { slots, live, sources, targets, sourcePrograms, targetPrograms } = columns;
  for (let slot = 0; slot < slots; slot += 1) {
    if (live[slot] === 0) continue;
    const from = sources[slot] ?? 0;
    const to = targets[slot] ?? 0;
    const both = (traits[from] ?? 0) | (traits[to] ?? 0);
    if ((both & asked) === 0 || (both & refused) !== 0) continue;
    behind += 1;
    const source = keys.of(from, sourcePrograms[slot] ?? 0);
    const target = keys.of(to, targetPrograms[slot] ?? 0);
    if (source === target) continue;
    const block = keys.isBlock(from) ? from : keys.isBlock(to) ? to : undefined;
    addEdge(bundleOf(bundles, source, target), columns, slot, block);
  }
  const all = bundles.flatMap((ofSource) => [...(ofSource?.values() ?? [])]).sort(inOrder(keys.texts));
  return { edges: all.slice(0, request.limit).map(present(keys.texts)), bundles: all.length, behind };
};

const bundleOf = (bundles: (Map<number, Bundle> | undefined)[], source: number, target: number): Bundle => {
  let ofSource = bundles[source];
  if (ofSource === undefined) {
    ofSource = new Map();
    bundles[source] = ofSource;
  }
  const known = ofSource.get(target);
  if (known !== undefined) return known;
  const made = newBundle(source, target);
  ofSource.set(target, made);
  return made;
};

/** An end that is no shown node: an asset outside of what is shown, none at all, or what is not there. */
const outside = -1;
const noAsset = -2;
const gone = -3;

/** The index of the node that stands for each end, or what else it is. */
const placesOf = (ends: readonly EdgeEnd[], request: LiftRequest, visible: SeenEdges['visible']): Int32Array => {
  const { hosts, containers } = request;
  const open = new Set(request.openHosts);
  const places = new Int32Array(ends.length);
  for (let at = 0; at < ends.length; at += 1) {
    const end = ends[at];
    if (end?.kind !== 'asset') places[at] = noAsset;
    else if (visible?.has(end.id) === false) places[at] = outside;
    else {
      const host = hosts.get(end.hostId) ?? outside;
      // A container of an open host that is not drawn is not there, whatever an edge says of it.
      const inHost = end.id !== end.hostId && open.has(host) ? gone : host;
      places[at] = containers.size === 0 ? host : (containers.get(end.id) ?? inHost);
    }
  }
  return places;
};

/** What an edge is taken or left for, by its ends, as bits. */
const shown = 1;
const touched = 2;
const stranger = 4;
const notThere = 8;

const traitsOf = (places: Int32Array, { touching }: LiftRequest): Uint8Array => {
  const asked = touching === undefined ? undefined : new Set(touching);
  const traits = new Uint8Array(places.length);
  for (let at = 0; at < places.length; at += 1) {
    const place = places[at] ?? outside;
    if (place >= 0) traits[at] = asked?.has(place) === true ? shown | touched : shown;
    else if (place === outside) traits[at] = stranger;
    else if (place === gone) traits[at] = notThere;
  }
  return traits;
};

type Keys = {
  /** The key of an end as a number; in an open host each program is one. */
  readonly of: (end: number, program: number) => number;
  readonly isBlock: (end: number) => boolean;
  /** The keys as text, see `presentEnd`. */
  readonly texts: readonly string[];
};

const byProgram = -1;

const numberKeys = (places: Int32Array, columns: EdgeColumns, request: LiftRequest): Keys => {
  const numbers = new Map<string, number>();
  const texts: string[] = [];
  const numberOf = (text: string): number => {
    const known = numbers.get(text);
    if (known !== undefined) return known;
    numbers.set(text, texts.length);
    return texts.push(text) - 1;
  };
  const openHosts = new Set(request.openHosts);
  const openBlocks = new Set(request.openBlocks);
  const ofNode: number[] = [];
  const ofEnds = new Int32Array(places.length);
  const isBlock = new Uint8Array(places.length);
  for (let at = 0; at < places.length; at += 1) {
    const place = places[at] ?? outside;
    if (place < 0) {
      const text = textOf(columns.ends[at], request.groupPeers, openBlocks);
      ofEnds[at] = numberOf(text);
      isBlock[at] = text.startsWith('b') ? 1 : 0;
    } else if (openHosts.has(place)) ofEnds[at] = byProgram;
    else {
      ofNode[place] ??= numberOf(`n${place}`);
      ofEnds[at] = ofNode[place] ?? 0;
    }
  }
  const ofPrograms = new Map<number, Map<number, number>>();
  const ofProgram = (place: number, program: number): number => {
    const inPlace = ofPrograms.get(place) ?? new Map<number, number>();
    ofPrograms.set(place, inPlace);
    const known = inPlace.get(program) ?? numberOf(`n${place}/${columns.programs[program] ?? ''}`);
    inPlace.set(program, known);
    return known;
  };
  return {
    texts,
    isBlock: (end) => isBlock[end] === 1,
    of: (end, program) => {
      const key = ofEnds[end] ?? 0;
      return key === byProgram ? ofProgram(places[end] ?? 0, program) : key;
    },
  };
};

const textOf = (end: EdgeEnd | undefined, groupPeers: boolean, open: ReadonlySet<string>): string => {
  if (end === undefined || end.kind === 'asset') return 'o';
  if (end.kind === 'internet') return 'i';
  if (!groupPeers) return `p${end.place}`;
  return open.has(end.block) ? `p${end.place}` : `b${end.block}`;
};

type Bundle = {
  readonly source: number;
  readonly target: number;
  count: number;
  connections: number;
  /** Both ways together; -1 when nobody counted them. */
  bytes: number;
  firstSeen: number;
  lastSeen: number;
  addresses: number;
  /** Connections by port. */
  readonly ports: Map<number, number>;
  /** The far ends in a block, by port. */
  peers: Map<number, Set<number>> | undefined;
};

const newBundle = (source: number, target: number): Bundle => ({
  ...{ source, target, count: 0, connections: 0, bytes: -1, addresses: 0, ports: new Map(), peers: undefined },
  ...{ firstSeen: Number.POSITIVE_INFINITY, lastSeen: Number.NEGATIVE_INFINITY },
});

const addEdge = (bundle: Bundle, columns: EdgeColumns, slot: number, peer: number | undefined): void => {
  const connections = columns.connections[slot] ?? 0;
  const bytes = columns.bytes[slot] ?? -1;
  bundle.count += 1;
  bundle.connections += connections;
  if (bytes >= 0) bundle.bytes = Math.max(0, bundle.bytes) + bytes;
  bundle.firstSeen = Math.min(bundle.firstSeen, columns.firstSeen[slot] ?? 0);
  bundle.lastSeen = Math.max(bundle.lastSeen, columns.lastSeen[slot] ?? 0);
  bundle.addresses = Math.max(bundle.addresses, columns.addresses[slot] ?? 0);
  const port = columns.ports[slot] ?? 0;
  bundle.ports.set(port, (bundle.ports.get(port) ?? 0) + connections);
  if (peer !== undefined) addPeer(bundle, port, peer);
};

const addPeer = (bundle: Bundle, port: number, peer: number): void => {
  bundle.peers ??= new Map();
  const peers = bundle.peers.get(port) ?? new Set();
  bundle.peers.set(port, peers.add(peer));
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

/** Kept while they are looked through: a bundle may have thousands, and there are thousands of bundles. */
const busiestPorts = (ports: ReadonlyMap<number, number>): readonly number[] => {
  const busiest: number[] = [];
  const isBefore = (a: number, b: number): boolean =>
    ((ports.get(b) ?? 0) - (ports.get(a) ?? 0) || (a % udpBit) - (b % udpBit) || a - b) < 0;
  for (const port of ports.keys()) {
    let place = busiest.length;
    while (place > 0 && isBefore(port, busiest[place - 1] ?? 0)) place -= 1;
    if (place === shownPorts) continue;
    busiest.splice(place, 0, port);
    if (busiest.length > shownPorts) busiest.pop();
  }
  return busiest;
};

const present =
  (texts: readonly string[]) =>
  (bundle: Bundle): LiftedEdge => {
    const peers = [...(bundle.peers?.values() ?? [])].reduce((most, { size }) => Math.max(most, size), 0);
    return {
      source: presentEnd(texts[bundle.source] ?? 'o'),
      target: presentEnd(texts[bundle.target] ?? 'o'),
      count: bundle.count,
      connections: bundle.connections,
      bytes: bundle.bytes < 0 ? undefined : bundle.bytes,
      firstSeenAt: new Date(bundle.firstSeen),
      lastSeenAt: new Date(bundle.lastSeen),
      ports: busiestPorts(bundle.ports).map((number) => ({
        protocol: number >= udpBit ? ('udp' as const) : ('tcp' as const),
        port: number % udpBit,
      })),
      addresses: Math.max(bundle.addresses, peers),
    };
  };

/** How many peers without a sensor are at live edges, counted up to `limit`. */
export const countPeersInMemory = ({ slots, live, sources, targets, ends }: EdgeColumns, limit: number): number => {
  const isPeer = new Uint8Array(ends.length);
  for (let at = 0; at < ends.length; at += 1) if (ends[at]?.kind === 'peer') isPeer[at] = 1;
  if (!isPeer.includes(1)) return 0;
  const peers = new Set<number>();
  for (let slot = 0; slot < slots && peers.size < limit; slot += 1) {
    if (live[slot] === 0) continue;
    const source = sources[slot] ?? 0;
    const target = targets[slot] ?? 0;
    if (isPeer[source] === 1) peers.add(source);
    if (isPeer[target] === 1) peers.add(target);
  }
  return Math.min(peers.size, limit);
};

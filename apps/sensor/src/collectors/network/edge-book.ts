import type { EdgePeer, EdgeRecord } from '@parapet/contract/wire';
import type { TransportProtocol } from '@parapet/kernel';
import type { InventorySink } from '../collector.ts';
import type { KnownProcess } from '../workload-directory.ts';
import { createInternetSample, type InternetSample } from './internet-sample.ts';
import { edgeKey, workloadKey } from './record-keys.ts';

/** The far end as one connection shows it. */
export type PeerIdentity =
  | { readonly kind: 'local'; readonly containerKey?: string | undefined; readonly executable?: string | undefined }
  | { readonly kind: 'address'; readonly address: string; readonly network?: string | undefined }
  | { readonly kind: 'internet'; readonly address: string };

/** What an edge is made of; all but `process` and `publishedPort` are its identity. */
export type EdgeParts = {
  readonly containerKey: string | undefined;
  readonly executable: string | undefined;
  readonly process: Pick<KnownProcess, 'key' | 'pid'> | undefined;
  readonly direction: 'in' | 'out';
  readonly protocol: TransportProtocol;
  readonly peer: PeerIdentity;
  readonly serverPort: number;
  readonly publishedPort: number | undefined;
};

/** The standing relation that connections are added up in. */
export type Edge = {
  readonly key: string;
  readonly containerKey: string | undefined;
  readonly executable: string | undefined;
};

export type EdgeBook = {
  /** One more connection between these two, new or already open when first seen. `undefined` when the limits left no place; that is counted as lost. */
  readonly connect: (parts: EdgeParts, now: number) => Edge | undefined;
  /** Bytes since the last call, and that the connection still is. */
  readonly carry: (edge: Edge, now: number, sent: number | undefined, received: number | undefined) => void;
  /** Ends the edges of containers that ended. */
  readonly endWorkloads: (hasEnded: (containerKey: string) => boolean, now: number) => void;
  /** Ends edges not seen for five minutes and hands changed ones to the inventory. */
  readonly flush: (now: number) => void;
  readonly size: () => number;
};

export type EdgeBookDeps = {
  readonly inventory: Pick<InventorySink, 'put'>;
  readonly markSocketOwner: (pid: number) => void;
  readonly lose: (cause: string, count: number) => void;
  readonly limits?: { readonly edges: number; readonly peers: number };
};

export const createEdgeBook = (deps: EdgeBookDeps): EdgeBook => {
  const limits = deps.limits ?? { edges: 8192, peers: 1024 };
  const entries = new Map<string, Entry>();
  const groups = new Map<string, Set<Entry>>();

  const remove = (entry: Entry, endedAt: number): void => {
    entries.delete(entry.key);
    const group = groups.get(entry.group);
    group?.delete(entry);
    if (group?.size === 0) groups.delete(entry.group);
    deps.inventory.put({ ...recordOf(entry), endedAt });
  };

  const create = (parts: EdgeParts, key: string, now: number): Entry | undefined => {
    const group = groupOf(parts);
    const members = groups.get(group) ?? new Set();
    if (entries.size >= limits.edges || members.size >= limits.peers) {
      deps.lose(entries.size >= limits.edges ? 'too-many-edges' : 'too-many-peers', 1);
      return undefined;
    }
    const entry = createEntry(parts, key, group, now);
    entries.set(key, entry);
    groups.set(group, members.add(entry));
    return entry;
  };

  return {
    connect: (parts, now) => {
      const key = keyOf(parts);
      const entry = entries.get(key) ?? soleNamed(parts, groups.get(groupOf(parts))) ?? create(parts, key, now);
      if (entry === undefined) return undefined;
      entry.connections += 1;
      entry.lastSeenAt = now;
      entry.changed = 'all';
      if (parts.process !== undefined) {
        deps.markSocketOwner(parts.process.pid);
        entry.processKey = parts.process.key;
      }
      entry.publishedPort = parts.publishedPort ?? entry.publishedPort;
      if (parts.peer.kind === 'internet') entry.internet?.add(parts.peer.address);
      return entry;
    },
    carry: (edge, now, sent, received) => {
      const entry = entries.get(edge.key);
      if (entry === undefined) return;
      entry.lastSeenAt = now;
      if (sent !== undefined) entry.bytesSent = (entry.bytesSent ?? 0) + sent;
      if (received !== undefined) entry.bytesReceived = (entry.bytesReceived ?? 0) + received;
      entry.changed ??= 'counters';
    },
    endWorkloads: (hasEnded, now) => {
      for (const entry of entries.values())
        if (entry.containerKey !== undefined && hasEnded(entry.containerKey)) remove(entry, now);
    },
    flush: (now) => {
      for (const entry of entries.values()) {
        if (now - entry.lastSeenAt > absenceMs) remove(entry, entry.lastSeenAt);
        else if (entry.changed === 'all' || (entry.changed === 'counters' && now - entry.putAt >= countersEveryMs)) {
          entry.changed = undefined;
          entry.putAt = now;
          deps.inventory.put(recordOf(entry));
        }
      }
    },
    size: () => entries.size,
  };
};

/** A workload talking to itself tells nothing: the same program at both ends, or two unknown ones of one workload. */
export const isWithinItself = (parts: EdgeParts): boolean =>
  parts.peer.kind === 'local' &&
  parts.peer.containerKey === parts.containerKey &&
  parts.peer.executable === parts.executable;

/** An absence shorter than this does not split an edge's presence. */
const absenceMs = 5 * 60_000;
/** The inventory sends counters every 20 s; handing them over more often is work for nothing. */
const countersEveryMs = 10_000;

type Entry = {
  readonly key: string;
  readonly group: string;
  readonly containerKey: string | undefined;
  readonly executable: string | undefined;
  readonly direction: 'in' | 'out';
  readonly protocol: TransportProtocol;
  readonly peer: PeerIdentity;
  readonly serverPort: number;
  readonly startedAt: number;
  readonly internet: InternetSample | undefined;
  processKey: string | undefined;
  publishedPort: number | undefined;
  lastSeenAt: number;
  connections: number;
  bytesSent: number | undefined;
  bytesReceived: number | undefined;
  changed: 'all' | 'counters' | undefined;
  putAt: number;
};

const createEntry = (parts: EdgeParts, key: string, group: string, now: number): Entry => ({
  key,
  group,
  containerKey: parts.containerKey,
  executable: parts.executable,
  direction: parts.direction,
  protocol: parts.protocol,
  peer: parts.peer,
  serverPort: parts.serverPort,
  startedAt: now,
  internet: parts.peer.kind === 'internet' ? createInternetSample() : undefined,
  processKey: undefined,
  publishedPort: parts.publishedPort,
  lastSeenAt: now,
  connections: 0,
  bytesSent: undefined,
  bytesReceived: undefined,
  changed: 'all',
  putAt: 0,
});

/** One workload's connections on one port, whatever the peer and executable. */
const groupOf = (parts: EdgeParts): string =>
  `${workloadKey(parts.containerKey)}|${parts.direction}|${parts.protocol}|${parts.serverPort}`;

const keyOf = (parts: EdgeParts): string =>
  edgeKey([
    workloadKey(parts.containerKey),
    parts.direction,
    parts.protocol,
    String(parts.serverPort),
    ...peerParts(parts.peer),
    parts.executable ?? '',
  ]);

const peerParts = (peer: PeerIdentity): readonly string[] => {
  switch (peer.kind) {
    case 'local':
      return ['local', workloadKey(peer.containerKey), peer.executable ?? ''];
    case 'address':
      return ['address', peer.address, peer.network ?? ''];
    case 'internet':
      return ['internet'];
  }
};

/**
 * A connection too short for its process to be found belongs to the edge that is the same but for the executable, when
 * there is just one: a second edge for "somebody in the same workload" would say less.
 */
const soleNamed = (parts: EdgeParts, group: ReadonlySet<Entry> | undefined): Entry | undefined => {
  if (group === undefined || (parts.executable !== undefined && isNamed(parts.peer))) return undefined;
  let sole: Entry | undefined;
  for (const entry of group) {
    if (!agrees(parts, entry)) continue;
    if (sole !== undefined) return undefined;
    sole = entry;
  }
  return sole;
};

const isNamed = (peer: PeerIdentity): boolean => peer.kind !== 'local' || peer.executable !== undefined;

const agrees = (parts: EdgeParts, entry: Entry): boolean => {
  if (parts.executable !== undefined && parts.executable !== entry.executable) return false;
  const [one, other] = [parts.peer, entry.peer];
  if (one.kind === 'internet') return other.kind === 'internet';
  if (one.kind === 'address') return other.kind === 'address' && one.address === other.address;
  return (
    other.kind === 'local' &&
    one.containerKey === other.containerKey &&
    (one.executable === undefined || one.executable === other.executable)
  );
};

const recordOf = (entry: Entry): EdgeRecord => ({
  kind: 'edge',
  key: entry.key,
  startedAt: entry.startedAt,
  direction: entry.direction,
  protocol: entry.protocol,
  peer: peerOf(entry),
  serverPort: entry.serverPort,
  lastSeenAt: entry.lastSeenAt,
  connections: entry.connections,
  ...(entry.containerKey === undefined ? {} : { containerKey: entry.containerKey }),
  ...(entry.executable === undefined ? {} : { executable: entry.executable }),
  ...(entry.processKey === undefined ? {} : { processKey: entry.processKey }),
  ...(entry.publishedPort === undefined ? {} : { publishedPort: entry.publishedPort }),
  ...(entry.bytesSent === undefined ? {} : { bytesSent: entry.bytesSent }),
  ...(entry.bytesReceived === undefined ? {} : { bytesReceived: entry.bytesReceived }),
});

const peerOf = ({ peer, internet }: Entry): EdgePeer => {
  switch (peer.kind) {
    case 'local':
      return {
        kind: 'local',
        ...(peer.containerKey === undefined ? {} : { containerKey: peer.containerKey }),
        ...(peer.executable === undefined ? {} : { executable: peer.executable }),
      };
    case 'address':
      return {
        kind: 'address',
        address: peer.address,
        ...(peer.network === undefined ? {} : { network: peer.network }),
      };
    case 'internet':
      return { kind: 'internet', addresses: [...(internet?.addresses() ?? [])], addressCount: internet?.count() ?? 0 };
  }
};

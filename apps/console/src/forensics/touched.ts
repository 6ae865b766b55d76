import type { ForensicFile, ForensicPeer, HuntEvent } from '@parapet/contract/api';
import type { EventAction } from '@parapet/contract/telemetry';
import { instantOf } from './event-processes.ts';

/** Whom events of connections name, the busiest first. */
export const peersOf = (events: readonly HuntEvent[], limit: number): Bounded<ForensicPeer> => {
  const peers = new Map<string, ForensicPeer>();
  for (const event of events) {
    const seen = peerIn(event);
    if (seen === undefined) continue;
    const key = JSON.stringify([seen.direction, seen.address, seen.port, seen.transport]);
    const known = peers.get(key);
    peers.set(key, known === undefined ? seen : joinPeers(known, seen));
  }
  return bounded(
    [...peers.values()].toSorted(
      (a, b) => b.connections + b.failures - a.connections - a.failures || a.address.localeCompare(b.address),
    ),
    limit,
  );
};

/** Files that events name, with what was done to each, the latest first. */
export const filesOf = (events: readonly HuntEvent[], limit: number): Bounded<ForensicFile> => {
  const files = new Map<string, { counts: Map<EventAction, number>; firstAt: string; lastAt: string }>();
  for (const event of events) {
    const at = instantOf(event['@timestamp']);
    if (at === undefined) continue;
    for (const path of [event['file.path'], event['file.target_path']]) {
      if (typeof path !== 'string' || path === '') continue;
      const file = files.get(path) ?? { counts: new Map(), firstAt: at, lastAt: at };
      const action = event['event.action'] as EventAction;
      file.counts.set(action, (file.counts.get(action) ?? 0) + 1);
      files.set(path, { ...file, firstAt: earlier(file.firstAt, at), lastAt: later(file.lastAt, at) });
    }
  }
  return bounded(
    [...files]
      .map(([path, { counts, firstAt, lastAt }]) => ({
        ...{ path, firstAt, lastAt },
        actions: [...counts].map(([action, count]) => ({ action, count })).toSorted((a, b) => b.count - a.count),
      }))
      .toSorted((a, b) => b.lastAt.localeCompare(a.lastAt) || a.path.localeCompare(b.path)),
    limit,
  );
};

export type Bounded<T> = { readonly items: readonly T[]; readonly total: number };

const bounded = <T>(all: readonly T[], limit: number): Bounded<T> => ({
  items: all.slice(0, limit),
  total: all.length,
});

const peerIn = (event: HuntEvent): ForensicPeer | undefined => {
  const action = event['event.action'];
  const at = instantOf(event['@timestamp']);
  if (at === undefined || !isTalk(action)) return undefined;
  const isIngress = event['network.direction'] === 'ingress';
  const address = event[isIngress ? 'source.ip' : 'destination.ip'];
  if (typeof address !== 'string') return undefined;
  const port = event['destination.port'];
  const failed = event['event.outcome'] === 'failure';
  return {
    direction: isIngress ? 'ingress' : 'egress',
    address,
    ...(typeof port === 'number' ? { port } : {}),
    transport: String(event['network.transport'] ?? ''),
    connections: action === 'flow' || failed ? 0 : 1,
    failures: failed ? 1 : 0,
    bytesSent: bytesIn(event[isIngress ? 'destination.bytes' : 'source.bytes']),
    bytesReceived: bytesIn(event[isIngress ? 'source.bytes' : 'destination.bytes']),
    firstAt: at,
    lastAt: at,
  };
};

/** Datagrams count as connections: the first of each in a while is told. */
const isTalk = (action: unknown): boolean =>
  action === 'connect' || action === 'accept' || action === 'flow' || action === 'datagram';

const bytesIn = (value: unknown): number => (typeof value === 'number' ? value : 0);

const joinPeers = (a: ForensicPeer, b: ForensicPeer): ForensicPeer => ({
  ...a,
  connections: a.connections + b.connections,
  failures: a.failures + b.failures,
  bytesSent: a.bytesSent + b.bytesSent,
  bytesReceived: a.bytesReceived + b.bytesReceived,
  firstAt: earlier(a.firstAt, b.firstAt),
  lastAt: later(a.lastAt, b.lastAt),
});

/** Instants of one form compare as text. */
const earlier = (a: string, b: string): string => (a < b ? a : b);
const later = (a: string, b: string): string => (a < b ? b : a);

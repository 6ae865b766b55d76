import { setImmediate } from 'node:timers/promises';
import type { Endpoint, SocketRow } from '@parapet/kernel';
import { type ConnectionIndex, connectionOf } from './connection-index.ts';
import { findListener } from './namespace-view.ts';
import type { Connection, NamespaceView } from './network-view.ts';
import type { ProbedConnection } from './probed-connections.ts';

/** Keeps the connections of all namespaces: from looks at the tables, and from the kernel's news of ends in between. */
export type SocketCensus = {
  /** Reads the news of one namespace; returns how many. */
  readonly drain: (view: NamespaceView) => number;
  /** Looks at the namespaces whose turn it is. Yields to other work in between. */
  readonly look: (views: readonly NamespaceView[], now: number) => Promise<void>;
  /** Connections that are new since the last call. */
  readonly takeNew: () => readonly Connection[];
};

export type SocketCensusDeps = {
  /** Takes over what the kernel told of a connection; `told` when it has been told already. */
  readonly claim: (view: NamespaceView, row: SocketRow) => ProbedConnection | 'told' | undefined;
  readonly connections: ConnectionIndex;
  readonly lose: (cause: string, count: number) => void;
  readonly onOverrun: () => void;
};

export const createSocketCensus = ({ connections, claim, lose, onOverrun }: SocketCensusDeps): SocketCensus => {
  let look = 0;
  let fresh: Connection[] = [];

  const admit = (view: NamespaceView, row: SocketRow): boolean => {
    const probed = claim(view, row);
    if (probed === 'told') return true;
    const connection = connectionOf(view, row, look, probed);
    if (!connections.add(connection)) return false;
    fresh.push(connection);
    return true;
  };

  /** False when there was no place for it. */
  const observe = (view: NamespaceView, row: SocketRow): boolean => {
    const known = view.connections.get(row.identity);
    if (known !== undefined && known.peer.port === row.peer.port) {
      known.look = look;
      known.bytes = row.bytes;
      if (row.inode !== 0) known.inode = row.inode;
      return true;
    }
    if (known !== undefined) connections.remove(known);
    view.census.stirred = true;
    return admit(view, row);
  };

  const observeEnd = (view: NamespaceView, row: SocketRow): void => {
    view.census.stirred = true;
    const known = view.connections.get(row.identity);
    if (known !== undefined) {
      known.gone = true;
      known.bytes = row.bytes ?? known.bytes;
    } else if (isWorthTelling(view, row) && !admit(view, row)) lose('too-many', 1);
  };

  const drain = (view: NamespaceView): number => {
    let events = 0;
    const drained = view.ends?.drain((row) => {
      events += 1;
      observeEnd(view, row);
    }, maxEvents);
    if ((drained?.overruns ?? 0) > 0) onOverrun();
    return events;
  };

  const lookAt = (view: NamespaceView, now: number): void => {
    const bound: SocketRow[] = [];
    let refused = 0;
    view.census.stirred = false;
    const listed = view.list((row) => {
      if (isRuntimeResolver(view, row.local, row.peer)) return;
      if (row.state === 'listening') bound.push(row);
      else if (row.state === 'connected' && row.peer.port !== 0 && !observe(view, row)) refused += 1;
    }, maxSockets);
    // An incomplete list proves no absence.
    if (!listed.ok || !listed.value.complete) for (const known of view.connections.values()) known.look = look;
    // The same sockets are refused at each look; only what goes beyond the last count is new.
    if (refused > view.census.refused) lose('too-many', refused - view.census.refused);
    view.census = { look, bound, refused, dueAt: now + restMs, stirred: view.census.stirred };
    // Ends that came during the list wait in the socket: read after it, they find the connections they belong to.
    drain(view);
  };

  return {
    drain,
    takeNew: () => {
      const taken = fresh;
      fresh = [];
      return taken;
    },
    look: async (views, now) => {
      look += 1;
      let sliceStart = performance.now();
      for (const view of views) {
        if (!isDue(view, now)) continue;
        lookAt(view, now);
        if (performance.now() - sliceStart < sliceMs) continue;
        await setImmediate();
        sliceStart = performance.now();
      }
    },
  };
};

/** One turn reads at most so many messages; the kernel keeps the others until the next, and says when it cannot. */
const maxEvents = 8192;
const maxSockets = 65_536;
/** Work between two chances for others to run. */
const sliceMs = 10;
/** A namespace in which nothing is known to happen is looked at this often: each look costs a walk over the kernel's whole table. */
const restMs = 5000;

const isDue = (view: NamespaceView, now: number): boolean =>
  view.isHost || view.census.stirred || isYoung(view, now) || now >= view.census.dueAt;

/** A container opens its ports in its first seconds. */
export const isYoung = (view: NamespaceView, now: number): boolean => now - view.openedAt < youngMs;

const youngMs = 15_000;

/** Docker's resolver in a container's namespace: not the workload's, and on another port each time. */
export const isRuntimeResolver = (view: NamespaceView, local: Endpoint, peer: Endpoint): boolean =>
  !view.isHost && (local.address === '127.0.0.11' || peer.address === '127.0.0.11');

/**
 * A socket that no look met was a connection when it carried something or was accepted here. A UDP socket may have been
 * connected only to learn a route; connection tracking tells of real exchanges.
 */
const isWorthTelling = (view: NamespaceView, row: SocketRow): boolean =>
  row.protocol === 'tcp' &&
  row.peer.port !== 0 &&
  !isRuntimeResolver(view, row.local, row.peer) &&
  ((row.bytes !== undefined && row.bytes.sent + row.bytes.received > 0) ||
    findListener(view, row.protocol, row.local) !== undefined);

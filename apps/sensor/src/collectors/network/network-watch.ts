import { setImmediate } from 'node:timers/promises';
import type { FlowTracking, SocketRow, TrackedFlow } from '@parapet/kernel';
import type { CollectorContext } from '../collector.ts';
import type { KnownProcess } from '../workload-directory.ts';
import type { AddressBook } from './address-book.ts';
import type { Attribute } from './attribution.ts';
import { type Connection, type ConnectionIndex, connectionOf } from './connection-index.ts';
import type { DockerProxies, ProxyTarget } from './docker-proxy.ts';
import type { EdgeBook } from './edge-book.ts';
import type { FlowAccounting } from './flow-accounting.ts';
import type { FlowTable } from './flow-table.ts';
import type { ListenerBook } from './listener-book.ts';
import { findListener, type Listener, listenerKeyOf, type NamespaceView } from './namespace-view.ts';
import type { Namespaces } from './namespaces.ts';
import { workloadOf } from './peers.ts';
import type { ProxyLedger } from './proxy-ledger.ts';
import type { SocketOwners } from './socket-owners.ts';

export type NetworkWatchDeps = {
  readonly workloads: Pick<CollectorContext['workloads'], 'containers' | 'container' | 'markSocketOwner'>;
  readonly namespaces: Namespaces;
  readonly addresses: AddressBook;
  readonly connections: ConnectionIndex;
  readonly flows: FlowTable;
  readonly tracking: FlowTracking | undefined;
  readonly owners: SocketOwners;
  readonly proxies: DockerProxies;
  readonly ledger: ProxyLedger;
  readonly attribute: Attribute;
  readonly accounting: FlowAccounting;
  readonly edges: EdgeBook;
  readonly listeners: ListenerBook;
  readonly lose: (stage: string, cause: string, count: number) => void;
  /** The kernel dropped messages before we read them. */
  readonly onOverrun: (what: 'sockets' | 'flows') => void;
};

export type NetworkWatch = {
  /** Reads what the kernel told since the last time: ended sockets, new and ended flows. Returns how many. */
  readonly drain: (now: number) => number;
  /** Looks at all sockets and tells what changed. Yields to other work in between; never run two at once. */
  readonly look: (now: number, options: LookOptions) => Promise<LookOutcome>;
  /** Takes note of the containers there are: one may be gone before the next look. */
  readonly noteContainers: (now: number) => void;
  /** Compares the known flows with the kernel's table. */
  readonly reconcileFlows: (now: number) => void;
};

export type LookOptions = {
  /** Also look for nested namespaces and new addresses, and forget what is gone. */
  readonly thorough: boolean;
  /** Time to spend on finding the processes of unknown sockets. */
  readonly searchMs: number;
};

export type LookOutcome = {
  readonly sockets: number;
  /** Connections that were new, or whose process is still being looked for. */
  readonly news: number;
  readonly pending: number;
};

export const createNetworkWatch = (deps: NetworkWatchDeps): NetworkWatch => {
  let pending: Connection[] = [];
  let look = 0;
  let overflow = 0;

  const admit = (connection: Connection): boolean => {
    if (!deps.connections.add(connection)) return false;
    pending.push(connection);
    return true;
  };

  const observe = (view: NamespaceView, row: SocketRow): 'known' | 'new' | 'refused' => {
    const known = view.connections.get(row.identity);
    if (known !== undefined && known.peer.port === row.peer.port) {
      known.look = look;
      known.bytes = row.bytes;
      if (row.inode !== 0) known.inode = row.inode;
      return 'known';
    }
    if (known !== undefined) deps.connections.remove(known);
    return admit(connectionOf(view, row, look)) ? 'new' : 'refused';
  };

  const observeEnd = (view: NamespaceView, row: SocketRow): void => {
    const known = view.connections.get(row.identity);
    if (known !== undefined) {
      known.gone = true;
      known.bytes = row.bytes ?? known.bytes;
    } else if (isWorthTelling(view, row) && !admit(connectionOf(view, row, look)))
      deps.lose('connections', 'too-many', 1);
  };

  const drainEnds = (view: NamespaceView): number => {
    let events = 0;
    const drained = view.ends?.drain((row) => {
      events += 1;
      observeEnd(view, row);
    }, maxEvents);
    if ((drained?.overruns ?? 0) > 0) deps.onOverrun('sockets');
    return events;
  };

  const drain = (now: number): number =>
    deps.namespaces.views().reduce((events, view) => events + drainEnds(view), drainFlows(deps, now));

  /** The last of a namespace whose processes are gone: nothing more can be waited for. */
  const release = (view: NamespaceView, now: number): void => {
    drainEnds(view);
    view.close();
    for (const connection of view.connections.values()) {
      connection.gone = true;
      while (connection.state === 'pending' && deps.attribute(connection, now) === 'wait');
      carry(deps, connection, now);
      deps.connections.remove(connection);
    }
    pending = pending.filter((connection) => connection.namespace !== view);
  };

  const lookAt = (view: NamespaceView): Sightings => {
    const sightings: Sightings = { bound: [], sockets: 0, refused: 0, news: 0 };
    const listed = view.list((row) => {
      if (isRuntimeResolver(view, row)) return;
      sightings.sockets += 1;
      if (row.state === 'listening') sightings.bound.push(row);
      else if (row.state === 'connected' && row.peer.port !== 0) {
        const seen = observe(view, row);
        if (seen === 'new') sightings.news += 1;
        else if (seen === 'refused') sightings.refused += 1;
      }
    }, maxSockets);
    // An incomplete list proves no absence. Ends that happened during the list wait in the socket and are read after it.
    if (!listed.ok || !listed.value.complete)
      for (const connection of view.connections.values()) connection.look = look;
    return sightings;
  };

  return {
    drain,
    reconcileFlows: (now) => reconcileFlows(deps, now),
    noteContainers: (now) => deps.addresses.update(deps.workloads.containers(), now),
    look: async (now, options) => {
      look += 1;
      const gone = deps.namespaces.refresh(now, options.thorough);
      deps.addresses.update(deps.workloads.containers(), now);
      for (const view of gone) release(view, now);
      const seen = new Map<NamespaceView, Sightings>();
      let sliceStart = performance.now();
      for (const view of deps.namespaces.views()) {
        seen.set(view, lookAt(view));
        if (performance.now() - sliceStart < sliceMs) continue;
        await setImmediate();
        sliceStart = performance.now();
      }
      drain(now);
      const totals = sumOf(seen.values());
      // The same sockets are refused at each look; only what goes beyond the last count is new.
      if (totals.refused > overflow) deps.lose('connections', 'too-many', totals.refused - overflow);
      overflow = totals.refused;

      nameOwners(deps, seen, pending, options.searchMs);
      setListeners(deps, seen, now);
      pending = pending.filter((connection) => deps.attribute(connection, now) === 'wait');
      carryAll(deps, look, now);
      deps.accounting.settle(now, deps.tracking?.find);
      deps.edges.endWorkloads((key) => deps.workloads.container(key) !== undefined, now);
      deps.edges.flush(now);
      if (options.thorough) deps.owners.keepOnly(inodesOf(seen));
      return { sockets: totals.sockets, news: totals.news, pending: pending.length };
    },
  };
};

/** One turn reads at most so many messages; the kernel keeps the others until the next, and says when it cannot. */
const maxEvents = 8192;
const maxSockets = 65_536;
const maxFlows = 65_536;
/** Work between two chances for others to run. */
const sliceMs = 10;
/** A UDP socket on a port that clients get is taken for a server's once it was bound this long. */
const serverAfterMs = 60_000;

type Sightings = { readonly bound: SocketRow[]; sockets: number; refused: number; news: number };

const sumOf = (
  all: Iterable<Sightings>,
): { readonly sockets: number; readonly refused: number; readonly news: number } => {
  const total = { sockets: 0, refused: 0, news: 0 };
  for (const one of all) {
    total.sockets += one.sockets;
    total.refused += one.refused;
    total.news += one.news;
  }
  return total;
};

/** Docker's resolver in a container's namespace: not the workload's, and on another port each time. */
const isRuntimeResolver = (view: NamespaceView, row: SocketRow): boolean =>
  !view.isHost && (row.local.address === '127.0.0.11' || row.peer.address === '127.0.0.11');

/**
 * A socket that no look met was a connection when it carried something or was accepted here. A UDP socket may have been
 * connected only to learn a route; connection tracking tells of real exchanges.
 */
const isWorthTelling = (view: NamespaceView, row: SocketRow): boolean =>
  row.protocol === 'tcp' &&
  row.peer.port !== 0 &&
  !isRuntimeResolver(view, row) &&
  ((row.bytes !== undefined && row.bytes.sent + row.bytes.received > 0) ||
    findListener(view, row.protocol, row.local) !== undefined);

const drainFlows = (deps: NetworkWatchDeps, now: number): number => {
  let events = 0;
  const onEnd = (tracked: TrackedFlow): void => {
    const flow = deps.flows.byClient(tracked.protocol, tracked.original.source, tracked.original.destination);
    events += 1;
    if (flow === undefined || tracked.zone !== 0) return;
    flow.tracked = tracked;
    flow.ended = true;
  };
  const onNew = (tracked: TrackedFlow): void => {
    events += 1;
    if (tracked.zone === 0) deps.flows.add(tracked, now);
  };
  const drained = deps.tracking?.drain({ onNew, onEnd }, maxEvents);
  if ((drained?.overruns ?? 0) > 0) {
    deps.onOverrun('flows');
    reconcileFlows(deps, now);
  }
  return events;
};

const reconcileFlows = (deps: NetworkWatchDeps, now: number): void => {
  const live = new Set<object>();
  const listed = deps.tracking?.list((tracked) => {
    if (tracked.zone !== 0) return;
    const flow = deps.flows.add(tracked, now);
    flow.tracked = tracked;
    live.add(flow);
  }, maxFlows);
  if (listed?.ok !== true || !listed.value.complete) return;
  for (const flow of deps.flows.flows()) if (!live.has(flow)) flow.ended = true;
};

const nameOwners = (
  deps: NetworkWatchDeps,
  seen: ReadonlyMap<NamespaceView, Sightings>,
  pending: readonly Connection[],
  searchMs: number,
): void => {
  const unknown = new Set<number>();
  const want = (inode: number): void => {
    if (inode !== 0 && deps.owners.ownerOf(inode) === undefined && !deps.owners.isOwnerless(inode)) unknown.add(inode);
  };
  for (const { bound } of seen.values()) for (const row of bound) want(row.inode);
  for (const connection of pending) {
    // What a known listener accepted is taken for the listener's: no search, however many connections a server has.
    const isAccepted = findListener(connection.namespace, connection.protocol, connection.local) !== undefined;
    if (!connection.gone && !isAccepted) want(connection.inode);
  }
  if (unknown.size > 0) deps.owners.search(unknown, searchMs);
};

const setListeners = (deps: NetworkWatchDeps, seen: ReadonlyMap<NamespaceView, Sightings>, now: number): void => {
  const targets: ProxyTarget[] = [];
  for (const [view, { bound }] of seen) {
    const listeners = new Map<string, Listener[]>();
    const boundSince = new Map<number, number>();
    for (const row of bound) {
      boundSince.set(row.identity, view.boundSince.get(row.identity) ?? now);
      const owner = deps.owners.ownerOf(row.inode);
      const proxy = view.isHost && owner !== undefined ? deps.proxies.targetOf(owner) : undefined;
      const key = listenerKeyOf(row.protocol, row.local.port);
      listeners.set(key, [...(listeners.get(key) ?? []), { row, owner, proxy }]);
      if (proxy !== undefined) targets.push(proxy);
      else if (isServers(view, row, now - (boundSince.get(row.identity) ?? now))) tell(deps, view, row, owner, now);
    }
    view.listeners = listeners;
    view.boundSince = boundSince;
  }
  deps.ledger.setTargets(targets);
  deps.listeners.finishLook(now);
};

const isServers = (view: NamespaceView, row: SocketRow, ageMs: number): boolean => {
  const { from, to } = view.clientPorts;
  return row.protocol === 'tcp' || row.local.port < from || row.local.port > to || ageMs >= serverAfterMs;
};

const tell = (
  deps: NetworkWatchDeps,
  view: NamespaceView,
  row: SocketRow,
  owner: KnownProcess | undefined,
  now: number,
): void => {
  // A port inside a nested namespace is not one of the container around it.
  if (view.isNested) return;
  // It may be named in a moment; telling it without its process first would end and begin it anew under another workload.
  if (owner === undefined && row.inode !== 0 && !deps.owners.isOwnerless(row.inode)) return;
  if (owner !== undefined) deps.workloads.markSocketOwner(owner.pid);
  const { protocol, local } = row;
  deps.listeners.see({ ...workloadOf(view, owner), protocol, address: local.address, port: local.port }, now);
};

/** Adds what was carried since the last look, and lets go of what is over. */
const carryAll = (deps: NetworkWatchDeps, look: number, now: number): void => {
  for (const view of deps.namespaces.views())
    for (const connection of view.connections.values()) {
      if (connection.look < look) connection.gone = true;
      if (connection.state === 'pending') continue;
      carry(deps, connection, now);
      if (connection.gone) deps.connections.remove(connection);
    }
};

const carry = ({ edges }: NetworkWatchDeps, connection: Connection, now: number): void => {
  if (connection.edge === undefined) return;
  const { bytes, carried } = connection;
  const sent = bytes === undefined ? undefined : Math.max(0, bytes.sent - carried.sent);
  const received = bytes === undefined ? undefined : Math.max(0, bytes.received - carried.received);
  edges.carry(connection.edge, now, sent, received);
  if (bytes !== undefined) connection.carried = bytes;
};

const inodesOf = (seen: ReadonlyMap<NamespaceView, Sightings>): ReadonlySet<number> => {
  const inodes = new Set<number>();
  for (const [view, { bound }] of seen) {
    for (const row of bound) inodes.add(row.inode);
    for (const connection of view.connections.values()) inodes.add(connection.inode);
  }
  return inodes;
};

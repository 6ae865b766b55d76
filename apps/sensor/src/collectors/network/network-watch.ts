import type { FlowTracking } from '@parapet/kernel';
import type { CollectorContext } from '../collector.ts';
import type { AddressBook } from './address-book.ts';
import type { Attribute } from './attribution.ts';
import { type ConnectionIndex, connectionFromProbe } from './connection-index.ts';
import type { EdgeBook } from './edge-book.ts';
import type { FlowAccounting } from './flow-accounting.ts';
import type { FlowNews } from './flow-news.ts';
import type { ListenerCensus } from './listener-census.ts';
import type { Namespaces } from './namespaces.ts';
import type { Connection, NamespaceView } from './network-view.ts';
import type { ProbedConnections } from './probed-connections.ts';
import { isRuntimeResolver, isYoung, type SocketCensus } from './socket-census.ts';
import type { SocketOwners } from './socket-owners.ts';
import type { UnwatchedViews } from './unwatched-views.ts';

export type NetworkWatchDeps = {
  readonly workloads: Pick<CollectorContext['workloads'], 'containers'>;
  readonly namespaces: Namespaces;
  readonly addresses: AddressBook;
  readonly connections: ConnectionIndex;
  readonly sockets: SocketCensus;
  readonly probed: Pick<ProbedConnections, 'takeUnclaimed'>;
  readonly unwatched: UnwatchedViews;
  readonly lose: (cause: string, count: number) => void;
  readonly flowNews: FlowNews;
  readonly tracking: FlowTracking | undefined;
  readonly owners: SocketOwners;
  readonly listeners: ListenerCensus;
  readonly attribute: Attribute;
  readonly accounting: FlowAccounting;
  readonly edges: EdgeBook;
};

/** What happens at each turn of the collector. */
export type NetworkWatch = {
  /** Reads what the kernel told since the last time: ended sockets, new and ended flows. Returns how many. */
  readonly drain: (now: number) => number;
  /** Looks at the sockets and tells what changed. Never run two at once. */
  readonly look: (now: number, options: LookOptions) => Promise<LookOutcome>;
  /** Takes note of the containers there are: one may be gone before the next look. */
  readonly noteContainers: (now: number) => void;
};

export type LookOptions = {
  /** Also look for namespaces that no runtime told of and for new addresses, and forget what is gone. */
  readonly thorough: boolean;
};

export type LookOutcome = {
  /** New connections. */
  readonly news: number;
  /** More is likely to be known soon: connections wait for their process, or a container is starting. */
  readonly expectsMore: boolean;
};

export const createNetworkWatch = (deps: NetworkWatchDeps): NetworkWatch => {
  let pending: Connection[] = [];
  /** While a look is under way its connections are not yet known with their listeners. */
  let looking = false;

  const takeNew = (now: number): number => {
    const fresh = [...deps.sockets.takeNew(), ...takeUnclaimed(deps, now)];
    pending.push(...fresh);
    return fresh.length;
  };

  const drain = (now: number): number => {
    const flows = deps.flowNews.drain(now);
    const events = deps.namespaces.views().reduce((sum, view) => sum + deps.sockets.drain(view), flows);
    if (!looking) takeNew(now);
    if (!looking && pending.length >= maxPending) settleEnded(now);
    return events;
  };

  /** Tells of connections that are over without waiting for the next look: a storm of short ones needs no room then. */
  const settleEnded = (now: number): void => {
    const ended = pending.filter((connection) => connection.gone);
    pending = pending.filter((connection) => !connection.gone);
    // All are looked at once before any is concluded: the two connections of a docker-proxy end in any order.
    for (const connection of ended) deps.attribute(connection, now);
    for (const connection of ended) conclude(connection, now);
  };

  /** Tells of a connection that is over with what is known now. */
  const conclude = (connection: Connection, now: number): void => {
    connection.gone = true;
    while (connection.state === 'pending' && deps.attribute(connection, now) === 'wait');
    carry(deps, connection, now);
    deps.connections.leave(connection, now);
  };

  const noteContainers = (now: number): void => deps.addresses.update(deps.workloads.containers(), now);

  /** The last of a namespace whose processes are gone: nothing more can be waited for. */
  const release = (view: NamespaceView, now: number): void => {
    deps.sockets.drain(view);
    view.close();
    takeNew(now);
    for (const connection of view.connections.values()) conclude(connection, now);
    pending = pending.filter((connection) => connection.namespace !== view);
  };

  return {
    drain,
    noteContainers,
    look: async (now, options) => {
      const gone = deps.namespaces.refresh(now, options.thorough);
      noteContainers(now);
      for (const view of gone) release(view, now);
      const views = deps.namespaces.views();
      looking = true;
      await deps.sockets.look(views, now).finally(() => {
        looking = false;
      });
      const news = takeNew(now);
      drain(now);
      deps.listeners.nameOwners(views, pending);
      deps.listeners.update(views, now);
      const settled = pending.filter((connection) => deps.attribute(connection, now) === 'done');
      pending = pending.filter((connection) => connection.state === 'pending');
      for (const connection of settled) if (connection.namespace.source === 'ebpf') conclude(connection, now);
      for (const { namespace } of pending) namespace.census.stirred = true;
      carryAll(deps, now);
      deps.accounting.settle(now, deps.tracking?.find);
      deps.edges.endWorkloads(deps.addresses.hasEnded, now);
      deps.edges.flush(now);
      deps.connections.forget(now);
      if (options.thorough) deps.owners.keepOnly(inodesOf(views));
      return { news, expectsMore: pending.length > 0 || views.some((view) => isYoung(view, now)) };
    },
  };
};

/** What only the kernel's own news showed: too short for a look, or in a network that nobody could enter. */
const takeUnclaimed = (deps: NetworkWatchDeps, now: number): readonly Connection[] => {
  const isWatched = (inode: number): boolean => deps.namespaces.at(inode)?.ends !== undefined;
  const taken: Connection[] = [];
  for (const probed of deps.probed.takeUnclaimed(now, isWatched)) {
    const view = deps.namespaces.at(probed.netNamespace) ?? deps.unwatched.viewOf(probed, now);
    if (view === undefined || isRuntimeResolver(view, probed.local, probed.remote)) continue;
    const connection = connectionFromProbe(view, probed);
    if (deps.connections.add(connection)) taken.push(connection);
    else deps.lose('too-many', 1);
  }
  return taken;
};

/** More connections than this do not wait for the next look. */
const maxPending = 1024;

/** Adds what was carried since the last look, and lets go of what is over. */
const carryAll = (deps: NetworkWatchDeps, now: number): void => {
  for (const view of deps.namespaces.views())
    for (const connection of view.connections.values()) {
      if (connection.look < view.census.look) connection.gone = true;
      if (connection.state === 'pending') continue;
      carry(deps, connection, now);
      if (connection.gone) deps.connections.leave(connection, now);
    }
};

const carry = ({ edges }: NetworkWatchDeps, connection: Connection, now: number): void => {
  if (connection.edge === undefined) return;
  const { carried } = connection;
  const bytes = (connection.gone ? connection.probed?.bytes : undefined) ?? connection.bytes;
  const sent = bytes === undefined ? undefined : Math.max(0, bytes.sent - carried.sent);
  const received = bytes === undefined ? undefined : Math.max(0, bytes.received - carried.received);
  edges.carry(connection.edge, now, sent, received);
  if (bytes !== undefined) connection.carried = bytes;
};

const inodesOf = (views: readonly NamespaceView[]): ReadonlySet<number> => {
  const inodes = new Set<number>();
  for (const { census, connections } of views) {
    for (const row of census.bound) inodes.add(row.inode);
    for (const connection of connections.values()) inodes.add(connection.inode);
  }
  return inodes;
};

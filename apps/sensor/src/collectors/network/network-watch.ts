import type { FlowTracking } from '@parapet/kernel';
import type { CollectorContext } from '../collector.ts';
import type { AddressBook } from './address-book.ts';
import type { Attribute } from './attribution.ts';
import type { Connection, ConnectionIndex } from './connection-index.ts';
import type { EdgeBook } from './edge-book.ts';
import type { FlowAccounting } from './flow-accounting.ts';
import type { FlowNews } from './flow-news.ts';
import type { ListenerCensus } from './listener-census.ts';
import type { NamespaceView } from './namespace-view.ts';
import type { Namespaces } from './namespaces.ts';
import { isYoung, type SocketCensus } from './socket-census.ts';
import type { SocketOwners } from './socket-owners.ts';

export type NetworkWatchDeps = {
  readonly workloads: Pick<CollectorContext['workloads'], 'containers' | 'container'>;
  readonly namespaces: Namespaces;
  readonly addresses: AddressBook;
  readonly connections: ConnectionIndex;
  readonly sockets: SocketCensus;
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
  /** Also look for nested namespaces and new addresses, and forget what is gone. */
  readonly thorough: boolean;
  /** Time to spend on finding the processes of unknown sockets. */
  readonly searchMs: number;
};

export type LookOutcome = {
  /** New connections. */
  readonly news: number;
  /** More is likely to be known soon: connections wait for their process, or a container is starting. */
  readonly expectsMore: boolean;
};

export const createNetworkWatch = (deps: NetworkWatchDeps): NetworkWatch => {
  let pending: Connection[] = [];

  const drain = (now: number): number =>
    deps.namespaces.views().reduce((events, view) => events + deps.sockets.drain(view), deps.flowNews.drain(now));

  const noteContainers = (now: number): void => deps.addresses.update(deps.workloads.containers(), now);

  /** The last of a namespace whose processes are gone: nothing more can be waited for. */
  const release = (view: NamespaceView, now: number): void => {
    deps.sockets.drain(view);
    view.close();
    pending.push(...deps.sockets.takeNew());
    for (const connection of view.connections.values()) {
      connection.gone = true;
      while (connection.state === 'pending' && deps.attribute(connection, now) === 'wait');
      carry(deps, connection, now);
      deps.connections.remove(connection);
    }
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
      await deps.sockets.look(views, now);
      drain(now);
      const fresh = deps.sockets.takeNew();
      pending.push(...fresh);
      deps.listeners.nameOwners(views, pending, options.searchMs);
      deps.listeners.update(views, now);
      pending = pending.filter((connection) => deps.attribute(connection, now) === 'wait');
      for (const { namespace } of pending) namespace.census.stirred = true;
      carryAll(deps, now);
      deps.accounting.settle(now, deps.tracking?.find);
      deps.edges.endWorkloads((key) => deps.workloads.container(key) !== undefined, now);
      deps.edges.flush(now);
      if (options.thorough) deps.owners.keepOnly(inodesOf(views));
      return { news: fresh.length, expectsMore: pending.length > 0 || views.some((view) => isYoung(view, now)) };
    },
  };
};

/** Adds what was carried since the last look, and lets go of what is over. */
const carryAll = (deps: NetworkWatchDeps, now: number): void => {
  for (const view of deps.namespaces.views())
    for (const connection of view.connections.values()) {
      if (connection.look < view.census.look) connection.gone = true;
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

const inodesOf = (views: readonly NamespaceView[]): ReadonlySet<number> => {
  const inodes = new Set<number>();
  for (const { census, connections } of views) {
    for (const row of census.bound) inodes.add(row.inode);
    for (const connection of connections.values()) inodes.add(connection.inode);
  }
  return inodes;
};

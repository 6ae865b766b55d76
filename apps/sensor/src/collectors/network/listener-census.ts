import type { SocketRow } from '@parapet/kernel';
import type { KnownProcess } from '../workload-directory.ts';
import type { DockerProxies, ProxyTarget } from './docker-proxy.ts';
import type { ListenerBook } from './listener-book.ts';
import { findListener, listenerKeyOf } from './namespace-view.ts';
import type { Connection, Listener, NamespaceView } from './network-view.ts';
import { workloadOf } from './peers.ts';
import type { ProxyLedger } from './proxy-ledger.ts';
import type { SocketOwners } from './socket-owners.ts';

/** Finds who holds the sockets, and tells of those that serve. */
export type ListenerCensus = {
  /** Looks for the processes of sockets that are still unnamed. */
  readonly nameOwners: (views: readonly NamespaceView[], pending: readonly Connection[]) => void;
  /** Sets the listeners of each namespace from its last look. */
  readonly update: (views: readonly NamespaceView[], now: number) => void;
};

export type ListenerCensusDeps = {
  readonly owners: SocketOwners;
  readonly proxies: DockerProxies;
  readonly ledger: ProxyLedger;
  readonly listeners: ListenerBook;
  readonly markSocketOwner: (pid: number) => void;
};

export const createListenerCensus = (deps: ListenerCensusDeps): ListenerCensus => ({
  nameOwners: (views, pending) => {
    const unknown = new Set<number>();
    const want = (inode: number): void => {
      if (inode !== 0 && deps.owners.ownerOf(inode) === undefined && !deps.owners.isOwnerless(inode))
        unknown.add(inode);
    };
    for (const { census } of views) for (const row of census.bound) want(row.inode);
    for (const connection of pending) {
      // What a known listener accepted is taken for the listener's: no search, however many connections a server has.
      const isAccepted = findListener(connection.namespace, connection.protocol, connection.local) !== undefined;
      if (!connection.gone && !isAccepted && connection.holder === undefined) want(connection.inode);
    }
    if (unknown.size > 0) deps.owners.search(unknown);
  },
  update: (views, now) => {
    const targets: ProxyTarget[] = [];
    for (const view of views) {
      const listeners = new Map<string, Listener[]>();
      const boundSince = new Map<number, number>();
      for (const row of view.census.bound) {
        const since = view.boundSince.get(row.identity) ?? now;
        boundSince.set(row.identity, since);
        const listener = listenerOf(deps, view, row);
        const key = listenerKeyOf(row.protocol, row.local.port);
        const others = listeners.get(key);
        if (others === undefined) listeners.set(key, [listener]);
        else others.push(listener);
        if (listener.proxy !== undefined) targets.push(listener.proxy);
        else if (isServers(view, row, now - since)) tell(deps, view, listener, now);
      }
      view.listeners = listeners;
      view.boundSince = boundSince;
    }
    deps.ledger.setTargets(targets);
    deps.listeners.finishLook(now);
  },
});

/** A UDP socket on a port that clients get is taken for a server's once it was bound this long. */
const serverAfterMs = 60_000;

const listenerOf = ({ owners, proxies }: ListenerCensusDeps, view: NamespaceView, row: SocketRow): Listener => {
  const owner = owners.ownerOf(row.inode);
  return { row, owner, proxy: view.isHost && owner !== undefined ? proxies.targetOf(owner) : undefined };
};

const isServers = ({ clientPorts }: NamespaceView, row: SocketRow, ageMs: number): boolean =>
  row.protocol === 'tcp' ||
  row.local.port < clientPorts.from ||
  row.local.port > clientPorts.to ||
  ageMs >= serverAfterMs;

const tell = (deps: ListenerCensusDeps, view: NamespaceView, { row, owner }: Listener, now: number): void => {
  // A port inside a nested namespace is not one of the container around it.
  if (view.isNested || isUnnamedYet(deps, row, owner)) return;
  if (owner !== undefined) deps.markSocketOwner(owner.pid);
  const { protocol, local } = row;
  deps.listeners.see({ ...workloadOf(view, owner), protocol, address: local.address, port: local.port }, now);
};

/** It may be named in a moment; telling it without its process first would end and begin it anew under another workload. */
const isUnnamedYet = ({ owners }: ListenerCensusDeps, row: SocketRow, owner: KnownProcess | undefined): boolean =>
  owner === undefined && row.inode !== 0 && !owners.isOwnerless(row.inode);

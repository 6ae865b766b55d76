import { readFileSync } from 'node:fs';
import { fail, ok, type Problem, type Result } from '@parapet/core';
import {
  type Endpoint,
  listInterfaceAddresses,
  openNetworkNamespace,
  openSocketEnds,
  openSocketTable,
  readSocketFiles,
  type SocketEnds,
  type SocketRow,
  type TransportProtocol,
} from '@parapet/kernel';
import type { KnownProcess } from '../workload-directory.ts';
import type { Connection } from './connection-index.ts';
import type { ProxyTarget } from './docker-proxy.ts';

/** A bound socket that waits for others, with its owner where it could be found. */
export type Listener = {
  readonly row: SocketRow;
  readonly owner: KnownProcess | undefined;
  /** Set for the listening socket of a docker-proxy. */
  readonly proxy: ProxyTarget | undefined;
};

/** A network namespace that is watched. Its sockets were opened inside and tell of it wherever the thread is. */
export type NamespaceView = {
  readonly inode: number;
  readonly isHost: boolean;
  /** How the sockets are read; `ebpf` for one that was gone before it could be. */
  readonly source: 'sock_diag' | 'procfs' | 'ebpf';
  readonly list: (
    onSocket: (row: SocketRow) => void,
    maxSockets: number,
  ) => Result<{ readonly complete: boolean }, Problem>;
  readonly ends: SocketEnds | undefined;
  readonly openedAt: number;
  /** Where the kernel takes ports of clients from. */
  readonly clientPorts: { readonly from: number; readonly to: number };
  /** Containers whose first process is here; for a nested namespace the one around it. Empty for the host. */
  containerKeys: readonly string[];
  /** No known container starts here: a container inside a container, or a namespace a container made. */
  isNested: boolean;
  addresses: ReadonlySet<string>;
  readonly connections: Map<number, Connection>;
  /** When a bound UDP socket was first seen, by identity. */
  boundSince: ReadonlyMap<number, number>;
  /** What the last look at it found; see the socket census. */
  census: Census;
  /** By protocol and port. */
  listeners: ReadonlyMap<string, readonly Listener[]>;
  readonly refreshAddresses: () => void;
  readonly close: () => void;
};

export type Census = {
  /** Number of the look. */
  readonly look: number;
  /** Sockets without a peer. */
  readonly bound: readonly SocketRow[];
  /** Connections that found no place. */
  readonly refused: number;
  /** Not to be looked at before, unless something stirs in it. */
  readonly dueAt: number;
  stirred: boolean;
};

export type NamespaceIdentity = {
  readonly isHost: boolean;
  readonly isNested: boolean;
  readonly containerKeys: readonly string[];
};

/** Opens the namespace behind a path such as `/proc/1234/ns/net`; the host's own without entering it. */
export const openNamespaceView = (
  path: string,
  identity: NamespaceIdentity,
  now: number,
): Result<NamespaceView, Problem> => {
  if (identity.isHost) return openView(0, path, identity, now);
  try {
    const namespace = openNetworkNamespace(path);
    try {
      return namespace.run(() => openView(namespace.inode, path, identity, now));
    } finally {
      namespace.close();
    }
  } catch (error) {
    // The process ended while we looked, or entering is denied.
    return fail({ code: 'not-entered', message: error instanceof Error ? error.message : String(error), at: path });
  }
};

export const listenerKeyOf = (protocol: TransportProtocol, port: number): string => `${protocol}|${port}`;

/** The listener that answers at an address and port: one bound to just this address before one bound to all. */
export const findListener = (
  view: NamespaceView,
  protocol: TransportProtocol,
  local: Endpoint,
): Listener | undefined => {
  const candidates = view.listeners.get(listenerKeyOf(protocol, local.port));
  return (
    candidates?.find((listener) => listener.row.local.address === local.address) ??
    candidates?.find((listener) => isWildcard(listener.row.local.address))
  );
};

export const isWildcard = (address: string): boolean => address === '0.0.0.0' || address === '::';

export const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

/**
 * Kernel memory that may hold ended sockets between two reads, some 800 to a mebibyte; only used while it fills. A host that
 * opens 2,000 connections a second may keep us from reading for three seconds.
 */
const endsBufferBytes = { host: 8 * 1024 * 1024, container: 2 * 1024 * 1024 } as const;
const maxAddresses = 4096;

/** Runs inside the namespace. */
const openView = (
  inode: number,
  path: string,
  identity: NamespaceIdentity,
  now: number,
): Result<NamespaceView, Problem> => {
  const table = openSocketTable();
  // Only our own namespace can be read from /proc without entering.
  if (!table.ok && !identity.isHost) return table;
  const ends = openSocketEnds(identity.isHost ? endsBufferBytes.host : endsBufferBytes.container);
  const inside = <T>(action: () => T, otherwise: T): T => {
    if (identity.isHost) return action();
    try {
      using namespace = openNetworkNamespace(path);
      // The pid of the path may be another process by now.
      return namespace.inode === inode ? namespace.run(action) : otherwise;
    } catch {
      // The last process left; the view is closed at the next refresh.
      return otherwise;
    }
  };
  const view: NamespaceView = {
    inode,
    isHost: identity.isHost,
    source: table.ok ? 'sock_diag' : 'procfs',
    list: table.ok
      ? table.value.list
      : (onSocket, maxSockets) => readSocketFiles('/proc/self/net', onSocket, maxSockets),
    ends: ends.ok ? ends.value : undefined,
    openedAt: now,
    clientPorts: readClientPorts(),
    containerKeys: identity.containerKeys,
    isNested: identity.isNested,
    addresses: readAddresses(new Set()),
    connections: new Map(),
    boundSince: new Map(),
    census: { look: 0, bound: [], refused: 0, dueAt: 0, stirred: true },
    listeners: new Map(),
    refreshAddresses: () => {
      view.addresses = inside(() => readAddresses(view.addresses), view.addresses);
    },
    close: () => {
      if (table.ok) table.value.close();
      if (ends.ok) ends.value.close();
    },
  };
  return ok(view);
};

const readAddresses = (before: ReadonlySet<string>): ReadonlySet<string> => {
  const listed = listInterfaceAddresses(maxAddresses);
  return listed.ok ? new Set(listed.value.map((entry) => entry.address)) : before;
};

/** `/proc/sys/net` shows the namespace of the thread that reads it. */
const readClientPorts = (): { readonly from: number; readonly to: number } => {
  try {
    const [from, to] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').trim().split(/\s+/).map(Number);
    if (from !== undefined && to !== undefined && from <= to) return { from, to };
  } catch {
    // Not readable in some sandboxes: the kernel's default holds.
  }
  return { from: 32_768, to: 60_999 };
};

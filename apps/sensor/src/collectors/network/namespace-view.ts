import { readFileSync } from 'node:fs';
import { fail, ok, type Problem, type Result } from '@parapet/core';
import {
  type Endpoint,
  listInterfaceAddresses,
  openNetworkNamespace,
  openSocketEnds,
  openSocketTable,
  readSocketFiles,
  type TransportProtocol,
} from '@parapet/kernel';
import type { Listener, NamespaceView } from './network-view.ts';

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

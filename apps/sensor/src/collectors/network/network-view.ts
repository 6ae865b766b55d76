import type { Problem, Result } from '@parapet/core';
import type { Endpoint, SocketEnds, SocketRow, TransportProtocol } from '@parapet/kernel';
import type { KnownProcess } from '../workload-directory.ts';
import type { ProxyTarget } from './docker-proxy.ts';
import type { Edge } from './edge-book.ts';
import type { Holder, ProbedConnection } from './probed-connections.ts';

/** One end of a connection: a socket with a peer. */
export type Connection = {
  readonly namespace: NamespaceView;
  readonly protocol: TransportProtocol;
  readonly local: Endpoint;
  readonly peer: Endpoint;
  readonly identity: number;
  /** What it does and who holds it, where the kernel told so when it began. */
  readonly role: 'client' | 'server' | undefined;
  readonly holder: Holder | undefined;
  /** The kernel's own news of it; once it is over, with the payload, where a socket's row counts the end as a byte. */
  readonly probed: ProbedConnection | undefined;
  inode: number;
  /** As last told by the kernel, since the connection's start. */
  bytes: { readonly sent: number; readonly received: number } | undefined;
  /** What of it the edge already has. */
  carried: { readonly sent: number; readonly received: number };
  /** `pending` until its edge is found; `ignored` when it has none. */
  state: 'pending' | 'attributed' | 'ignored';
  edge: Edge | undefined;
  /** Looks at it while pending. */
  attempts: number;
  gone: boolean;
  look: number;
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
  /** Containers that start here, as far as is known; for a nested namespace the one around it. Empty for the host. */
  containerKeys: readonly string[];
  /** Of a container inside a container, or made by a container that started elsewhere. */
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

/** A bound socket that waits for others, with its owner where it could be found. */
export type Listener = {
  readonly row: SocketRow;
  readonly owner: KnownProcess | undefined;
  /** Set for the listening socket of a docker-proxy. */
  readonly proxy: ProxyTarget | undefined;
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

import {
  type Endpoint,
  formatIpv4,
  formatIpv6,
  type ProbedProcess,
  type ProbedSocket,
  tcpStates,
} from '@parapet/kernel';

/** A TCP connection as one of its sockets on this host has it. */
export type TcpConnection = {
  readonly role: 'client' | 'server';
  /** Inode of the socket's network namespace. */
  readonly netNamespace: number;
  /** Who connected, or who listens on the port it came in by; `undefined` for a listener from before we looked. */
  readonly owner: ProbedProcess | undefined;
  /** Name of the thread that connected, where it has one of its own. */
  readonly thread?: string | undefined;
  /** Nanoseconds since boot. */
  readonly beganNs: bigint;
  readonly local: Endpoint;
  readonly remote: Endpoint;
};

export type TcpChange = { readonly atNs: bigint } & (
  | {
      readonly kind: 'listen';
      readonly process: ProbedProcess;
      readonly thread?: string | undefined;
      readonly local: Endpoint;
    }
  | { readonly kind: 'open'; readonly connection: TcpConnection }
  /** Nobody answered, or the other end refused. */
  | { readonly kind: 'fail'; readonly connection: TcpConnection }
  /** Bytes of payload; after a reset perhaps one more than there were. */
  | {
      readonly kind: 'close';
      readonly connection: TcpConnection;
      readonly sentBytes: number;
      readonly receivedBytes: number;
    }
);

/**
 * Makes connections of TCP sockets' states. A state after the first is often told while any process runs, so who a connection
 * belongs to is remembered from the state that its process caused: connecting, or listening on the port it came in by.
 */
export type TcpConnections = {
  /** `undefined` for a step on the way, and for the end of what was not seen to begin. */
  readonly take: (change: ProbedSocket) => TcpChange | undefined;
  /** Who connected, or listens where it came in. */
  readonly ownerOf: (socket: bigint) => ProbedProcess | undefined;
  readonly open: () => number;
};

/** Some 700 bytes each. The oldest are forgotten first: of these the end is not told, and a connection without a known begin has no owner. */
const maxConnections = 16_384;
const maxListeners = 4096;

export const createTcpConnections = (limit = maxConnections): TcpConnections => {
  const connections = new Map<bigint, { readonly connection: TcpConnection; readonly established: boolean }>();
  const listeners = new Map<string, { readonly socket: bigint; readonly process: ProbedProcess }>();
  const listening = new Map<bigint, string>();

  const keep = (socket: bigint, connection: TcpConnection, established: boolean): void => {
    connections.delete(socket);
    connections.set(socket, { connection, established });
    if (connections.size > limit) forgetOldest(connections);
  };

  const listen = (change: ProbedSocket): TcpChange => {
    const key = listenerKey(change);
    listeners.set(key, { socket: change.socket, process: change.process });
    listening.set(change.socket, key);
    if (listeners.size > maxListeners) forgetOldest(listeners);
    if (listening.size > maxListeners) forgetOldest(listening);
    const { atNs, process, thread } = change;
    return { kind: 'listen', atNs, process, thread, local: localOf(change) };
  };

  const establish = (change: ProbedSocket): TcpChange => {
    const begun = connections.get(change.socket)?.connection;
    const connection: TcpConnection =
      begun?.role === 'client'
        ? { ...begun, local: localOf(change), remote: remoteOf(change) }
        : {
            role: 'server',
            netNamespace: change.socketNetNamespace,
            owner: listeners.get(listenerKey(change))?.process,
            beganNs: change.atNs,
            local: localOf(change),
            remote: remoteOf(change),
          };
    keep(change.socket, connection, true);
    return { kind: 'open', atNs: change.atNs, connection };
  };

  const close = (change: ProbedSocket): TcpChange | undefined => {
    if (change.oldState === tcpStates.listen) {
      const key = listening.get(change.socket);
      listening.delete(change.socket);
      // Another socket may share the port by now.
      if (key !== undefined && listeners.get(key)?.socket === change.socket) listeners.delete(key);
      return undefined;
    }
    const known = connections.get(change.socket);
    if (known === undefined) return undefined;
    connections.delete(change.socket);
    const { connection, established } = known;
    return established
      ? { kind: 'close', atNs: change.atNs, connection, ...payloadOf(change, connection.role) }
      : { kind: 'fail', atNs: change.atNs, connection };
  };

  return {
    take: (change) => {
      switch (change.newState) {
        case tcpStates.listen:
          return listen(change);
        case tcpStates.synSent: {
          const { socketNetNamespace: netNamespace, process: owner, thread, atNs: beganNs } = change;
          const ends = { local: localOf(change), remote: remoteOf(change) };
          keep(change.socket, { role: 'client', netNamespace, owner, thread, beganNs, ...ends }, false);
          return undefined;
        }
        case tcpStates.established:
          return establish(change);
        case tcpStates.close:
          return close(change);
        default:
          return undefined;
      }
    },
    ownerOf: (socket) => connections.get(socket)?.connection.owner,
    open: () => connections.size,
  };
};

const forgetOldest = <K>(map: Map<K, unknown>): void => {
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
};

/** A listener on all addresses takes what comes for one of them; a port has one owner in a network namespace, but for sharing. */
const listenerKey = ({ socketNetNamespace, localPort }: ProbedSocket): string => `${socketNetNamespace} ${localPort}`;

const localOf = (change: ProbedSocket): Endpoint => ({
  address: addressOf(change, change.localAddress),
  port: change.localPort,
});
const remoteOf = (change: ProbedSocket): Endpoint => ({
  address: addressOf(change, change.remoteAddress),
  port: change.remotePort,
});

const addressOf = ({ family }: ProbedSocket, bytes: Uint8Array): string =>
  family === 'ipv4' ? formatIpv4(bytes, 0) : formatIpv6(bytes, 0);

/**
 * The kernel counts sequence numbers: the end of what was received, the end of what was sent, and for the side that began
 * also its beginning, are no payload. A connection that was reset has no ends, so its payload may be one byte more.
 */
const payloadOf = (
  { bytesReceived, bytesAcked }: ProbedSocket,
  role: TcpConnection['role'],
): { readonly sentBytes: number; readonly receivedBytes: number } => ({
  receivedBytes: Math.max(0, Number(bytesReceived) - 1),
  sentBytes: Math.max(0, Number(bytesAcked) - (role === 'client' ? 2 : 1)),
});

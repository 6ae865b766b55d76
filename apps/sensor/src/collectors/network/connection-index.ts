import type { Endpoint, SocketRow, TransportProtocol } from '@parapet/kernel';
import { isLoopback, tupleKey } from './flow-table.ts';
import type { Connection, NamespaceView } from './network-view.ts';
import type { ProbedConnection } from './probed-connections.ts';

/** Finds a socket by its two ends, in whichever namespace it is. */
export type ConnectionIndex = {
  readonly add: (connection: Connection) => boolean;
  readonly remove: (connection: Connection) => void;
  /** Removes one that is over. It is still found for a while: news of its other end comes by another way, and may come later. */
  readonly leave: (connection: Connection, now: number) => void;
  /** Forgets those that left long ago. */
  readonly forget: (now: number) => void;
  /** The socket with these ends, also one that left. Loopback addresses mean nothing outside their namespace, so they are looked for in it alone. */
  readonly find: (
    namespace: NamespaceView,
    protocol: TransportProtocol,
    local: Endpoint,
    peer: Endpoint,
  ) => Connection | undefined;
  readonly size: () => number;
};

/** Holds at most `capacity` sockets; `add` says whether there was a place. */
export const createConnectionIndex = (capacity: number): ConnectionIndex => {
  const byEnds = new Map<string, Connection>();
  const left = new Map<string, Left>();
  let size = 0;
  const keyOf = (namespace: NamespaceView, protocol: TransportProtocol, local: Endpoint, peer: Endpoint): string => {
    const ends = tupleKey(protocol, local, peer);
    return isLoopback(local.address) || isLoopback(peer.address) ? `${namespace.inode}|${ends}` : ends;
  };
  const take = (connection: Connection): string => {
    const { namespace, protocol, local, peer } = connection;
    if (namespace.connections.get(connection.identity) === connection) {
      namespace.connections.delete(connection.identity);
      size -= 1;
    }
    const key = keyOf(namespace, protocol, local, peer);
    if (byEnds.get(key) === connection) byEnds.delete(key);
    return key;
  };
  return {
    add: (connection) => {
      if (size >= capacity) return false;
      size += 1;
      const { namespace, protocol, local, peer } = connection;
      namespace.connections.set(connection.identity, connection);
      byEnds.set(keyOf(namespace, protocol, local, peer), connection);
      return true;
    },
    remove: (connection) => void take(connection),
    leave: (connection, now) => {
      const key = take(connection);
      left.delete(key);
      left.set(key, { connection, until: now + rememberMs });
      const [oldest] = left.keys();
      if (left.size > maxLeft && oldest !== undefined) left.delete(oldest);
    },
    forget: (now) => {
      for (const [key, { until }] of left) if (until < now) left.delete(key);
    },
    find: (namespace, protocol, local, peer) => {
      const key = keyOf(namespace, protocol, local, peer);
      return byEnds.get(key) ?? left.get(key)?.connection;
    },
    size: () => size,
  };
};

type Left = { readonly connection: Connection; readonly until: number };

/** News of a short connection's two ends lies seconds apart at most, on a busy host too. */
const rememberMs = 30_000;
/** Some 1,000 bytes each. */
const maxLeft = 1024;

/** A socket that a look or its end showed, with what the kernel told of its beginning. */
export const connectionOf = (
  namespace: NamespaceView,
  row: SocketRow,
  look: number,
  probed?: ProbedConnection,
): Connection => ({
  ...fresh(namespace, row.local, row.peer, probed),
  protocol: row.protocol,
  identity: row.identity,
  inode: row.inode,
  bytes: row.bytes,
  gone: row.state === 'gone',
  look,
});

/** A connection that only the kernel's news of its beginning and its end showed. */
export const connectionFromProbe = (namespace: NamespaceView, probed: ProbedConnection): Connection => {
  made -= 1;
  return {
    ...fresh(namespace, probed.local, probed.remote, probed),
    protocol: 'tcp',
    // Below all that the kernel numbers.
    identity: made,
    inode: 0,
    bytes: probed.bytes,
    gone: true,
    look: namespace.census.look,
  };
};

let made = 0;

const fresh = (
  namespace: NamespaceView,
  local: Endpoint,
  peer: Endpoint,
  probed: ProbedConnection | undefined,
): Pick<
  Connection,
  'namespace' | 'local' | 'peer' | 'role' | 'holder' | 'probed' | 'carried' | 'state' | 'edge' | 'attempts'
> => ({
  namespace,
  local,
  peer,
  role: probed?.role,
  holder: probed?.holder,
  probed,
  carried: { sent: 0, received: 0 },
  state: 'pending',
  edge: undefined,
  attempts: 0,
});

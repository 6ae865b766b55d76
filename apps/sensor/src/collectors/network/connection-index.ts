import type { Endpoint, SocketRow, TransportProtocol } from '@parapet/kernel';
import { tupleKey } from './flow-table.ts';
import { isLoopback } from './namespace-view.ts';
import type { Connection, NamespaceView } from './network-view.ts';
import type { ProbedConnection } from './probed-connections.ts';

/** Finds a socket by its two ends, in whichever namespace it is. */
export type ConnectionIndex = {
  readonly add: (connection: Connection) => boolean;
  readonly remove: (connection: Connection) => void;
  /** The socket with these ends. Loopback addresses mean nothing outside their namespace, so they are looked for in it alone. */
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
  let size = 0;
  const keyOf = (namespace: NamespaceView, protocol: TransportProtocol, local: Endpoint, peer: Endpoint): string => {
    const ends = tupleKey(protocol, local, peer);
    return isLoopback(local.address) || isLoopback(peer.address) ? `${namespace.inode}|${ends}` : ends;
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
    remove: (connection) => {
      const { namespace, protocol, local, peer } = connection;
      if (namespace.connections.get(connection.identity) === connection) {
        namespace.connections.delete(connection.identity);
        size -= 1;
      }
      const key = keyOf(namespace, protocol, local, peer);
      if (byEnds.get(key) === connection) byEnds.delete(key);
    },
    find: (namespace, protocol, local, peer) => byEnds.get(keyOf(namespace, protocol, local, peer)),
    size: () => size,
  };
};

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

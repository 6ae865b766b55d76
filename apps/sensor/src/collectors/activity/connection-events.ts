import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { formatIpv4, formatIpv6, type ProbedSocket, tcpStates } from '@parapet/kernel';
import { describeProcess, type EventDeps } from './event-base.ts';

/**
 * Makes events of TCP sockets' states. A state after the first is often told while any process runs, so who a connection
 * belongs to is remembered from the state that its process caused: connecting, or listening on the port it came in by.
 */
export type ConnectionEvents = {
  readonly describe: (change: ProbedSocket) => TelemetryEvent | undefined;
  readonly open: () => number;
};

type Direction = 'egress' | 'ingress';

type Connection = {
  readonly owner: ProbedSocket | undefined;
  readonly direction: Direction;
  readonly localPort: number;
  readonly beganNs: bigint;
  readonly established: boolean;
};

/** The oldest are forgotten first: of these the end is not told, and a connection without a known begin has no owner. */
const maxConnections = 32_768;
const maxListeners = 8192;

export const createConnectionEvents = (deps: EventDeps, limit = maxConnections): ConnectionEvents => {
  const connections = new Map<bigint, Connection>();
  const listeners = new Map<string, ProbedSocket>();

  const keep = (socket: bigint, connection: Connection): void => {
    connections.delete(socket);
    connections.set(socket, connection);
    if (connections.size > limit) forgetOldest(connections);
  };

  const listen = (change: ProbedSocket): TelemetryEvent => {
    listeners.set(listenerKey(change), change);
    if (listeners.size > maxListeners) forgetOldest(listeners);
    return {
      ...describeProcess('listen', change, deps),
      'network.transport': 'tcp',
      'destination.ip': addressOf(change, change.localAddress),
      'destination.port': change.localPort,
    };
  };

  const establish = (change: ProbedSocket): TelemetryEvent | undefined => {
    const begun = connections.get(change.socket);
    if (begun?.direction === 'egress') {
      keep(change.socket, { ...begun, localPort: change.localPort, established: true });
      return about('connect', change, begun, { 'event.outcome': 'success' });
    }
    const connection: Connection = {
      owner: listeners.get(listenerKey(change)),
      direction: 'ingress',
      localPort: change.localPort,
      beganNs: change.atNs,
      established: true,
    };
    keep(change.socket, connection);
    return about('accept', change, connection, {});
  };

  const close = (change: ProbedSocket): TelemetryEvent | undefined => {
    if (change.oldState === tcpStates.listen) {
      for (const [key, listener] of listeners) if (listener.socket === change.socket) listeners.delete(key);
      return undefined;
    }
    const connection = connections.get(change.socket);
    if (connection === undefined) return undefined;
    connections.delete(change.socket);
    if (!connection.established) return about('connect', change, connection, { 'event.outcome': 'failure' });
    return about('flow', change, connection, {
      ...bytesOf(change, connection.direction),
      'event.duration': Math.max(0, Number(change.atNs - connection.beganNs)),
    });
  };

  const about = (
    action: 'connect' | 'accept' | 'flow',
    change: ProbedSocket,
    connection: Connection,
    more: Partial<TelemetryEvent>,
  ): TelemetryEvent => {
    const { owner, direction } = connection;
    const who =
      owner === undefined
        ? { '@timestamp': deps.wallTimeUs(change.atNs), 'event.action': action, 'parapet.source': 'ebpf' }
        : { ...describeProcess(action, { atNs: change.atNs, process: owner.process }, deps) };
    const local = { ip: addressOf(change, change.localAddress), port: change.localPort || connection.localPort };
    const remote = { ip: addressOf(change, change.remoteAddress), port: change.remotePort };
    const [source, destination] = direction === 'egress' ? [local, remote] : [remote, local];
    return {
      ...who,
      'network.transport': 'tcp',
      'network.direction': direction,
      'source.ip': source.ip,
      'source.port': source.port,
      'destination.ip': destination.ip,
      'destination.port': destination.port,
      ...more,
    };
  };

  return {
    describe: (change) => {
      switch (change.newState) {
        case tcpStates.listen:
          return listen(change);
        case tcpStates.synSent:
          keep(change.socket, {
            owner: change,
            direction: 'egress',
            localPort: change.localPort,
            beganNs: change.atNs,
            established: false,
          });
          return undefined;
        case tcpStates.established:
          return establish(change);
        case tcpStates.close:
          return close(change);
        default:
          return undefined;
      }
    },
    open: () => connections.size,
  };
};

const forgetOldest = <K>(map: Map<K, unknown>): void => {
  const oldest = map.keys().next();
  if (!oldest.done) map.delete(oldest.value);
};

/** A listener on all addresses takes what comes for one of them; a port has one owner in a network namespace, but for sharing. */
const listenerKey = ({ socketNetNamespace, localPort }: ProbedSocket): string => `${socketNetNamespace} ${localPort}`;

const addressOf = ({ family }: ProbedSocket, bytes: Uint8Array): string =>
  family === 'ipv4' ? formatIpv4(bytes, 0) : formatIpv6(bytes, 0);

/**
 * The kernel counts sequence numbers: the end of what was received, the end of what was sent, and for the side that began
 * also its beginning, are no payload. A connection that was reset has no ends, so its payload may be one byte more.
 */
const bytesOf = ({ bytesReceived, bytesAcked }: ProbedSocket, direction: Direction): Partial<TelemetryEvent> => {
  const received = Math.max(0, Number(bytesReceived) - 1);
  const sent = Math.max(0, Number(bytesAcked) - (direction === 'egress' ? 2 : 1));
  return direction === 'egress'
    ? { 'source.bytes': sent, 'destination.bytes': received }
    : { 'source.bytes': received, 'destination.bytes': sent };
};

import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { TcpChange, TcpConnection } from '../../kernel-watch/tcp-connections.ts';
import { describeProcess, type EventDeps } from './event-base.ts';

/** The event that a change of a TCP connection is. */
export const describeTcp = (change: TcpChange, deps: EventDeps): TelemetryEvent => {
  switch (change.kind) {
    case 'listen':
      return {
        ...describeProcess('listen', change, deps),
        'network.transport': 'tcp',
        'destination.ip': change.local.address,
        'destination.port': change.local.port,
      };
    case 'open':
      return change.connection.role === 'client'
        ? { ...about('connect', change, deps), 'event.outcome': 'success' }
        : about('accept', change, deps);
    case 'fail':
      return { ...about('connect', change, deps), 'event.outcome': 'failure' };
    case 'close': {
      const { connection, sentBytes, receivedBytes } = change;
      const isClient = connection.role === 'client';
      return {
        ...about('flow', change, deps),
        'source.bytes': isClient ? sentBytes : receivedBytes,
        'destination.bytes': isClient ? receivedBytes : sentBytes,
        'event.duration': Math.max(0, Number(change.atNs - connection.beganNs)),
      };
    }
  }
};

export const tcpAction = (change: TcpChange): 'listen' | 'connect' | 'accept' | 'flow' => {
  switch (change.kind) {
    case 'listen':
      return 'listen';
    case 'open':
      return change.connection.role === 'client' ? 'connect' : 'accept';
    case 'fail':
      return 'connect';
    case 'close':
      return 'flow';
  }
};

const about = (
  action: 'connect' | 'accept' | 'flow',
  { atNs, connection }: { readonly atNs: bigint; readonly connection: TcpConnection },
  deps: EventDeps,
): TelemetryEvent => {
  const { owner, role, local, remote } = connection;
  const who =
    owner === undefined
      ? { '@timestamp': deps.wallTimeUs(atNs), 'event.action': action, 'parapet.source': 'ebpf' }
      : describeProcess(action, { atNs, process: owner }, deps);
  const [source, destination] = role === 'client' ? [local, remote] : [remote, local];
  return {
    ...who,
    // Of the socket, which may be another one than its process is in now.
    'parapet.namespace.net': connection.netNamespace,
    'network.transport': 'tcp',
    'network.direction': role === 'client' ? 'egress' : 'ingress',
    'source.ip': source.address,
    // None yet where the connection failed before the kernel chose one.
    ...(source.port === 0 ? {} : { 'source.port': source.port }),
    'destination.ip': destination.address,
    'destination.port': destination.port,
  };
};

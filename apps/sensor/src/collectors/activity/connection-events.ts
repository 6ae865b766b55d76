import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { formatIpv6, type ProbedDatagram } from '@parapet/kernel';
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

/** The first datagram of UDP in a while: whoever sent it is the source, whichever of the two runs here. */
export const describeDatagram = (datagram: ProbedDatagram, deps: EventDeps): TelemetryEvent => {
  const { direction, socketNetNamespace, local, remote } = datagram;
  const isSent = direction === 'sent';
  const [source, destination] = isSent ? [local, remote] : [remote, local];
  const [from, to] = [source, destination].map(({ address }) => chosenAddress(address));
  return {
    ...describeProcess('datagram', datagram, deps),
    'parapet.namespace.net': socketNetNamespace,
    'network.transport': 'udp',
    'network.direction': isSent ? 'egress' : 'ingress',
    ...(from === undefined ? {} : { 'source.ip': from }),
    ...(source.port === 0 ? {} : { 'source.port': source.port }),
    ...(to === undefined ? {} : { 'destination.ip': to }),
    ...(destination.port === 0 ? {} : { 'destination.port': destination.port }),
  };
};

/** `undefined` for a socket that sends from and takes at any address of its host. */
const chosenAddress = (bytes: Uint8Array): string | undefined => {
  const address = formatIpv6(bytes, 0);
  return address === '::' || address === '0.0.0.0' ? undefined : address;
};

const about = (
  action: 'connect' | 'accept' | 'flow',
  { atNs, connection }: { readonly atNs: bigint; readonly connection: TcpConnection },
  deps: EventDeps,
): TelemetryEvent => {
  const { owner, thread, role, local, remote } = connection;
  const who =
    owner === undefined
      ? { '@timestamp': deps.wallTimeUs(atNs), 'event.action': action, 'parapet.source': 'ebpf' }
      : describeProcess(action, { atNs, process: owner, thread }, deps);
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

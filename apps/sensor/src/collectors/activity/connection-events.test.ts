import { describe, expect, it } from 'vitest';
import { createProcessMemory } from '../../kernel-watch/process-memory.ts';
import type { TcpChange, TcpConnection } from '../../kernel-watch/tcp-connections.ts';
import { probedProcess } from '../../kernel-watch/testing/probed.ts';
import { describeDatagram, describeTcp } from './connection-events.ts';

const deps = {
  memory: createProcessMemory(),
  users: { nameOf: () => undefined },
  running: () => undefined,
  wallTimeUs: (ns: bigint) => Number(ns / 1000n),
};
const process = probedProcess(100, 'program');
const local = { address: '10.0.0.1', port: 40_000 };
const remote = { address: '10.0.0.2', port: 443 };
const connection: TcpConnection = {
  ...{ role: 'client', netNamespace: 7, owner: process, local, remote },
  beganNs: 1_000_000_000n,
};
const describeChange = (change: TcpChange) => describeTcp(change, deps);

describe('events of connections', () => {
  it('name who began one, both ends, and the bytes of each once it is over', () => {
    const sides = {
      'process.pid': 100,
      'process.name': 'program',
      'source.ip': '10.0.0.1',
      'source.port': 40_000,
      'destination.ip': '10.0.0.2',
      'destination.port': 443,
      'network.direction': 'egress',
      'parapet.namespace.net': 7,
    };
    expect(describeChange({ kind: 'open', atNs: 2_000_000_000n, connection })).toMatchObject({
      ...sides,
      'event.action': 'connect',
      'event.outcome': 'success',
    });
    const over = { kind: 'close', atNs: 3_000_000_000n, connection, sentBytes: 10, receivedBytes: 5 } as const;
    expect(describeChange(over)).toMatchObject({
      ...sides,
      'event.action': 'flow',
      'source.bytes': 10,
      'destination.bytes': 5,
      'event.duration': 2_000_000_000,
    });
    expect(describeChange({ kind: 'fail', atNs: 1n, connection })).toMatchObject({
      'event.action': 'connect',
      'event.outcome': 'failure',
    });
    const unbound = { ...connection, local: { ...local, port: 0 } };
    expect(describeChange({ kind: 'fail', atNs: 1n, connection: unbound })).not.toHaveProperty(['source.port']);
  });

  it('turn the ends around for what comes in, and name nobody where the listener is not known', () => {
    const came = { ...connection, role: 'server', owner: undefined, local: remote, remote: local } as const;
    const event = describeChange({ kind: 'close', atNs: 1n, connection: came, sentBytes: 10, receivedBytes: 5 });
    expect(event).toMatchObject({
      'source.port': 40_000,
      'destination.port': 443,
      'network.direction': 'ingress',
      'source.bytes': 5,
      'destination.bytes': 10,
    });
    expect(event).not.toHaveProperty('process.pid');
    expect(describeChange({ kind: 'listen', atNs: 1n, process, local })).toMatchObject({
      'event.action': 'listen',
      'destination.port': 40_000,
    });
  });
});

describe('events of datagrams', () => {
  const address = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
  const own = { address: address('00000000000000000000ffff00000000'), port: 5000 };
  const other = { address: address('00000000000000000000ffffc0000207'), port: 53 };
  const common = { kind: 'datagram', atNs: 1n, cpu: 0, process, socketNetNamespace: 7, local: own } as const;

  it('name who sent as the source, and no address where none was chosen', () => {
    const sent = describeDatagram({ ...common, direction: 'sent', remote: other }, deps);
    expect(sent).toMatchObject({
      ...{ 'event.action': 'datagram', 'network.transport': 'udp', 'network.direction': 'egress' },
      ...{ 'process.pid': 100, 'parapet.namespace.net': 7 },
      ...{ 'source.port': 5000, 'destination.ip': '192.0.2.7', 'destination.port': 53 },
    });
    expect(sent).not.toHaveProperty(['source.ip']);
    const remote = { address: address('20010db8000000000000000000000001'), port: 6000 };
    expect(describeDatagram({ ...common, direction: 'received', remote }, deps)).toMatchObject({
      ...{ 'network.direction': 'ingress', 'source.ip': '2001:db8::1', 'source.port': 6000 },
      'destination.port': 5000,
    });
  });
});

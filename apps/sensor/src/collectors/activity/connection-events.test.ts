import { type ProbedProcess, type ProbedSocket, tcpStates } from '@parapet/kernel';
import { describe, expect, it } from 'vitest';
import { type ConnectionEvents, createConnectionEvents } from './connection-events.ts';
import { createProcessMemory } from './process-memory.ts';

const processOf = (pid: number, comm: string): ProbedProcess => ({
  pid,
  startNs: BigInt(pid) * 10_000_000n,
  parentPid: 1,
  parentStartNs: 0n,
  uid: 1000,
  gid: 1000,
  effectiveUid: 1000,
  loginUid: undefined,
  sessionId: undefined,
  capabilities: 0n,
  netNamespace: 1,
  mountNamespace: 2,
  pidNamespace: 3,
  comm,
  cgroups: [],
});
const client = processOf(100, 'client');
const server = processOf(200, 'server');
const bystander = processOf(300, 'bystander');

const change = (more: Partial<ProbedSocket>): ProbedSocket => ({
  kind: 'socket',
  atNs: 1_000_000_000n,
  cpu: 0,
  process: bystander,
  socket: 1n,
  socketNetNamespace: 7,
  oldState: tcpStates.close,
  newState: tcpStates.close,
  family: 'ipv4',
  localPort: 0,
  remotePort: 0,
  localAddress: Uint8Array.of(10, 0, 0, 1),
  remoteAddress: Uint8Array.of(10, 0, 0, 2),
  bytesReceived: 0n,
  bytesAcked: 0n,
  ...more,
});

const create = (limit?: number): ConnectionEvents =>
  createConnectionEvents(
    {
      memory: createProcessMemory(),
      users: { nameOf: () => undefined },
      running: () => undefined,
      wallTimeUs: (ns) => Number(ns / 1000n),
    },
    limit,
  );

const { close, established, listen, synSent } = tcpStates;

describe('connection events', () => {
  it('tell a connection by who began it, with its bytes once it is over', () => {
    const events = create();
    const begun = { socket: 5n, remotePort: 443 };
    expect(events.describe(change({ ...begun, newState: synSent, process: client }))).toBeUndefined();
    const made = change({
      ...begun,
      oldState: synSent,
      newState: established,
      localPort: 40_000,
      atNs: 2_000_000_000n,
    });
    expect(events.describe(made)).toMatchObject({
      'event.action': 'connect',
      'event.outcome': 'success',
      'process.pid': 100,
      'process.name': 'client',
      'source.ip': '10.0.0.1',
      'source.port': 40_000,
      'destination.ip': '10.0.0.2',
      'destination.port': 443,
      'network.direction': 'egress',
    });
    const over = { ...begun, newState: close, bytesReceived: 6n, bytesAcked: 12n, atNs: 3_000_000_000n };
    expect(events.describe(change(over))).toMatchObject({
      'event.action': 'flow',
      'process.pid': 100,
      'source.port': 40_000,
      'source.bytes': 10,
      'destination.bytes': 5,
      'event.duration': 2_000_000_000,
    });
    expect(events.open()).toBe(0);
  });

  it('tell a connection that nobody answered as failed', () => {
    const events = create();
    events.describe(change({ newState: synSent, process: client, remotePort: 81 }));
    expect(events.describe(change({ oldState: synSent, newState: close, remotePort: 81 }))).toMatchObject({
      'event.action': 'connect',
      'event.outcome': 'failure',
      'destination.port': 81,
    });
  });

  it('give what comes in to who listens on that port in that network, also after others ran', () => {
    const events = create();
    const listening = change({ socket: 2n, newState: listen, localPort: 80, process: server });
    expect(events.describe(listening)).toMatchObject({
      'event.action': 'listen',
      'destination.port': 80,
      'process.pid': 200,
    });
    const came = change({ socket: 3n, newState: established, localPort: 80, remotePort: 50_000 });
    expect(events.describe(came)).toMatchObject({
      'event.action': 'accept',
      'process.pid': 200,
      'network.direction': 'ingress',
      'source.ip': '10.0.0.2',
      'source.port': 50_000,
      'destination.port': 80,
    });
    const elsewhere = change({ socket: 4n, newState: established, localPort: 80, socketNetNamespace: 8 });
    expect(events.describe(elsewhere)).not.toHaveProperty('process.pid');
    events.describe(change({ socket: 2n, oldState: listen, newState: close }));
    expect(events.describe(change({ socket: 6n, newState: established, localPort: 80 }))).not.toHaveProperty(
      'process.pid',
    );
  });

  it('show an IPv4 address as such on a socket that speaks both', () => {
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1);
    const came = change({ newState: established, family: 'ipv6', localAddress: mapped, remoteAddress: mapped });
    expect(create().describe(came)).toMatchObject({ 'source.ip': '192.0.2.1' });
  });

  it('say nothing of the end of what was not seen, and remember only so many', () => {
    const events = create(10);
    expect(events.describe(change({ oldState: established, newState: close }))).toBeUndefined();
    for (let socket = 0n; socket < 100n; socket += 1n)
      events.describe(change({ socket, newState: synSent, process: client }));
    expect(events.open()).toBe(10);
  });
});

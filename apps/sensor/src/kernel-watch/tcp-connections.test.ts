import { type ProbedProcess, type ProbedSocket, tcpStates } from '@parapet/kernel';
import { describe, expect, it } from 'vitest';
import { createTcpConnections } from './tcp-connections.ts';
import { probedProcess } from './testing/probed.ts';

const client = probedProcess(100, 'client');
const server = probedProcess(200, 'server');
const bystander = probedProcess(300, 'bystander');

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

const { close, established, listen, synSent } = tcpStates;

describe('TCP connections', () => {
  it('belong to who began them, with their payload once they are over', () => {
    const connections = createTcpConnections();
    const begun = { socket: 5n, remotePort: 443 };
    expect(connections.take(change({ ...begun, newState: synSent, process: client }))).toBeUndefined();
    const made = change({
      ...begun,
      oldState: synSent,
      newState: established,
      localPort: 40_000,
      atNs: 2_000_000_000n,
    });
    const connection = {
      role: 'client',
      netNamespace: 7,
      owner: client,
      beganNs: 1_000_000_000n,
      local: { address: '10.0.0.1', port: 40_000 },
      remote: { address: '10.0.0.2', port: 443 },
    };
    expect(connections.take(made)).toEqual({ kind: 'open', atNs: 2_000_000_000n, connection });
    // A socket gives its port back before it is told as closed.
    const over = { ...begun, newState: close, bytesReceived: 6n, bytesAcked: 12n, atNs: 3_000_000_000n };
    expect(connections.take(change(over))).toEqual({
      kind: 'close',
      atNs: 3_000_000_000n,
      connection,
      sentBytes: 10,
      receivedBytes: 5,
    });
    expect(connections.open()).toBe(0);
  });

  it('fail when nobody answered', () => {
    const connections = createTcpConnections();
    connections.take(change({ newState: synSent, process: client, remotePort: 81 }));
    expect(connections.take(change({ oldState: synSent, newState: close, remotePort: 81 }))).toMatchObject({
      kind: 'fail',
      connection: { owner: client, remote: { port: 81 } },
    });
  });

  it('that come in belong to who listens on that port in that network, also after others ran', () => {
    const connections = createTcpConnections();
    const listening = change({ socket: 2n, newState: listen, localPort: 80, process: server });
    expect(connections.take(listening)).toMatchObject({ kind: 'listen', process: server, local: { port: 80 } });
    const ownerOf = (more: Partial<ProbedSocket>): ProbedProcess | undefined => {
      const told = connections.take(change({ newState: established, localPort: 80, ...more }));
      return told?.kind === 'open' ? told.connection.owner : undefined;
    };
    const came = change({ socket: 3n, newState: established, localPort: 80, remotePort: 50_000 });
    expect(connections.take(came)).toMatchObject({
      kind: 'open',
      connection: { role: 'server', owner: server, local: { port: 80 }, remote: { port: 50_000 } },
    });
    expect(ownerOf({ socket: 4n, socketNetNamespace: 8 })).toBeUndefined();
    connections.take(change({ socket: 2n, oldState: listen, newState: close }));
    expect(ownerOf({ socket: 6n })).toBeUndefined();
  });

  it('keep the owner of a port that another socket took over before the first was closed', () => {
    const connections = createTcpConnections();
    connections.take(change({ socket: 2n, newState: listen, localPort: 80, process: bystander }));
    connections.take(change({ socket: 3n, newState: listen, localPort: 80, process: server }));
    connections.take(change({ socket: 2n, oldState: listen, newState: close }));
    const came = connections.take(change({ socket: 4n, newState: established, localPort: 80 }));
    expect(came).toMatchObject({ connection: { owner: server } });
  });

  it('show an IPv4 address as such on a socket that speaks both', () => {
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1);
    const came = change({ newState: established, family: 'ipv6', localAddress: mapped, remoteAddress: mapped });
    expect(createTcpConnections().take(came)).toMatchObject({ connection: { remote: { address: '192.0.2.1' } } });
  });

  it('say nothing of the end of what was not seen, and remember only so many', () => {
    const connections = createTcpConnections(10);
    expect(connections.take(change({ oldState: established, newState: close }))).toBeUndefined();
    for (let socket = 0n; socket < 100n; socket += 1n)
      connections.take(change({ socket, newState: synSent, process: client }));
    expect(connections.open()).toBe(10);
  });
});

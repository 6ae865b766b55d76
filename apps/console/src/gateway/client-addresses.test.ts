import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createClientAddresses } from './client-addresses.ts';

type Peer = { remoteAddress: string | undefined; remotePort: number };

describe('the client of a TLS socket', () => {
  const told = (peer: Peer, noted?: { peer: Peer; address: string }): string | undefined => {
    const addresses = createClientAddresses();
    const server = new EventEmitter();
    addresses.teach(server as unknown as TlsServer);
    if (noted !== undefined) {
      addresses.note(Object.assign(new EventEmitter(), noted.peer) as unknown as Socket, noted.address);
    }
    const socket = Object.assign(new EventEmitter(), peer);
    server.emit('secureConnection', socket);
    return socket.remoteAddress;
  };
  const peer = { remoteAddress: '::ffff:192.0.2.1', remotePort: 4000 };

  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    [undefined, undefined],
  ])('whose peer is %s is %s', (remoteAddress, expected) => {
    expect(told({ remoteAddress, remotePort: 4000 })).toBe(expected);
  });

  it('is the one that the balancer named for this very connection', () => {
    expect(told(peer, { peer, address: '203.0.113.7' })).toBe('203.0.113.7');
    expect(told({ ...peer, remotePort: 4001 }, { peer, address: '203.0.113.7' })).toBe('192.0.2.1');
  });
});

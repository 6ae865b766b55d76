import { describe, expect, it } from 'vitest';
import { connectedSocket, destroyedSocketDatagram, listeningSocket } from '../testing/captured.ts';
import { decodeMessages } from './message.ts';
import { decodeDestroyedSocket, decodeSocketRow, encodeSocketRequest } from './socket-diagnostics.ts';

const destroyed = [...decodeMessages(destroyedSocketDatagram)][0]?.payload ?? new Uint8Array();

describe('decodeSocketRow', () => {
  it('reads a listening socket, which has no byte counts', () => {
    const row = decodeSocketRow(listeningSocket, 'tcp');
    expect(row).toMatchObject({
      state: 'listening',
      local: { address: '::', port: 44_807 },
      peer: { address: '::', port: 0 },
      inode: 203_399,
      identity: 976,
    });
    expect(row).not.toHaveProperty('bytes');
  });

  it('reads a connection; an IPv4 one on an IPv6 socket as IPv4', () => {
    expect(decodeSocketRow(connectedSocket, 'tcp')).toMatchObject({
      state: 'connected',
      local: { address: '127.0.0.1', port: 44_807 },
      peer: { address: '127.0.0.1', port: 45_762 },
      bytes: { sent: 5, received: 3 },
    });
  });

  it('has no byte counts where the kernel’s tcp_info is too old to hold them', () => {
    const short = connectedSocket.slice(0, 72 + 4 + 104);
    short.set([108, 0, 2, 0], 72);
    expect(decodeSocketRow(short, 'tcp')).not.toHaveProperty('bytes');
  });

  it('never reads beyond the end, wherever it is', () => {
    for (let length = 0; length < connectedSocket.length; length += 1)
      expect(() => decodeSocketRow(connectedSocket.subarray(0, length), 'tcp')).not.toThrow();
    expect(decodeSocketRow(connectedSocket.subarray(0, 71), 'tcp')).toBeUndefined();
  });

  it.each([
    ['tcp', 2, 'other'],
    ['tcp', 4, 'connected'],
    ['tcp', 6, 'other'],
    ['tcp', 12, 'other'],
    ['udp', 1, 'connected'],
    ['udp', 7, 'listening'],
  ] as const)('takes state %s %i for %s', (protocol, state, expected) => {
    const row = Uint8Array.from(connectedSocket);
    row[1] = state;
    expect(decodeSocketRow(row, protocol)?.state).toBe(expected);
  });
});

describe('decodeDestroyedSocket', () => {
  it('reads the end of a connection with its final counts', () => {
    expect(decodeDestroyedSocket(destroyed)).toMatchObject({
      protocol: 'tcp',
      state: 'gone',
      local: { address: '127.0.0.1', port: 45_762 },
      peer: { address: '127.0.0.1', port: 44_807 },
      bytes: { sent: 5, received: 6 },
    });
  });

  it('leaves out protocols it does not know, and what names none', () => {
    const other = Uint8Array.from(destroyed);
    other[72 + 4] = 132;
    expect(decodeDestroyedSocket(other)).toBeUndefined();
    expect(decodeDestroyedSocket(destroyed.subarray(0, 72))).toBeUndefined();
  });
});

describe('encodeSocketRequest', () => {
  it('asks for one family and protocol without half-open and waiting sockets', () => {
    const bytes = encodeSocketRequest({ family: 'ipv6', protocol: 'tcp', withBytes: true });
    expect([bytes[0], bytes[1], bytes[2]]).toEqual([10, 6, 2]);
    const states = new DataView(bytes.buffer).getUint32(4, true);
    expect([1, 4, 5, 8, 9, 10, 11].every((state) => (states & (1 << state)) !== 0)).toBe(true);
    expect([2, 3, 6, 7, 12].every((state) => (states & (1 << state)) === 0)).toBe(true);
  });

  it('asks UDP for sockets with and without a peer', () => {
    const bytes = encodeSocketRequest({ family: 'ipv4', protocol: 'udp', withBytes: false });
    expect([bytes[0], bytes[1], bytes[2]]).toEqual([2, 17, 0]);
    expect(new DataView(bytes.buffer).getUint32(4, true)).toBe((1 << 1) | (1 << 7));
  });
});

import { describe, expect, it } from 'vitest';
import { readProxyHeader } from './proxy-header.ts';

const rest = Buffer.from('\x16\x03\x01');
const v1 = (line: string): Buffer => Buffer.from(`${line}\r\n`, 'latin1');

/** A version 2 header of its parts. */
const v2 = (versionAndCommand: number, familyAndTransport: number, block: Buffer, length = block.length): Buffer => {
  const fixed = Buffer.alloc(4);
  fixed.writeUInt8(versionAndCommand, 0);
  fixed.writeUInt8(familyAndTransport, 1);
  fixed.writeUInt16BE(length, 2);
  return Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), fixed, block]);
};
const tcp4 = Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, 0x13, 0x88, 0x01, 0xbb]);
const tcp6 = Buffer.concat([Buffer.from('20010db8000000000000000000000007', 'hex'), Buffer.alloc(16), Buffer.alloc(4)]);

describe('a PROXY header', () => {
  it.each([
    ['version 1, IPv4', v1('PROXY TCP4 203.0.113.7 10.0.0.1 65535 0'), '203.0.113.7'],
    ['version 1, IPv6', v1('PROXY TCP6 2001:db8::7 ::1 1 2'), '2001:db8::7'],
    ['version 1, unknown', v1('PROXY UNKNOWN'), undefined],
    ['version 1, unknown with more', v1('PROXY UNKNOWN ffff:f...f:ffff 1 2 3'), undefined],
    ['version 2, IPv4', v2(0x21, 0x11, tcp4), '203.0.113.7'],
    [
      'version 2, IPv4 with more values',
      v2(0x21, 0x11, Buffer.concat([tcp4, Buffer.from([4, 0, 1, 0])])),
      '203.0.113.7',
    ],
    ['version 2, IPv6', v2(0x21, 0x21, tcp6), '2001:db8::7'],
    ['version 2, for itself', v2(0x20, 0x00, Buffer.alloc(0)), undefined],
    ['version 2, for itself, with an address to be ignored', v2(0x20, 0x11, tcp4), undefined],
    ['version 2, unspecified', v2(0x21, 0x00, Buffer.from([1, 2, 3])), undefined],
  ])('of %s is read to its end, however it is cut', (_name, header, address) => {
    const whole = Buffer.concat([header, rest]);
    expect(readProxyHeader(whole)).toEqual({ kind: 'header', address, bytes: header.length });
    for (let bytes = 0; bytes < header.length; bytes += 1)
      expect(readProxyHeader(whole.subarray(0, bytes)).kind).toBe('incomplete');
  });

  it.each([
    ['TLS', rest],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['an address that is none', v1('PROXY TCP4 203.0.113.300 10.0.0.1 1 2')],
    ['an address of the other family', v1('PROXY TCP4 2001:db8::7 ::1 1 2')],
    ['a zone', v1('PROXY TCP6 fe80::1%eth0 ::1 1 2')],
    ['octal numbers', v1('PROXY TCP4 0203.0.113.7 10.0.0.1 1 2')],
    ['a port that is none', v1('PROXY TCP4 203.0.113.7 10.0.0.1 65536 2')],
    ['a port with a zero before it', v1('PROXY TCP4 203.0.113.7 10.0.0.1 01 2')],
    ['a missing field', v1('PROXY TCP4 203.0.113.7 10.0.0.1 1')],
    ['a field too many', v1('PROXY TCP4 203.0.113.7 10.0.0.1 1 2 3')],
    ['two spaces', v1('PROXY TCP4  203.0.113.7 10.0.0.1 1 2')],
    ['small letters', v1('PROXY tcp4 203.0.113.7 10.0.0.1 1 2')],
    ['a line without its end', Buffer.from(`PROXY TCP4 ${'1'.repeat(107)}`)],
    ['a line end alone', Buffer.from(`PROXY TCP4 203.0.113.7 10.0.0.1 1 2\n${' '.repeat(107)}`)],
    ['version 3', v2(0x31, 0x11, tcp4)],
    ['an unknown command', v2(0x22, 0x11, tcp4)],
    ['an unknown family', v2(0x21, 0x41, tcp4)],
    ['a unix socket', v2(0x21, 0x31, Buffer.alloc(216))],
    ['datagrams', v2(0x21, 0x12, tcp4)],
    ['an IPv4 block that is too short', v2(0x21, 0x11, tcp4.subarray(0, 11))],
    ['an IPv6 block that is too short', v2(0x21, 0x21, tcp4)],
    ['a length beyond the limit, before all of it came', v2(0x21, 0x11, tcp4, 4097)],
  ])('is not %s', (_name, data) => {
    expect(readProxyHeader(data).kind).toBe('invalid');
  });
});

import { normaliseAddress } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { formatIpv4, formatIpv6, parseIpAddress } from './ip-address.ts';

const format = (bytes: Uint8Array | undefined): string =>
  bytes === undefined ? '' : bytes.length === 4 ? formatIpv4(bytes, 0) : formatIpv6(bytes, 0);

describe('addresses', () => {
  it.each([
    '0.0.0.0',
    '255.255.255.255',
    '192.0.2.1',
    '::',
    '::1',
    'fe80::1',
    '2001:db8::1:0:0:1',
    '2001:db8:1:2:3:4:5:6',
    '1::',
    '::ffff:0:0:1',
    '2001:db8:0:1:1:1:1:1',
  ])('%s comes back as it was, as the core library writes it', (text) => {
    expect(format(parseIpAddress(text))).toBe(text);
    expect(normaliseAddress(text)).toBe(text);
  });

  it('shorten as RFC 5952 wants', () => {
    expect(format(parseIpAddress('2001:0db8:0000:0000:0001:0000:0000:0001'))).toBe('2001:db8::1:0:0:1');
  });

  it('are IPv4 when mapped', () => {
    const mapped = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3);
    expect(formatIpv6(mapped, 0)).toBe('10.1.2.3');
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    'a.b.c.d',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    'g::1',
    '12345::',
    'fe80::1%eth0',
    '1:2:3:4:5:6:7:8::',
  ])('"%s" is none', (text) => {
    expect(parseIpAddress(text)).toBeUndefined();
  });
});

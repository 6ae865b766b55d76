import { expect, it } from 'vitest';
import { ipv4Address, ipv6Address } from '../testing/captured.ts';
import { decodeInterfaceAddress } from './interface-addresses.ts';

it('reads addresses of both families', () => {
  expect(decodeInterfaceAddress(ipv4Address)).toEqual({ address: '192.0.2.2', prefixLength: 24, deviceIndex: 4 });
  expect(decodeInterfaceAddress(ipv6Address)).toEqual({ address: 'fd00::2', prefixLength: 64, deviceIndex: 4 });
});

it('takes the own end of a point-to-point link', () => {
  const link = Uint8Array.from(ipv4Address);
  // The first attribute is IFA_ADDRESS, there the other end; IFA_LOCAL follows.
  link.set([10, 0, 0, 9], 12);
  expect(decodeInterfaceAddress(link)?.address).toBe('192.0.2.2');
});

it('leaves out what is no address', () => {
  expect(decodeInterfaceAddress(new Uint8Array(4))).toBeUndefined();
  expect(decodeInterfaceAddress(ipv4Address.subarray(0, 8))).toBeUndefined();
});

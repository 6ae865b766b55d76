import { expect, it } from 'vitest';
import { addressKey, addressRange } from './address-range.ts';

it('orders addresses as numbers, IPv4 as mapped into IPv6', () => {
  const sorted = [
    '::1',
    '9.255.255.255',
    '10.0.0.0',
    '10.0.0.1',
    '192.168.0.1',
    '2001:db8::',
    '2001:db8::ff',
    'fe80::1',
  ];
  const keys = sorted.map((text) => addressKey(text) ?? '');
  expect(keys.toSorted()).toEqual(keys);
  expect(addressKey('::ffff:10.0.0.1')).toBe(addressKey('10.0.0.1'));
});

it('knows the first and last address of a network, whatever address names it', () => {
  expect(addressRange('10.1.2.3/8')).toEqual({ from: addressKey('10.0.0.0'), to: addressKey('10.255.255.255') });
  expect(addressRange('0.0.0.0/0')).toEqual({ from: addressKey('0.0.0.0'), to: addressKey('255.255.255.255') });
  expect(addressRange('2001:db8::/126')).toEqual({ from: addressKey('2001:db8::'), to: addressKey('2001:db8::3') });
  expect(addressRange('::/0')).toEqual({ from: '0'.repeat(32), to: 'f'.repeat(32) });
});

it('does not take what is no address', () => {
  for (const text of [
    '',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '::/129',
    ':::',
    '1::2::3',
    'g::',
    '10.0.0.0/',
  ])
    expect(addressRange(text)).toBeUndefined();
});

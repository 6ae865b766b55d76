import { expect, it } from 'vitest';
import { clientAddress } from './client-address.ts';

const trusted = ['10.0.0.1', '10.1.0.0/16', 'fd00::/8'];

it.each([
  ['nobody is trusted by default', '10.0.0.1', '9.9.9.9', [], '10.0.0.1'],
  ['a stranger is not believed', '203.0.113.7', '9.9.9.9', trusted, '203.0.113.7'],
  ['a trusted proxy is', '10.0.0.1', '203.0.113.7', trusted, '203.0.113.7'],
  ['seen through IPv4-mapped IPv6', '::ffff:10.0.0.1', '203.0.113.7', trusted, '203.0.113.7'],
  ['what the client wrote before it is not', '10.0.0.1', '9.9.9.9, 127.0.0.1, 203.0.113.7', trusted, '203.0.113.7'],
  ['two proxies in a row', '10.0.0.1', '9.9.9.9, 203.0.113.7, 10.1.2.3', trusted, '203.0.113.7'],
  ['only proxies: the farthest', '10.0.0.1', '10.1.2.3', trusted, '10.1.2.3'],
  ['several header lines', '10.0.0.1', ['9.9.9.9', '203.0.113.7'], trusted, '203.0.113.7'],
  ['an address with its port', '10.0.0.1', '203.0.113.7:5000', trusted, '203.0.113.7'],
  ['IPv6 with its port', 'fd00::1', '[2001:db8::7]:5000', trusted, '2001:db8::7'],
  ['what is no address ends the list', '10.0.0.1', '9.9.9.9, unknown', trusted, '10.0.0.1'],
  ['nor is an empty item', '10.0.0.1', '', trusted, '10.0.0.1'],
  ['no header', '10.0.0.1', undefined, trusted, '10.0.0.1'],
])('%s', (_name, peer, header, proxies, expected) => {
  expect(clientAddress(peer, header, proxies)).toBe(expected);
});

it('an endless list is not walked to its end', () => {
  expect(clientAddress('10.0.0.1', `203.0.113.7${', 10.1.2.3'.repeat(40)}`, trusted)).toBe('10.1.2.3');
});

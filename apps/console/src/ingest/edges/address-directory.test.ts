import { expect, test } from 'vitest';
import { network } from '../../testing/records.ts';
import { addressesOfContainer, addressesOfHost } from './address-directory.ts';

const device = (address: string, name: string, prefixLength = 24) => ({ address, prefixLength, device: name });
const container = (address: string) => ({ id: 'c', networks: [network(address)], ports: [] });
const isLocal = (address: string, ...devices: ReturnType<typeof device>[]): boolean | undefined =>
  addressesOfContainer(container(address), devices)[0]?.isLocal;

test.each([
  ['behind the runtime’s bridge', '172.17.0.2', [device('172.17.0.1', 'docker0', 16)], true],
  ['behind a bridge that a person named', '172.31.77.5', [device('172.31.77.1', 'backend')], true],
  ['in the network of an uplink (macvlan)', '10.0.0.77', [device('10.0.0.1', 'enp3s0')], false],
  ['routed, with no device of the host in its network', '10.244.1.7', [device('10.0.0.1', 'eth0')], false],
  ['before the host’s addresses are known', '10.244.1.7', [], true],
])('a container %s', (_name, address, devices, local) => {
  expect(isLocal(address, ...devices)).toBe(local);
});

test('addresses that name nobody are left out', () => {
  for (const address of ['127.0.0.1', 'fe80::1', '', 'x', '0.0.0.0']) {
    expect(addressesOfContainer(container(address), [])).toEqual([]);
    expect(addressesOfHost('h', [device(address, 'eth0')], [])).toEqual([]);
  }
});

test('a host’s uplinks and LAN bridges are seen from outside, its containers’ bridges are not', () => {
  const addresses = [
    device('10.0.0.1', 'eth0'),
    device('10.0.1.1', 'br0'),
    device('172.17.0.1', 'docker0', 16),
    device('172.31.77.1', 'backend'),
  ];
  const rows = addressesOfHost('h', addresses, [network('172.31.77.5')]);
  expect(rows.map((row) => [row.address, row.isLocal])).toEqual([
    ['10.0.0.1', false],
    ['10.0.1.1', false],
    ['172.17.0.1', true],
    ['172.31.77.1', true],
  ]);
});

test('an IPv4 address in IPv6 clothing is the IPv4 address', () => {
  expect(addressesOfHost('h', [device('::ffff:10.0.0.1', 'eth0')], [])[0]?.address).toBe('10.0.0.1');
});

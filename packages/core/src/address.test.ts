import { describe, expect, it } from 'vitest';
import { classifyAddress, isInBlock, normaliseAddress } from './address.ts';

describe('classifyAddress', () => {
  it.each([
    ['8.8.8.8', 'internet'],
    ['2001:4860:4860::8888', 'internet'],
    ['::ffff:8.8.8.8', 'internet'],
    ['64:ff9b::808:808', 'internet'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.32.0.1', 'internet'],
    ['192.168.255.255', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['100.64.0.1', 'private'],
    ['100.128.0.1', 'internet'],
    ['fd12:3456::1', 'private'],
    ['192.0.2.7', 'private'],
    ['198.18.0.1', 'private'],
    ['2001:db8::1', 'private'],
    ['240.0.0.1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['224.0.0.1', 'multicast'],
    ['ff02::1', 'multicast'],
    ['255.255.255.255', 'multicast'],
    ['0.0.0.0', 'unspecified'],
    ['::', 'unspecified'],
  ])('%s is %s', (address, expected) => {
    expect(classifyAddress(address)).toBe(expected);
  });

  it.each(['', 'host', '1.2.3', '1.2.3.4.5', '999.1.1.1', ':::', 'fe80::1%'])('has no class for %j', (text) => {
    if (text === 'fe80::1%') expect(classifyAddress(text)).toBe('link-local');
    else expect(classifyAddress(text)).toBeUndefined();
  });
});

describe('normaliseAddress', () => {
  it.each([
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s becomes %s', (text, expected) => {
    expect(normaliseAddress(text)).toBe(expected);
  });

  it('refuses what is no address', () => {
    expect(normaliseAddress('localhost')).toBeUndefined();
  });
});

describe('isInBlock', () => {
  it('matches within a family only', () => {
    expect(isInBlock('10.9.8.7', '10.0.0.0/8')).toBe(true);
    expect(isInBlock('::ffff:10.9.8.7', '10.0.0.0/8')).toBe(true);
    expect(isInBlock('11.0.0.1', '10.0.0.0/8')).toBe(false);
    expect(isInBlock('fd00::1', '10.0.0.0/8')).toBe(false);
    expect(isInBlock('10.0.0.1', 'nonsense')).toBe(false);
  });
});

import { expect, it } from 'vitest';
import { edgeKey, listenerKey } from './record-keys.ts';

it('names a listener by workload, protocol, address and port', () => {
  expect(listenerKey(undefined, 'tcp', '::', 443)).toBe('host|tcp|::|443');
  expect(listenerKey('docker:1', 'udp', '0.0.0.0', 53)).toBe('docker:1|udp|0.0.0.0|53');
});

it('cannot be led to take one part for two', () => {
  const keys = [
    ['a|b', 'c'],
    ['a', 'b|c'],
    ['a', 'b', 'c'],
    ['a%7Cb', 'c'],
    ['a%', '7Cb', 'c'],
  ].map(edgeKey);
  expect(new Set(keys).size).toBe(keys.length);
});

it('stays within what the wire takes, and different for different long names', () => {
  const long = 'x'.repeat(4096);
  const keys = [edgeKey(['host', `${long}1`]), edgeKey(['host', `${long}2`])];
  expect(keys[0]).not.toBe(keys[1]);
  for (const key of keys) expect(key.length).toBeLessThanOrEqual(512);
});

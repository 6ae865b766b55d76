import fc from 'fast-check';
import { expect, it } from 'vitest';
import { viewOf } from '../netlink/message.ts';
import { startCalls } from './numbers.ts';
import { encodeStartRule, keyOfRule } from './rule.ts';

const x64 = { architecture: 0xc000_003e, calls: [59, 322] };
const words = (rule: Uint8Array, at: number, count: number) =>
  Array.from({ length: count }, (_, index) => viewOf(rule).getUint32(at + index * 4, true));

it('asks for starts that succeed, on the list of calls that end', () => {
  const rule = encodeStartRule(x64, { key: 'parapet', goneWith: undefined });
  expect(rule).toHaveLength(1040 + 7);
  expect(words(rule, 0, 3)).toEqual([4, 2, 3]);
  // The bits of 59 and 322 and no others.
  const mask = words(rule, 12, 64);
  expect(mask[1]).toBe(1 << 27);
  expect(mask[10]).toBe(1 << 2);
  expect(mask.filter((word) => word !== 0)).toHaveLength(2);
  expect(words(rule, 268, 3)).toEqual([11, 104, 210]);
  expect(words(rule, 524, 3)).toEqual([0xc000_003e, 1, 7]);
  expect(words(rule, 780, 3)).toEqual([0x4000_0000, 0x4000_0000, 0x4000_0000]);
  expect(words(rule, 1036, 1)).toEqual([7]);
  expect(Buffer.from(rule.subarray(1040)).toString()).toBe('parapet');
});

it('leaves out what runs a file, whose path comes before the key', () => {
  const rule = encodeStartRule(x64, { key: 'parapet', goneWith: '/proc/self/fd/9/x' });
  expect(words(rule, 268, 4)).toEqual([11, 104, 112, 210]);
  expect(words(rule, 524, 4)).toEqual([0xc000_003e, 1, 17, 7]);
  expect(words(rule, 780, 4)[2]).toBe(0x3000_0000);
  expect(keyOfRule(rule)).toBe('parapet');
});

it('finds no key in what has none, whatever it is', () => {
  expect(keyOfRule(new Uint8Array(1039))).toBeUndefined();
  expect(keyOfRule(new Uint8Array(1040))).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1040, maxLength: 1100 }), (bytes) => {
      const key = keyOfRule(bytes);
      expect(key === undefined || key.length <= 60).toBe(true);
    }),
  );
});

it('knows the calls of 64- and 32-bit programs', () => {
  expect(startCalls('x64')).toContainEqual(x64);
  expect(startCalls('arm64')).toContainEqual({ architecture: 0xc000_00b7, calls: [221, 281] });
  expect(startCalls('arm64')).toHaveLength(2);
  expect(startCalls('riscv64')).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import type { VersionScheme } from '../scheme.ts';
import { maxVersionLength } from '../scheme.ts';

/** Characters that every scheme gives some meaning, and some that none does. */
const alphabet = [
  '0',
  '1',
  '2',
  '9',
  '10',
  '.',
  '-',
  '_',
  '~',
  '^',
  '+',
  ':',
  'a',
  'b',
  'rc',
  '_rc',
  '-r',
  'Z',
  'v',
  'alpha',
  'dev',
  'final',
  'sp',
  'pl',
  '_p',
  '.post',
  'é',
  '\0',
  ' ',
];

/** A small deterministic generator: the same versions in every run. */
const createRandom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
};

const randomVersion = (random: () => number): string =>
  Array.from(
    { length: 1 + Math.floor(random() * 8) },
    () => alphabet[Math.floor(random() * alphabet.length)] ?? '',
  ).join('');

/**
 * The acceptance suite of a version scheme: each list is in strictly ascending order, each group is equal, and whatever is
 * compared, the order is total.
 */
export const acceptScheme = (
  scheme: VersionScheme,
  cases: {
    readonly ascending: readonly (readonly string[])[];
    readonly equal: readonly (readonly string[])[];
    readonly valid: readonly string[];
    readonly invalid: readonly string[];
  },
): void => {
  const sign = (a: string, b: string): number => Math.sign(scheme.compare(a, b));

  describe(`the order of ${scheme.name} versions`, () => {
    for (const list of cases.ascending) {
      it(list.join(' < '), () => {
        for (const [index, lower] of list.entries()) {
          for (const higher of list.slice(index + 1)) {
            expect([lower, higher, sign(lower, higher), sign(higher, lower)]).toEqual([lower, higher, -1, 1]);
          }
        }
      });
    }

    for (const group of cases.equal) {
      it(group.map((text) => JSON.stringify(text)).join(' = '), () => {
        for (const a of group) for (const b of group) expect([a, b, sign(a, b)]).toEqual([a, b, 0]);
      });
    }

    it('is total on arbitrary text: antisymmetric, transitive, finite', () => {
      const random = createRandom(20_261_121);
      const versions = Array.from({ length: 120 }, () => randomVersion(random));
      const orders = versions.map((a) => versions.map((b) => scheme.compare(a, b)));
      const order = (a: number, b: number): number => orders[a]?.[b] ?? Number.NaN;
      // One expectation for all: a million of them take longer than the comparisons.
      const broken: string[] = [];
      for (const [i, a] of versions.entries()) {
        if (order(i, i) !== 0) broken.push(`${a} differs from itself`);
        for (const [j, b] of versions.entries()) {
          if (!Number.isFinite(order(i, j)) || Math.sign(order(i, j)) + Math.sign(order(j, i)) !== 0) {
            broken.push(`${a} and ${b}: ${order(i, j)}`);
          }
          if (order(i, j) > 0) continue;
          for (const [k, c] of versions.entries()) {
            if (order(j, k) <= 0 && order(i, k) > 0) broken.push(`${a} <= ${b} <= ${c}, but ${a} > ${c}`);
          }
        }
      }
      expect(broken.slice(0, 10)).toEqual([]);
    });

    it('looks at a bounded length and never throws on it', () => {
      const long = '1.'.repeat(500_000);
      expect(sign(long, long)).toBe(0);
      expect(sign(`${'9'.repeat(maxVersionLength)}1`, `${'9'.repeat(maxVersionLength)}2`)).toBe(0);
      expect(sign('', '1')).toBe(-1);
    });
  });

  describe(`what is a ${scheme.name} version`, () => {
    it.each(cases.valid)('%j is', (version) => expect(scheme.isValid(version)).toBe(true));
    it.each(cases.invalid)('%j is not', (version) => expect(scheme.isValid(version)).toBe(false));
    it('nothing longer than the limit is', () => expect(scheme.isValid('1'.repeat(maxVersionLength + 1))).toBe(false));
  });
};

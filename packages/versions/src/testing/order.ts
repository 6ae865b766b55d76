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
      for (const a of versions) {
        expect(sign(a, a)).toBe(0);
        for (const b of versions) {
          const order = scheme.compare(a, b);
          expect(Number.isFinite(order)).toBe(true);
          expect([a, b, Math.sign(order) + sign(b, a)]).toEqual([a, b, 0]);
          for (const c of versions.slice(0, 40)) {
            if (order <= 0 && sign(b, c) <= 0 && sign(a, c) > 0)
              throw new Error(`${a} <= ${b} <= ${c}, but ${a} > ${c}`);
          }
        }
      }
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

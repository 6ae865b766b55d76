import { createHash } from 'node:crypto';

/** Numbers that look random and are the same for the same words, on every machine. Not for secrets. */
export type Random = {
  /** At least 0, below 1. */
  readonly next: () => number;
  /** A whole number from 0 to `below` - 1. */
  readonly int: (below: number) => number;
  /** A number from `from` to `to`. */
  readonly between: (from: number, to: number) => number;
  readonly chance: (probability: number) => boolean;
  /** One of a list that is not empty. */
  readonly pick: <T>(list: readonly T[]) => T;
  readonly hex: (digits: number) => string;
};

/** Four 32-bit words of state (sfc32), filled from a hash of what names the stream. */
export const createRandom = (...words: readonly (string | number)[]): Random => {
  const seed = createHash('sha256').update(words.join('\0')).digest();
  let a = seed.readInt32LE(0);
  let b = seed.readInt32LE(4);
  let c = seed.readInt32LE(8);
  let counter = seed.readInt32LE(12);
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  const int = (below: number): number => Math.floor(next() * below);
  return {
    next,
    int,
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => next() < probability,
    pick: (list) => {
      const chosen = list[int(list.length)];
      if (chosen === undefined) throw new Error('There is nothing to pick from.');
      return chosen;
    },
    hex: (digits) => Array.from({ length: digits }, () => int(16).toString(16)).join(''),
  };
};

/** The same hex digits for the same words: ids of containers and images. */
export const hexOf = (digits: number, ...words: readonly (string | number)[]): string =>
  createHash('sha256').update(words.join('\0')).digest('hex').slice(0, digits);

import type { Found } from './found.ts';

/**
 * What was found for a package name in a version. Hosts and images share most packages, and a database never changes, so a
 * fleet is matched mostly from here.
 */
export type MatchCache = {
  readonly get: (key: string) => readonly Found[] | undefined;
  readonly set: (key: string, found: readonly Found[]) => void;
};

/**
 * A cache of two generations: when the younger one is full the older one goes, so what is asked for stays. `maxFound`
 * vulnerabilities cost about as many kilobytes.
 */
export const createMatchCache = (maxFound = 20_000): MatchCache => {
  let young = new Map<string, readonly Found[]>();
  let old = new Map<string, readonly Found[]>();
  let count = 0;
  const set = (key: string, found: readonly Found[]): void => {
    if (count > maxFound / 2) {
      old = young;
      young = new Map();
      count = 0;
    }
    young.set(key, found);
    // A package without any vulnerability is a tenth of one with a single one.
    count += 0.1 + found.length;
  };
  return {
    get: (key) => {
      const found = young.get(key);
      if (found !== undefined) return found;
      const kept = old.get(key);
      if (kept !== undefined) set(key, kept);
      return kept;
    },
    set,
  };
};

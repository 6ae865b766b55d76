import { compareDigits, compareText } from './digits.ts';
import { maxVersionLength } from './scheme.ts';

/** A version of the SemVer family, read leniently: any count of numbers, a leading `v` or `=`, a pre-release without its hyphen. */
export type SemverParts = {
  /** Empty for text without a leading number, which is no version. */
  readonly numbers: readonly string[];
  /** Identifiers between the dots; empty for a release. */
  readonly prerelease: readonly string[];
  /** Identifiers after `+`; only some of the family order them. */
  readonly build: readonly string[];
};

/** The grammar of semver.org, rules 2, 9 and 10, with an optional `v`. */
export const isStrictSemver = (version: string): boolean =>
  version.length <= maxVersionLength &&
  /^v?(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/.test(
    version,
  );

/** Reads a version; see {@link SemverParts}. */
export const parseSemver = (version: string): SemverParts => {
  const text = version.slice(0, maxVersionLength).trim();
  const found = /^[=vV]*\s*(\d+(?:\.\d+)*)/.exec(text);
  if (found === null) return { numbers: [], prerelease: text === '' ? [] : [text], build: [] };
  const rest = text.slice(found[0].length);
  const plus = rest.indexOf('+');
  const before = plus < 0 ? rest : rest.slice(0, plus);
  return {
    numbers: (found[1] ?? '').split('.'),
    prerelease: before === '' ? [] : before.replace(/^[-._]/, '').split('.'),
    build: plus < 0 ? [] : rest.slice(plus + 1).split('.'),
  };
};

/** SemVer's precedence (rule 11): numbers, then a pre-release before its release; build metadata does not count. */
export const compareSemverParts = (a: SemverParts, b: SemverParts): number =>
  Number(a.numbers.length > 0) - Number(b.numbers.length > 0) ||
  comparePadded(a.numbers, b.numbers) ||
  comparePrereleases(a, b);

/** Orders two texts as semantic versions. */
export const compareSemver = (a: string, b: string): number =>
  a === b ? 0 : compareSemverParts(parseSemver(a), parseSemver(b));

/** Numbers by value, the shorter list filled with zeros: 1.2 is 1.2.0. */
export const comparePadded = (a: readonly string[], b: readonly string[]): number => {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = compareDigits(a[index] ?? '', b[index] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
};

/** Dotted identifiers: numbers by value and before text, text by its characters, the shorter list first. */
export const compareIdentifiers = (a: readonly string[], b: readonly string[]): number => {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = compareIdentifier(a[index] ?? '', b[index] ?? '');
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

const comparePrereleases = (a: SemverParts, b: SemverParts): number => {
  // Without numbers there is no release to come before: the text alone decides, and no text is the least.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    const order = Number(a.prerelease.length === 0) - Number(b.prerelease.length === 0);
    return a.numbers.length === 0 ? -order : order;
  }
  return compareIdentifiers(a.prerelease, b.prerelease);
};

const compareIdentifier = (a: string, b: string): number => {
  const numericA = isNumeric(a);
  const numericB = isNumeric(b);
  if (numericA !== numericB) return numericA ? -1 : 1;
  return numericA ? compareDigits(a, b) : compareText(a, b);
};

const isNumeric = (identifier: string): boolean => /^\d+$/.test(identifier);

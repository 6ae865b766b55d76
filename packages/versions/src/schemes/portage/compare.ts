import { compareDigits, compareText } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';

/** Whether it is a version by the Package Manager Specification, section 3.2. */
export const isPortageVersion = (version: string): boolean =>
  version.length <= maxVersionLength && /^\d+(?:\.\d+)*[a-z]?(?:_(?:alpha|beta|pre|rc|p)\d*)*(?:-r\d+)?$/.test(version);

/** Compares numbers, letter, suffixes, revision; what cannot be read decides last. See {@link VersionScheme.compare}. */
export const comparePortageVersions = (a: string, b: string): number => {
  const left = parse(a);
  const right = parse(b);
  return (
    compareNumbers(left.numbers, right.numbers) ||
    compareText(left.letter, right.letter) ||
    compareSuffixes(left.suffixes, right.suffixes) ||
    compareDigits(left.revision, right.revision) ||
    Number(left.rest === '') - Number(right.rest === '') ||
    compareText(left.rest, right.rest)
  );
};

type Suffix = { readonly rank: number; readonly number: string };

type Parsed = {
  readonly numbers: readonly string[];
  readonly letter: string;
  readonly suffixes: readonly Suffix[];
  readonly revision: string;
  readonly rest: string;
};

const suffixRanks: Readonly<Record<string, number>> = { alpha: -4, beta: -3, pre: -2, rc: -1, p: 1 };

const parse = (version: string): Parsed => {
  const text = version.slice(0, maxVersionLength).trim();
  const found =
    /^(\d+(?:\.\d+)*)?((?<=\d)[a-z](?![a-z]))?((?:_(?:alpha|beta|pre|rc|p)\d*(?![a-z]))*)(?:-r(\d+))?([\s\S]*)$/.exec(
      text,
    );
  const [, numbers, letter = '', suffixes = '', revision = '', rest = ''] = found ?? [];
  return {
    numbers: numbers?.split('.') ?? [],
    letter,
    suffixes: Array.from(suffixes.matchAll(/_([a-z]+)(\d*)/g), ([, name = '', number = '']) => ({
      rank: suffixRanks[name] ?? 0,
      number,
    })),
    revision,
    rest,
  };
};

const compareNumbers = (a: readonly string[], b: readonly string[]): number => {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = compareNumber(a[index] ?? '', b[index] ?? '', index === 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

/** After the first, a number with a leading zero is read like decimals: 1.05 < 1.1. */
const compareNumber = (a: string, b: string, isFirst: boolean): number =>
  !isFirst && (a.startsWith('0') || b.startsWith('0'))
    ? compareText(a.replace(/0+$/, ''), b.replace(/0+$/, ''))
    : compareDigits(a, b);

const none: Suffix = { rank: 0, number: '' };

const compareSuffixes = (a: readonly Suffix[], b: readonly Suffix[]): number => {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const left = a[index] ?? none;
    const right = b[index] ?? none;
    const difference = left.rank - right.rank || compareDigits(left.number, right.number);
    if (difference !== 0) return difference;
  }
  return 0;
};

import { compareDigits, compareText } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';

/** Whether apk takes it as a version. */
export const isApkVersion = (version: string): boolean => {
  const parsed = parse(version);
  return version.length <= maxVersionLength && parsed.numbers.length > 0 && parsed.rest === '';
};

/**
 * Compares number by number, then letter, suffixes, build revision. What cannot be parsed counts as older than the same
 * version without it. See {@link VersionScheme.compare}.
 */
export const compareApkVersions = (a: string, b: string): number => {
  const left = parse(a);
  const right = parse(b);
  return (
    compareNumbers(left.numbers, right.numbers) ||
    compareText(left.letter, right.letter) ||
    compareSuffixes(left.suffixes, right.suffixes) ||
    compareRevisions(left.revision, right.revision) ||
    compareRests(left.rest, right.rest)
  );
};

type Suffix = { readonly rank: number; readonly number: string };

type Parsed = {
  readonly numbers: readonly string[];
  readonly letter: string;
  readonly suffixes: readonly Suffix[];
  /** Absent when there is no `-r`; `-r` alone is revision 0. */
  readonly revision: string | undefined;
  readonly rest: string;
};

/** Below 0: before the version without a suffix; above 0: after it. */
const suffixRanks: Readonly<Record<string, number>> = {
  alpha: -4,
  beta: -3,
  pre: -2,
  rc: -1,
  cvs: 1,
  svn: 2,
  git: 3,
  hg: 4,
  p: 5,
};

const parse = (version: string): Parsed => {
  let rest = version.slice(0, maxVersionLength).trim();
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    const found = pattern.exec(rest) ?? undefined;
    if (found !== undefined) rest = rest.slice(found[0].length);
    return found;
  };
  const numbers = take(/^\d+(?:\.\d+)*/)?.[0].split('.') ?? [];
  const letter = numbers.length === 0 ? '' : (take(/^[a-z]/)?.[0] ?? '');
  const suffixes: Suffix[] = [];
  for (;;) {
    const found = take(/^_(alpha|beta|pre|rc|cvs|svn|git|hg|p)(\d*)(?![a-z])/);
    if (found === undefined) break;
    suffixes.push({ rank: suffixRanks[found[1] ?? ''] ?? 0, number: found[2] ?? '' });
  }
  take(/^~[0-9a-f]+/);
  const revision = take(/^-r(\d*)(?![a-z])/)?.[1];
  return { numbers, letter, suffixes, revision, rest };
};

const compareNumbers = (a: readonly string[], b: readonly string[]): number => {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index += 1) {
    const difference = compareNumber(a[index] ?? '', b[index] ?? '', index === 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

/** After the first, a number with a leading zero is read like decimals: 1.05 < 1.1 and 1.05 < 1.5. */
const compareNumber = (a: string, b: string, isFirst: boolean): number =>
  !isFirst && (a.startsWith('0') || b.startsWith('0')) ? compareText(a, b) : compareDigits(a, b);

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

const compareRevisions = (a: string | undefined, b: string | undefined): number => {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compareDigits(a, b);
};

/** Nothing left over is newest. What follows a bad revision says nothing; other rests have the order of their text. */
const compareRests = (a: string, b: string): number => {
  if (a === '' || b === '') return Number(a === '') - Number(b === '');
  const left = a.startsWith('-') ? '' : a;
  const right = b.startsWith('-') ? '' : b;
  return compareText(left, right);
};

import { compareDigits, compareText, isDigitCode, isLetterCode } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';

/** Whether rpm takes it: `[epoch:]version[-release]` of the characters that rpm-version(7) allows. */
export const isRpmVersion = (version: string): boolean =>
  version.length <= maxVersionLength && /^(?:\d{1,10}:)?[A-Za-z0-9._+~^]+(?:-[A-Za-z0-9._+~^]+)?$/.test(version);

/** Compares by epoch, then version, then release; a missing epoch is 0. See {@link VersionScheme.compare}. */
export const compareRpmVersions = (a: string, b: string): number => {
  const left = split(a);
  const right = split(b);
  return (
    compareDigits(left.epoch, right.epoch) ||
    compareRpmSegments(left.version, right.version) ||
    compareRpmSegments(left.release, right.release)
  );
};

type Parts = { readonly epoch: string; readonly version: string; readonly release: string };

const split = (text: string): Parts => {
  const bounded = text.slice(0, maxVersionLength).trim();
  const colon = bounded.indexOf(':');
  const hasEpoch = colon > 0 && /^\d+$/.test(bounded.slice(0, colon));
  const rest = hasEpoch ? bounded.slice(colon + 1) : bounded;
  const hyphen = rest.lastIndexOf('-');
  return {
    epoch: hasEpoch ? bounded.slice(0, colon) : '',
    version: hyphen < 0 ? rest : rest.slice(0, hyphen),
    release: hyphen < 0 ? '' : rest.slice(hyphen + 1),
  };
};

/**
 * Orders one version or one release by its runs of digits and of letters; other characters only separate. `~` sorts before
 * the end of the string, `^` after it but before any further run, and a number is newer than letters.
 */
export const compareRpmSegments = (a: string, b: string): number => {
  let i = 0;
  let j = 0;
  for (;;) {
    i = skipSeparators(a, i);
    j = skipSeparators(b, j);
    const marks = compareMarks(a, i, b, j);
    if (marks === 'both') {
      i += 1;
      j += 1;
      continue;
    }
    if (marks !== 'neither') return marks;
    if (i >= a.length || j >= b.length) break;
    const endA = endOfRun(a, i);
    const endB = endOfRun(b, j);
    const difference = compareRuns(a.slice(i, endA), b.slice(j, endB));
    if (difference !== 0) return difference;
    i = endA;
    j = endB;
  }
  return Number(i < a.length) - Number(j < b.length);
};

/** Decides by `~` and `^` when one side stands at such a mark. */
const compareMarks = (a: string, i: number, b: string, j: number): number | 'both' | 'neither' => {
  const left = a[i];
  const right = b[j];
  if (left === '~' || right === '~') return left === right ? 'both' : left === '~' ? -1 : 1;
  if (left !== '^' && right !== '^') return 'neither';
  if (left === right) return 'both';
  if (left === undefined) return -1;
  if (right === undefined) return 1;
  return left === '^' ? -1 : 1;
};

const compareRuns = (a: string, b: string): number => {
  const numericA = isDigitCode(a.charCodeAt(0));
  const numericB = isDigitCode(b.charCodeAt(0));
  if (numericA !== numericB) return numericA ? 1 : -1;
  return numericA ? compareDigits(a, b) : compareText(a, b);
};

const skipSeparators = (text: string, from: number): number => {
  let at = from;
  while (at < text.length && isSeparator(text.charCodeAt(at))) at += 1;
  return at;
};

const isSeparator = (code: number): boolean => !isDigitCode(code) && !isLetterCode(code) && code !== 126 && code !== 94;

const endOfRun = (text: string, from: number): number => {
  const sameKind = isDigitCode(text.charCodeAt(from)) ? isDigitCode : isLetterCode;
  let end = from;
  while (end < text.length && sameKind(text.charCodeAt(end))) end += 1;
  return end;
};

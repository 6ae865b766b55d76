import { compareDigits, compareText, isDigitCode } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';

/** Whether RubyGems takes it. */
export const isGemVersion = (version: string): boolean =>
  version.length <= maxVersionLength && /^\d+(?:\.[0-9A-Za-z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/.test(version);

/**
 * Compares segments of digits and of letters, missing ones being zero; a letter makes a pre-release, older than any number in
 * its place. See {@link VersionScheme.compare}.
 */
export const compareGemVersions = (a: string, b: string): number => {
  const left = segmentsOf(a);
  const right = segmentsOf(b);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = compareSegments(left[index] ?? '0', right[index] ?? '0');
    if (difference !== 0) return difference;
  }
  return 0;
};

/** Zeros at the end of the numbers, and at the end of what follows the first letter, say nothing. */
const segmentsOf = (version: string): string[] => {
  const text = version.slice(0, maxVersionLength).replaceAll('-', '.pre.');
  const segments: string[] = text.match(/\d+|[A-Za-z]+/g) ?? [];
  const firstLetters = segments.findIndex((segment) => !isNumeric(segment));
  if (firstLetters < 0) return withoutZeros(segments);
  return [...withoutZeros(segments.slice(0, firstLetters)), ...withoutZeros(segments.slice(firstLetters))];
};

const withoutZeros = (segments: readonly string[]): string[] =>
  segments.slice(0, segments.findLastIndex((segment) => !/^0+$/.test(segment)) + 1);

const isNumeric = (segment: string): boolean => isDigitCode(segment.charCodeAt(0));

const compareSegments = (a: string, b: string): number => {
  const numericA = isNumeric(a);
  const numericB = isNumeric(b);
  if (numericA !== numericB) return numericA ? 1 : -1;
  return numericA ? compareDigits(a, b) : compareText(a, b);
};

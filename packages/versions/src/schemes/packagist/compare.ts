import { compareDigits, isDigitCode } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';

/** Whether Composer takes it as a numbered version; branches (`dev-main`) are none. */
export const isPackagistVersion = (version: string): boolean =>
  version.length <= maxVersionLength &&
  /^v?\d+(?:\.\d+){0,3}(?:[._-]?(?:stable|beta|b|rc|alpha|a|patch|pl|p)(?:[.-]?\d+)*)?(?:[.-]?dev)?(?:\+[^\s]+)?$/i.test(
    version,
  );

/**
 * PHP's version_compare: parts between separators and changes from digits to letters. At each place: unknown words, dev, alpha,
 * beta, RC, the end of the version, a number, pl. Words count as they are written, `ALPHA` is an unknown one. See {@link VersionScheme.compare}.
 */
export const comparePackagistVersions = (a: string, b: string): number => {
  const left = partsOf(a);
  const right = partsOf(b);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const partA = left[index];
    const partB = right[index];
    const difference = rankOf(partA) - rankOf(partB) || compareNumbers(partA, partB);
    if (difference !== 0) return difference;
  }
  return 0;
};

/** Words are told by how they begin, as PHP does: `patch` is `p`. */
const words: readonly (readonly [string, number])[] = [
  ['dev', 1],
  ['a', 2],
  ['b', 3],
  ['RC', 4],
  ['rc', 4],
  ['p', 7],
];
const endRank = 5;
const numberRank = 6;

const rankOf = (part: string | undefined): number => {
  if (part === undefined) return endRank;
  if (isDigitCode(part.charCodeAt(0))) return numberRank;
  return words.find(([word]) => part.startsWith(word))?.[1] ?? 0;
};

const compareNumbers = (a: string | undefined, b: string | undefined): number =>
  rankOf(a) === numberRank ? compareDigits(a ?? '', b ?? '') : 0;

const partsOf = (version: string): string[] =>
  version
    .slice(0, maxVersionLength)
    .trim()
    .replace(/^[vV](?=\d)/, '')
    .match(/\d+|[^\d.+_-]+/g) ?? [];

import { compareDigits, compareText, isDigitCode } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';

/** Maven takes any text; this is what a repository can hold: something without separators of paths. */
export const isMavenVersion = (version: string): boolean =>
  version.length <= maxVersionLength && /^[0-9A-Za-z][0-9A-Za-z._+-]*$/.test(version);

/**
 * Lexicographic over the tokens between dots, hyphens and changes from digits to letters. At each place: qualifiers before a
 * release, the end of the version, later qualifiers, numbers after a hyphen, numbers after a dot. Maven's own rules go in
 * a circle where zeros stand before a qualifier (1.0 < 1.0-1 < 1.0.rc < 1.0); here 1.0.rc comes before 1.0 and all that follows
 * it. See {@link VersionScheme.compare}.
 */
export const compareMavenVersions = (a: string, b: string): number => {
  if (a === b) return 0;
  const left = tokensOf(a);
  const right = tokensOf(b);
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = compareTokens(left[index], right[index]);
    if (difference !== 0) return difference;
  }
  return 0;
};

type Token = {
  readonly text: string;
  readonly isNumber: boolean;
  readonly afterHyphen: boolean;
  /** Zeros between dots before a qualifier that follows a dot. */
  readonly zeros: number;
};

/** The known qualifiers, oldest first; an unknown one comes after all of them, in the order of its text. */
const qualifierRanks: ReadonlyMap<string, number> = new Map([
  ['alpha', 0],
  ['beta', 1],
  ['milestone', 2],
  ['rc', 3],
  ['cr', 3],
  ['snapshot', 4],
  ['', 5],
  ['final', 5],
  ['ga', 5],
  ['release', 5],
  ['sp', 6],
]);
const releaseRank = 5;
const unknownRank = 7;

const rankOf = (token: Token): number => qualifierRanks.get(token.text) ?? unknownRank;

const compareTokens = (a: Token | undefined, b: Token | undefined): number => {
  const place = placeOf(a) - placeOf(b);
  if (place !== 0 || a === undefined || b === undefined) return place;
  if (a.isNumber) return compareDigits(a.text, b.text);
  const rank = rankOf(a);
  return a.zeros - b.zeros || rank - rankOf(b) || (rank === unknownRank ? compareText(a.text, b.text) : 0);
};

/** Qualifiers: after a dot, after a hyphen, after zeros; numbers: after a hyphen, after a dot. */
const placeOf = (token: Token | undefined): number => {
  if (token === undefined) return 0;
  if (token.isNumber) return token.afterHyphen ? 3 : 5;
  const isEarly = rankOf(token) <= releaseRank;
  if (token.zeros > 0) return isEarly ? -1 : 4;
  return (isEarly ? -3 : 1) + Number(token.afterHyphen);
};

/** Shorthands count only when a number follows at once: `1a1` is alpha 1, `1a` and `1-a-1` are not. */
const shorthands: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone' };

/** Splits, replaces empty tokens by zeros, and takes away what weighs nothing at the end and before each hyphen. */
const tokensOf = (version: string): readonly Token[] => {
  const text = version.slice(0, maxVersionLength).trim().toLowerCase();
  const tokens: Token[] = [];
  let start = 0;
  let afterHyphen = false;
  const close = (at: number, nextIsDigit: boolean): void => {
    const word = text.slice(start, at);
    const isNumber = word === '' || isDigitCode(word.charCodeAt(0));
    const full = nextIsDigit && Object.hasOwn(shorthands, word) ? (shorthands[word] ?? word) : word;
    if (afterHyphen) dropNulls(tokens);
    const zeros = afterHyphen || isNumber ? 0 : dropZeros(tokens);
    tokens.push({ text: full, isNumber, afterHyphen, zeros });
  };
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const isDot = code === 46;
    if (isDot || code === 45) {
      close(at, false);
      start = at + 1;
      afterHyphen = !isDot;
    } else if (at > start && isDigitCode(code) !== isDigitCode(text.charCodeAt(at - 1))) {
      close(at, isDigitCode(code));
      start = at;
      afterHyphen = true;
    }
  }
  close(text.length, false);
  dropNulls(tokens);
  return tokens;
};

const dropNulls = (tokens: Token[]): void => {
  for (let last = tokens.at(-1); last !== undefined && isNull(last); last = tokens.at(-1)) tokens.pop();
};

/** Takes away the zeros between dots at the end; says how many they were. */
const dropZeros = (tokens: Token[]): number => {
  const end = tokens.findLastIndex((token) => !token.isNumber || token.afterHyphen || !isNull(token)) + 1;
  return tokens.splice(end).length;
};

const isNull = (token: Token): boolean => (token.isNumber ? /^0*$/.test(token.text) : rankOf(token) === releaseRank);

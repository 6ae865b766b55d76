import { compareDigits, compareText, isDigitCode } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';
import { compareIdentifiers } from '../../semver-order.ts';

/** Whether Conan takes it as a version. */
export const isConanVersion = (version: string): boolean =>
  version.length <= maxVersionLength && /^[a-z0-9_][a-z0-9_+.-]*$/i.test(version);

/**
 * Items between dots, each compared run by run (`1.1.1t` is newer than `1.1.1`, `cci.20200203` older than any number), then
 * pre-release and build. See {@link VersionScheme.compare}.
 */
export const compareConanVersions = (a: string, b: string): number => {
  const left = split(a);
  const right = split(b);
  return (
    compareItems(left.items, right.items) ||
    Number(left.prerelease.length === 0) - Number(right.prerelease.length === 0) ||
    compareIdentifiers(left.prerelease, right.prerelease) ||
    compareIdentifiers(left.build, right.build)
  );
};

type Parts = {
  readonly items: readonly string[];
  readonly prerelease: readonly string[];
  readonly build: readonly string[];
};

const split = (version: string): Parts => {
  const text = version
    .slice(0, maxVersionLength)
    .trim()
    .toLowerCase()
    .replace(/^v(?=\d)/, '');
  const [, items = '', prerelease = '', build = ''] = /^([^+-]*)(?:-([^+]*))?(?:\+([\s\S]*))?$/.exec(text) ?? [];
  const listOf = (part: string): string[] => (part === '' ? [] : part.split('.'));
  return { items: withoutZeros(listOf(items)), prerelease: listOf(prerelease), build: listOf(build) };
};

/** 1.2 is 1.2.0. */
const withoutZeros = (items: readonly string[]): string[] =>
  items.slice(0, items.findLastIndex((item) => !/^0*$/.test(item)) + 1);

const compareItems = (a: readonly string[], b: readonly string[]): number => {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const difference = compareItem(a[index] ?? '0', b[index] ?? '0');
    if (difference !== 0) return difference;
  }
  return 0;
};

const compareItem = (a: string, b: string): number => {
  const left = a.match(/\d+|\D+/g) ?? ['0'];
  const right = b.match(/\d+|\D+/g) ?? ['0'];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = compareRun(left[index] ?? '', right[index] ?? '');
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
};

const compareRun = (a: string, b: string): number => {
  const numericA = isDigitCode(a.charCodeAt(0));
  const numericB = isDigitCode(b.charCodeAt(0));
  if (numericA !== numericB) return numericA ? 1 : -1;
  return numericA ? compareDigits(a, b) : compareText(a, b);
};

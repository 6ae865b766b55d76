import { compareDigits, compareText } from '../../digits.ts';
import { maxVersionLength } from '../../scheme.ts';
import { comparePadded } from '../../semver-order.ts';

/** Whether it is a version by PEP 440, in any of its spellings. */
export const isPep440Version = (version: string): boolean =>
  version.length <= maxVersionLength && pattern.test(version);

/**
 * Compares epoch, release, pre-release, post-release, development release and local label. Versions from before PEP 440 come
 * before all others, in the order that setuptools gave them. See {@link VersionScheme.compare}.
 */
export const comparePep440Versions = (a: string, b: string): number => {
  const left = parse(a);
  const right = parse(b);
  if (left === undefined || right === undefined) {
    return Number(left !== undefined) - Number(right !== undefined) || compareLegacy(a, b);
  }
  return (
    compareDigits(left.epoch, right.epoch) ||
    comparePadded(left.release, right.release) ||
    left.pre.rank - right.pre.rank ||
    compareDigits(left.pre.number, right.pre.number) ||
    compareOptional(left.post, right.post, -1) ||
    compareOptional(left.dev, right.dev, 1) ||
    compareLocals(left.local, right.local)
  );
};

/** PEP 440, appendix B, with the spellings that normalisation takes. */
const pattern =
  /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|a|beta|b|preview|pre|c|rc)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i;

type Parsed = {
  readonly epoch: string;
  readonly release: readonly string[];
  readonly pre: { readonly rank: number; readonly number: string };
  /** Absent when there is none; `1.0.post` is number 0. */
  readonly post: string | undefined;
  readonly dev: string | undefined;
  readonly local: readonly string[];
};

const preRanks: Readonly<Record<string, number>> = { a: 1, alpha: 1, b: 2, beta: 2, c: 3, rc: 3, pre: 3, preview: 3 };
/** A development release of a release itself comes before its pre-releases. */
const bareDevRank = 0;
const releaseRank = 4;

const parse = (version: string): Parsed | undefined => {
  const found = pattern.exec(version.slice(0, maxVersionLength));
  if (found === null) return undefined;
  const [, epoch = '', release = '', preName, preNumber = '', implicitPost, postName, postNumber = ''] = found;
  const post = implicitPost ?? (postName === undefined ? undefined : postNumber);
  const dev = found[8] === undefined ? undefined : (found[9] ?? '');
  const bareRank = dev !== undefined && post === undefined ? bareDevRank : releaseRank;
  return {
    epoch,
    release: release.split('.'),
    pre: { rank: preRanks[preName?.toLowerCase() ?? ''] ?? bareRank, number: preNumber },
    post,
    dev,
    local: found[10]?.toLowerCase().split(/[-_.]/) ?? [],
  };
};

/** `absent` is the side on which having none lies: -1 before all, 1 after all. */
const compareOptional = (a: string | undefined, b: string | undefined, absent: -1 | 1): number => {
  if (a !== undefined && b !== undefined) return compareDigits(a, b);
  return (Number(a === undefined) - Number(b === undefined)) * absent;
};

/** Numbers after text, the longer label after the shorter one. */
const compareLocals = (a: readonly string[], b: readonly string[]): number => compareParts(a, b);

const compareParts = (a: readonly string[], b: readonly string[]): number => {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = comparePart(a[index] ?? '', b[index] ?? '');
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

const comparePart = (a: string, b: string): number => {
  const numericA = /^\d+$/.test(a);
  const numericB = /^\d+$/.test(b);
  if (numericA !== numericB) return numericA ? 1 : -1;
  return numericA ? compareDigits(a, b) : compareText(a, b);
};

const compareLegacy = (a: string, b: string): number => compareParts(legacyParts(a), legacyParts(b));

const legacyNames: Readonly<Record<string, string>> = { pre: 'c', preview: 'c', '-': 'final-', rc: 'c', dev: '@' };

/** Numbers and marked words (`*a`); `*final` ends the list, and what weighs nothing before a pre-release is dropped. */
const legacyParts = (version: string): string[] => {
  const parts: string[] = [];
  const words =
    version
      .slice(0, maxVersionLength)
      .toLowerCase()
      .match(/\d+|[a-z]+|-|[^\d a-z.-]+/g) ?? [];
  for (const word of [...words, 'final']) {
    if (/^\d/.test(word)) {
      parts.push(word);
      continue;
    }
    const part = `*${Object.hasOwn(legacyNames, word) ? legacyNames[word] : word}`;
    if (part < '*final') while (parts.at(-1) === '*final-') parts.pop();
    while (/^0+$/.test(parts.at(-1) ?? '')) parts.pop();
    parts.push(part);
  }
  return parts;
};

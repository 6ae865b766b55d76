import { compareIdentifiers, compareSemverParts, isStrictSemver, parseSemver } from '../../semver-order.ts';

/** Whether pub takes it. */
export const isPubVersion = isStrictSemver;

/** Semantic versions; of two that differ in their build alone, the one without is older. See {@link VersionScheme.compare}. */
export const comparePubVersions = (a: string, b: string): number => {
  const left = parseSemver(a);
  const right = parseSemver(b);
  return compareSemverParts(left, right) || compareIdentifiers(left.build, right.build);
};

import { distributionTypes, type Match, upgradeCommandOf } from '@parapet/advisories';
import type { RiskFactor } from '@parapet/contract/api';
import type { Distribution } from '@parapet/contract/sbom';
import { schemeOf } from '@parapet/versions';
import type { StoredPackage } from '../sboms/asset-packages.ts';

/** A match made ready to be stored as a finding. */
export type AssessedMatch = {
  readonly match: Match;
  readonly package: StoredPackage;
  readonly likelihood: RiskFactor;
  readonly fix: FixGroup;
};

/** What one would do about it. Findings with the same fix are one piece of work. */
export type FixGroup = {
  readonly key: string;
  readonly title: string;
  readonly command: string | null;
  readonly fixedVersion: string | null;
};

/**
 * Joins matches with their packages and gives each its fix: upgrading a source package to the version that closes all its
 * findings on this asset. Binary packages of one source are upgraded together, so they are one fix.
 */
export const assessMatches = (
  packages: readonly StoredPackage[],
  matches: readonly Match[],
  distribution: Distribution | undefined,
  likelihoodOf: (match: Match) => RiskFactor,
): readonly AssessedMatch[] => {
  const byPurl = new Map(packages.map((item) => [item.purl, item]));
  const joined = matches.flatMap((match) => {
    const found = byPurl.get(match.purl);
    return found === undefined ? [] : [{ match, package: found }];
  });
  const fixes = new Map(
    [...Map.groupBy(joined, (item) => sourceOf(item.package))].map(([source, items]) => [
      source,
      upgradeOf(items, distribution),
    ]),
  );
  return joined.map((item) => ({
    ...item,
    likelihood: likelihoodOf(item.match),
    fix:
      (item.match.fixedVersion === undefined ? undefined : fixes.get(sourceOf(item.package))) ??
      noFix(item.package, distribution),
  }));
};

type Joined = { readonly match: Match; readonly package: StoredPackage };

const sourceOf = (item: StoredPackage): string => `${item.type}|${item.source?.name ?? item.name}`;

/** Where the same upgrade is the same piece of work: on a distribution for its own packages, everywhere for a language's. */
const placeOf = (type: string, distribution: Distribution | undefined): string =>
  distribution === undefined || !distributionTypes.has(type) ? '' : `${distribution.id}:${distribution.versionId}`;

const upgradeOf = (items: readonly Joined[], distribution: Distribution | undefined): FixGroup | undefined => {
  const fixable = items.filter((item) => item.match.fixedVersion !== undefined);
  const first = fixable[0];
  if (first === undefined) return undefined;
  const { type } = first.package;
  const source = first.package.source?.name ?? first.package.name;
  const target = highest(
    first.match.ecosystem,
    fixable.map((item) => item.match.fixedVersion ?? ''),
  );
  const names = [...new Set(fixable.map((item) => item.package.name))].toSorted();
  return {
    key: ['upgrade', type, placeOf(type, distribution), source, target].join('|'),
    title: `Upgrade ${source} to ${target}`,
    command: upgradeCommandOf({ type, names, version: target, distribution }) ?? null,
    fixedVersion: target,
  };
};

const noFix = (item: StoredPackage, distribution: Distribution | undefined): FixGroup => {
  const source = item.source?.name ?? item.name;
  return {
    key: ['none', item.type, placeOf(item.type, distribution), source].join('|'),
    title: `No fix is published for ${source} yet`,
    command: null,
    fixedVersion: null,
  };
};

const highest = (ecosystem: string, versions: readonly string[]): string => {
  const scheme = schemeOf(ecosystem);
  return versions.reduce((best, next) => (scheme !== undefined && scheme.compare(next, best) > 0 ? next : best));
};

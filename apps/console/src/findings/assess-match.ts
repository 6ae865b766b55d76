import type { Match } from '@parapet/advisories';
import type { RiskFactor } from '@parapet/contract/api';
import type { Distribution } from '@parapet/contract/sbom';
import { schemes } from '@parapet/versions';
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

const placeOf = (distribution: Distribution | undefined): string =>
  distribution === undefined ? '' : `${distribution.id}:${distribution.versionId}`;

const upgradeOf = (items: readonly Joined[], distribution: Distribution | undefined): FixGroup | undefined => {
  const fixable = items.filter((item) => item.match.fixedVersion !== undefined);
  const first = fixable[0];
  if (first === undefined) return undefined;
  const { type } = first.package;
  const source = first.package.source?.name ?? first.package.name;
  const target = highest(
    type,
    fixable.map((item) => item.match.fixedVersion ?? ''),
  );
  const names = [...new Set(fixable.map((item) => item.package.name))].toSorted();
  return {
    key: ['upgrade', type, placeOf(distribution), source, target].join('|'),
    title: `Upgrade ${source} to ${target}`,
    command: upgradeCommand(type, names),
    fixedVersion: target,
  };
};

const noFix = (item: StoredPackage, distribution: Distribution | undefined): FixGroup => {
  const source = item.source?.name ?? item.name;
  return {
    key: ['none', item.type, placeOf(distribution), source].join('|'),
    title: `No fix is published for ${source} yet`,
    command: null,
    fixedVersion: null,
  };
};

const schemeNames: Readonly<Record<string, string>> = { dpkg: 'deb' };

const highest = (type: string, versions: readonly string[]): string => {
  const scheme = schemes.find((candidate) => candidate.name === (schemeNames[type] ?? type));
  return versions.reduce((best, next) => (scheme !== undefined && scheme.compare(next, best) > 0 ? next : best));
};

/** Only names that a shell takes as they are: they come from a workload. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9.+_-]*$/;

const upgradeCommand = (type: string, names: readonly string[]): string | null => {
  if (!names.every((name) => plainName.test(name))) return null;
  const list = names.join(' ');
  if (type === 'dpkg') return `apt-get install --only-upgrade ${list}`;
  if (type === 'apk') return `apk upgrade ${list}`;
  if (type === 'rpm') return `dnf upgrade ${list}`;
  return null;
};

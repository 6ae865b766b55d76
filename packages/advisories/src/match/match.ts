import type { Distribution, Package } from '@parapet/contract';
import { schemeOf, type VersionScheme } from '@parapet/versions';
import type { StoredHead } from '../database/stored.ts';
import type { CvssScore, EpssScore, KnownExploited, Match } from '../model.ts';
import type { VersionRange } from '../sources/source.ts';
import { ecosystemRuleOf, type NamedBy } from './distributions.ts';
import { isSameStream, moduleOfPurl } from './modules.ts';
import { describeRanges, evaluateRanges } from './ranges.ts';

/** An advisory's say on one package name. */
export type StoredEntry = {
  readonly advisory: number;
  readonly ranges: readonly VersionRange[];
  readonly versions: readonly string[];
};

export type StoredAdvisory = StoredHead & { readonly id: string };

/** What matching reads. */
export type MatchSource = {
  readonly ecosystems: readonly string[];
  readonly entries: (ecosystem: string, packageName: string) => readonly StoredEntry[];
  readonly advisory: (number: number) => StoredAdvisory | undefined;
  readonly scores: (vulnerability: string) => readonly CvssScore[];
  readonly epss: (vulnerability: string) => EpssScore | undefined;
  readonly kev: (vulnerability: string) => KnownExploited | undefined;
};

/** Matches packages of one target; see `AdvisoryDatabase.match`. */
export const matchPackages = (
  source: MatchSource,
  packages: readonly Package[],
  distribution: Distribution | undefined,
): Match[] => {
  const rule = distribution === undefined ? undefined : ecosystemRuleOf(distribution);
  if (rule === undefined) return [];
  const ecosystems = source.ecosystems.filter(rule.covers).flatMap((name) => {
    const scheme = schemeOf(name);
    return scheme === undefined ? [] : [{ name, scheme }];
  });
  const verdicts = new Map<string, readonly Verdict[]>();
  return packages.flatMap((installed) => {
    if (installed.type !== rule.packageType) return [];
    const found = candidatesOf(installed, rule.namedBy).flatMap((candidate) =>
      ecosystems.flatMap((ecosystem) => {
        const key = `${ecosystem.name}\n${candidate.name}\n${candidate.version}\n${candidate.module ?? ''}`;
        const known = verdicts.get(key) ?? judge(source, ecosystem, candidate);
        verdicts.set(key, known);
        return known;
      }),
    );
    return merge(found).map((group) => matchOf(source, installed, group));
  });
};

type Candidate = { readonly name: string; readonly version: string; readonly module: string | undefined };

type Ecosystem = { readonly name: string; readonly scheme: VersionScheme };

/** One advisory's verdict that one vulnerability concerns the package. */
type Verdict = {
  readonly vulnerability: string;
  readonly advisory: StoredAdvisory;
  readonly entry: StoredEntry;
  readonly fixedVersion: string | undefined;
  readonly scheme: VersionScheme;
};

const candidatesOf = (installed: Package, namedBy: NamedBy): Candidate[] => {
  const module = moduleOfPurl(installed.purl);
  const binary = { name: installed.name, version: installed.version, module };
  const source = { ...(installed.source ?? binary), module };
  if (namedBy === 'binary') return [binary];
  if (namedBy === 'source' || source.name === binary.name) return [source];
  return [binary, source];
};

/**
 * What an ecosystem says of a package. A record of one CVE (`DEBIAN-CVE-…`) knows better than an erratum that fixes many at
 * once (`DSA-…`): where both speak of a CVE, the record decides, also when it says that it is fixed.
 */
const judge = (source: MatchSource, ecosystem: Ecosystem, candidate: Candidate): readonly Verdict[] => {
  const decided = new Set<string>();
  const verdicts: Verdict[] = [];
  for (const entry of source.entries(ecosystem.name, candidate.name)) {
    const range = evaluateRanges(candidate.version, entry, ecosystem.scheme);
    const advisory = source.advisory(entry.advisory);
    if (advisory === undefined) continue;
    const isRecord = advisory.vulnerabilities.length === 1 && advisory.id.includes(advisory.vulnerabilities[0] ?? '');
    if (isRecord) decided.add(advisory.vulnerabilities[0] ?? '');
    if (!range.affected) continue;
    if (!isSameStream(candidate, { fixedVersion: range.fixedVersion, summary: advisory.summary })) continue;
    for (const vulnerability of advisory.vulnerabilities) {
      verdicts.push({ vulnerability, advisory, entry, fixedVersion: range.fixedVersion, scheme: ecosystem.scheme });
    }
  }
  return verdicts.filter(
    ({ vulnerability, advisory }) => advisory.id.includes(vulnerability) || !decided.has(vulnerability),
  );
};

type Group = readonly [Verdict, ...Verdict[]];

/** One group for each vulnerability, also where advisories know it by different names; what speaks most directly first. */
const merge = (verdicts: readonly Verdict[]): Group[] => {
  const groups = new Map<string, [Verdict, ...Verdict[]]>();
  for (const verdict of verdicts) {
    const group = groups.get(verdict.vulnerability);
    if (group === undefined) groups.set(verdict.vulnerability, [verdict]);
    else if (verdict.advisory.id.includes(verdict.vulnerability)) group.unshift(verdict);
    else group.push(verdict);
  }
  return [...groups.values()];
};

const matchOf = (source: MatchSource, installed: Package, group: Group): Match => {
  const [first] = group;
  const { vulnerability, advisory } = first;
  const own = advisory.vulnerabilities.length === 1 ? group.flatMap((verdict) => verdict.advisory.cvss) : [];
  const cvss = distinctScores([...own, ...source.scores(vulnerability)]);
  const names = group.flatMap((verdict) => [verdict.advisory.id, ...aliasesFor(verdict)]);
  const fixedVersion = highestFix(group);
  const epss = source.epss(vulnerability);
  const kev = source.kev(vulnerability);
  const publishedSeverity = group.find((verdict) => verdict.advisory.publishedSeverity)?.advisory.publishedSeverity;
  const published = group
    .map((verdict) => verdict.advisory.published ?? '')
    .filter(Boolean)
    .sort()[0];
  return {
    purl: installed.purl,
    packageName: installed.name,
    installedVersion: installed.version,
    advisoryId: advisory.id,
    vulnerability,
    aliases: [...new Set(names)].filter((name) => name !== vulnerability),
    affectedRanges: [...new Set(group.flatMap((verdict) => describeRanges(verdict.entry)))],
    cvss,
    exploits: [...new Set(group.flatMap((verdict) => verdict.advisory.exploits))],
    summary: group.find((verdict) => verdict.advisory.summary !== '')?.advisory.summary ?? '',
    ...(fixedVersion === undefined ? {} : { fixedVersion }),
    ...(publishedSeverity === undefined ? {} : { publishedSeverity }),
    ...(epss === undefined ? {} : { epss }),
    ...(kev === undefined ? {} : { kev: { dateAdded: kev.dateAdded, ransomware: kev.ransomware } }),
    ...(published === undefined ? {} : { published }),
  };
};

/** An erratum's aliases name its other vulnerabilities too; those are not this one's. */
const aliasesFor = ({ advisory }: Verdict): readonly string[] =>
  advisory.vulnerabilities.length === 1 ? advisory.aliases : [];

/** A record's own fix where there is one; among errata the version that satisfies all of them. */
const highestFix = (group: Group): string | undefined => {
  const [first, ...others] = group;
  if (first.advisory.id.includes(first.vulnerability)) return first.fixedVersion;
  return others.reduce<string | undefined>((highest, { fixedVersion, scheme }) => {
    if (highest === undefined || fixedVersion === undefined) return highest ?? fixedVersion;
    return scheme.compare(fixedVersion, highest) > 0 ? fixedVersion : highest;
  }, first.fixedVersion);
};

const distinctScores = (scores: readonly CvssScore[]): CvssScore[] => [
  ...new Map(scores.map((score) => [score.vector, score])).values(),
];

import type { Distribution, Package } from '@parapet/contract';
import { schemeOf, type VersionScheme } from '@parapet/versions';
import type { StoredHead } from '../database/stored.ts';
import type { CvssScore, EpssScore, KnownExploited, Match } from '../model.ts';
import type { VersionRange } from '../sources/source.ts';
import { ecosystemRuleOf, type NamedBy } from './distributions.ts';
import { hasKernelCode, kernelSourceOf } from './kernel.ts';
import { isSameStream, moduleOfPurl } from './modules.ts';
import { describeRanges, evaluateRanges } from './ranges.ts';

/** An advisory's say on one package name. */
export type StoredEntry = {
  readonly advisory: number;
  /** The one vulnerability that this record is about and decides; errata decide none. */
  readonly decides: string | undefined;
  readonly ranges: readonly VersionRange[];
  readonly versions: readonly string[];
};

export type StoredAdvisory = StoredHead & { readonly id: string };

/** What matching reads. */
export type MatchSource = {
  readonly ecosystems: readonly string[];
  readonly entries: (ecosystem: string, packageName: string) => readonly StoredEntry[];
  readonly advisory: (number: number) => StoredAdvisory | undefined;
  /** What all sources together say of a vulnerability; the title is that of any record about just this one. */
  readonly about: (vulnerability: string) => {
    readonly title?: string;
    readonly cvss: readonly CvssScore[];
    readonly epss?: EpssScore;
  };
  readonly kev: (vulnerability: string) => KnownExploited | undefined;
};

/**
 * What was found for a source package in a version. Hosts and images of one distribution share most packages, and a database
 * never changes, so a fleet is matched mostly from here.
 */
export type MatchCache = {
  readonly get: (key: string) => readonly Found[] | undefined;
  readonly set: (key: string, found: readonly Found[]) => void;
};

/** A cache that starts anew when it is full. `maxFound` vulnerabilities cost about as many kilobytes. */
export const createMatchCache = (maxFound = 20_000): MatchCache => {
  const known = new Map<string, readonly Found[]>();
  let count = 0;
  return {
    get: (key) => known.get(key),
    set: (key, found) => {
      if (count > maxFound) {
        known.clear();
        count = 0;
      }
      known.set(key, found);
      count += 1 + found.length;
    },
  };
};

/** Matches packages of one target; see `AdvisoryDatabase.match`. */
export const matchPackages = (
  source: MatchSource,
  packages: readonly Package[],
  distribution: Distribution | undefined,
  cache: MatchCache = createMatchCache(),
): Match[] => {
  const rule = distribution === undefined ? undefined : ecosystemRuleOf(distribution);
  if (rule === undefined) return [];
  const ecosystems = source.ecosystems.filter(rule.covers).flatMap((name) => {
    const scheme = schemeOf(name);
    return scheme === undefined ? [] : [{ name, scheme }];
  });
  const scope = ecosystems.map(({ name }) => name).join();
  return packages.flatMap((installed) => {
    if (installed.type !== rule.packageType || !hasKernelCode(installed)) return [];
    const candidates = candidatesOf(installed, rule.namedBy);
    const key = `${scope} ${JSON.stringify(candidates)}`;
    const known = cache.get(key);
    const found = known ?? findAll(source, ecosystems, candidates);
    if (known === undefined) cache.set(key, found);
    return found.map((shared) => ({
      purl: installed.purl,
      packageName: installed.name,
      installedVersion: installed.version,
      ...shared,
    }));
  });
};

/** What is the same for every package built from the same source in the same version. */
type Found = Omit<Match, 'purl' | 'packageName' | 'installedVersion'>;

const findAll = (
  source: MatchSource,
  ecosystems: readonly Ecosystem[],
  candidates: readonly Candidate[],
): readonly Found[] => {
  const verdicts = candidates.flatMap((candidate) =>
    ecosystems.flatMap((ecosystem) => judge(source, ecosystem, candidate)),
  );
  return merge(verdicts).map((group) => describe(source, group));
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
  const source = { ...(kernelSourceOf(installed) ?? installed.source ?? binary), module };
  if (namedBy === 'binary') return [binary];
  if (namedBy === 'source' || source.name === binary.name) return [source];
  return [binary, source];
};

/**
 * What an ecosystem says of a package. A record of one CVE (`DEBIAN-CVE-…`) knows better than an erratum that fixes many at
 * once (`DSA-…`): where both speak of a CVE, the record decides, also when it says that it is fixed.
 */
const judge = (source: MatchSource, ecosystem: Ecosystem, candidate: Candidate): readonly Verdict[] => {
  const { scheme } = ecosystem;
  const entries = source.entries(ecosystem.name, candidate.name);
  const decided = new Set(entries.flatMap(({ decides }) => decides ?? []));
  return entries.flatMap((entry) => {
    const range = evaluateRanges(candidate.version, entry, scheme);
    const advisory = range.affected ? source.advisory(entry.advisory) : undefined;
    if (advisory === undefined || !range.affected) return [];
    const { fixedVersion } = range;
    if (!isSameStream(candidate, { fixedVersion, summary: advisory.summary })) return [];
    return advisory.vulnerabilities
      .filter((vulnerability) => entry.decides === vulnerability || !decided.has(vulnerability))
      .map((vulnerability) => ({ vulnerability, advisory, entry, fixedVersion, scheme }));
  });
};

type Group = readonly [Verdict, ...Verdict[]];

/** One group for each vulnerability, also where advisories know it by different names; what speaks most directly first. */
const merge = (verdicts: readonly Verdict[]): Group[] => {
  const groups = new Map<string, [Verdict, ...Verdict[]]>();
  for (const verdict of verdicts) {
    const group = groups.get(verdict.vulnerability);
    if (group === undefined) groups.set(verdict.vulnerability, [verdict]);
    else if (verdict.entry.decides !== undefined) group.unshift(verdict);
    else group.push(verdict);
  }
  return [...groups.values()];
};

const describe = (source: MatchSource, group: Group): Found => {
  const [{ vulnerability, advisory }] = group;
  const own = advisory.vulnerabilities.length === 1 ? group.flatMap((verdict) => verdict.advisory.cvss) : [];
  const names = group.flatMap((verdict) => [verdict.advisory.id, ...aliasesFor(verdict)]);
  const about = source.about(vulnerability);
  const kev = source.kev(vulnerability);
  const published = group.flatMap((verdict) => verdict.advisory.published ?? []).sort()[0];
  return {
    advisoryId: advisory.id,
    vulnerability,
    aliases: [...new Set(names)].filter((name) => name !== vulnerability),
    affectedRanges: [...new Set(group.flatMap((verdict) => describeRanges(verdict.entry)))],
    cvss: distinctScores([...own, ...about.cvss]),
    exploits: [...new Set(group.flatMap((verdict) => verdict.advisory.exploits))],
    summary: about.title ?? kev?.name ?? firstOf(group, ({ summary }) => summary) ?? '',
    ...present('fixedVersion', highestFix(group)),
    ...present(
      'publishedSeverity',
      firstOf(group, ({ publishedSeverity }) => publishedSeverity),
    ),
    ...present('epss', about.epss),
    ...present('kev', kev && { dateAdded: kev.dateAdded, ransomware: kev.ransomware }),
    ...present('published', published),
  };
};

const firstOf = (group: Group, pick: (advisory: StoredAdvisory) => string | undefined): string | undefined =>
  group.map(({ advisory }) => pick(advisory)).find((text) => text !== undefined && text !== '');

const present = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [P in K]: V });

/** An erratum's aliases name its other vulnerabilities too; those are not this one's. */
const aliasesFor = ({ advisory }: Verdict): readonly string[] =>
  advisory.vulnerabilities.length === 1 ? advisory.aliases : [];

/** A record's own fix where there is one; among errata the version that satisfies all of them. */
const highestFix = (group: Group): string | undefined => {
  const [first, ...others] = group;
  if (first.entry.decides !== undefined) return first.fixedVersion;
  return others.reduce<string | undefined>((highest, { fixedVersion, scheme }) => {
    if (highest === undefined || fixedVersion === undefined) return highest ?? fixedVersion;
    return scheme.compare(fixedVersion, highest) > 0 ? fixedVersion : highest;
  }, first.fixedVersion);
};

const distinctScores = (scores: readonly CvssScore[]): CvssScore[] => [
  ...new Map(scores.map((score) => [score.vector, score])).values(),
];

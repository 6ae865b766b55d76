import type { Distribution, Package } from '@parapet/contract';
import { schemeOf } from '@parapet/versions';
import type { CvssScore, Match } from '../model.ts';
import { type EcosystemRule, ecosystemRuleOf, type NamedBy } from './distributions.ts';
import { hasKernelCode, kernelSourceOf } from './kernel.ts';
import { languageRuleOf, normaliseName } from './languages.ts';
import type { MatchSource, SaidOfVersions, StoredAdvisory } from './match-source.ts';
import { mergeVerdicts } from './merge.ts';
import { isSameStream, moduleOfPurl } from './modules.ts';
import { describeRanges, evaluateRanges, type RangeVerdict } from './ranges.ts';
import type { Ecosystem, Group, Verdict } from './verdict.ts';

/**
 * What was found for a package name in a version. Hosts and images share most packages, and a database never changes, so a
 * fleet is matched mostly from here.
 */
export type MatchCache = {
  readonly get: (key: string) => readonly Found[] | undefined;
  readonly set: (key: string, found: readonly Found[]) => void;
};

/**
 * A cache of two generations: when the younger one is full the older one goes, so what is asked for stays. `maxFound`
 * vulnerabilities cost about as many kilobytes.
 */
export const createMatchCache = (maxFound = 20_000): MatchCache => {
  let young = new Map<string, readonly Found[]>();
  let old = new Map<string, readonly Found[]>();
  let count = 0;
  const set = (key: string, found: readonly Found[]): void => {
    if (count > maxFound / 2) {
      old = young;
      young = new Map();
      count = 0;
    }
    young.set(key, found);
    // A package without any vulnerability is a tenth of one with a single one.
    count += 0.1 + found.length;
  };
  return {
    get: (key) => {
      const found = young.get(key);
      if (found !== undefined) return found;
      const kept = old.get(key);
      if (kept !== undefined) set(key, kept);
      return kept;
    },
    set,
  };
};

/** Matches packages of one target; see `AdvisoryDatabase.match`. */
export const matchPackages = (
  source: MatchSource,
  packages: readonly Package[],
  distribution: Distribution | undefined,
  cache: MatchCache = createMatchCache(),
): Match[] => {
  const system = systemOf(source, distribution);
  const matches: Match[] = [];
  for (const installed of packages) {
    const question = questionOf(installed, system);
    if (question === undefined) continue;
    let found = cache.get(question.key);
    if (found === undefined) {
      found = answer(source, question);
      cache.set(question.key, found);
    }
    for (const shared of found) {
      matches.push({
        purl: installed.purl,
        packageName: installed.name,
        installedVersion: installed.version,
        ...shared,
      });
    }
  }
  return matches;
};

/** The ids of all advisories that say a version is affected, one by one: what a publisher's own interface answers. */
export const affectingAdvisories = (
  source: MatchSource,
  ecosystem: string,
  name: string,
  version: string,
): readonly string[] => {
  const scheme = schemeOf(ecosystem);
  if (scheme === undefined) return [];
  return [
    ...new Set(
      source
        .entries(ecosystem, normaliseName(ecosystem, name))
        .filter(({ said }) => evaluateRanges(version, said, scheme).affected)
        .flatMap((entry) => source.advisory(entry.advisory)?.id ?? []),
    ),
  ];
};

/** What is the same for every package built from the same source in the same version. */
export type Found = Omit<Match, 'purl' | 'packageName' | 'installedVersion'>;

/** A distribution as far as advisories are concerned. */
type System = {
  readonly rule: EcosystemRule;
  readonly ecosystems: readonly Ecosystem[];
  readonly scope: string;
};

const systemOf = (source: MatchSource, distribution: Distribution | undefined): System | undefined => {
  const rule = distribution === undefined ? undefined : ecosystemRuleOf(distribution);
  if (rule === undefined) return undefined;
  const ecosystems = source.ecosystems.filter(rule.covers).flatMap((name) => {
    const scheme = schemeOf(name);
    return scheme === undefined ? [] : [{ name, scheme }];
  });
  return { rule, ecosystems, scope: ecosystems.map(({ name }) => name).join() };
};

/** What is asked about a package; equal keys have equal answers. */
type Question = {
  readonly key: string;
  readonly ecosystems: readonly Ecosystem[];
  readonly candidates: readonly Candidate[];
};

type Candidate = { readonly name: string; readonly version: string; readonly module: string | undefined };

const questionOf = (installed: Package, system: System | undefined): Question | undefined => {
  if (system !== undefined && installed.type === system.rule.packageType) {
    if (!hasKernelCode(installed)) return undefined;
    const candidates = candidatesOf(installed, system.rule.namedBy);
    const key = candidates.map(({ name, version, module = '' }) => `${name}\n${version}\n${module}`).join('\n');
    return { key: `${system.scope}\n${key}`, ecosystems: system.ecosystems, candidates };
  }
  return languageQuestionOf(installed, system);
};

/**
 * A file that a distribution's package owns is that package's business: its publisher repairs it without the version that the
 * language's advisories wait for. Where nothing is known of the distribution, they are the better word.
 */
const languageQuestionOf = (installed: Package, system: System | undefined): Question | undefined => {
  const rule = languageRuleOf(installed.type);
  const scheme = rule === undefined ? undefined : schemeOf(rule.ecosystem);
  if (rule === undefined || scheme === undefined) return undefined;
  if (installed.owner !== undefined && system !== undefined && system.ecosystems.length > 0) return undefined;
  const version = rule.versionOf(installed.version, installed.name);
  if (version === undefined) return undefined;
  const name = normaliseName(rule.ecosystem, rule.nameOf?.(installed.name) ?? installed.name);
  return {
    key: `${rule.ecosystem}\n${name}\n${version}`,
    ecosystems: [{ name: rule.ecosystem, scheme }],
    candidates: [{ name, version, module: undefined }],
  };
};

const candidatesOf = (installed: Package, namedBy: NamedBy): Candidate[] => {
  const module = moduleOfPurl(installed.purl);
  const binary = { name: installed.name, version: installed.version, module };
  const source = { ...(kernelSourceOf(installed) ?? installed.source ?? binary), module };
  if (namedBy === 'binary') return [binary];
  if (namedBy === 'source' || source.name === binary.name) return [source];
  return [binary, source];
};

const answer = (source: MatchSource, { candidates, ecosystems }: Question): readonly Found[] => {
  const verdicts: Verdict[] = [];
  for (const candidate of candidates) {
    for (const ecosystem of ecosystems) judge(source, ecosystem, candidate, verdicts);
  }
  return verdicts.length === 0 ? nothing : mergeVerdicts(verdicts).map((group) => describe(source, group));
};

const nothing: readonly Found[] = [];

/**
 * Adds what an ecosystem says of a package. A record of one CVE (`DEBIAN-CVE-…`) knows better than an erratum that fixes many at
 * once (`DSA-…`): where both speak of a CVE, the record decides, also when it says that it is fixed.
 */
const judge = (source: MatchSource, ecosystem: Ecosystem, candidate: Candidate, verdicts: Verdict[]): void => {
  const entries = source.entries(ecosystem.name, candidate.name);
  const decided = new Set<string>();
  for (const { decides } of entries) if (decides !== undefined) decided.add(decides);
  const judged = new Map<SaidOfVersions, RangeVerdict>();
  for (const entry of entries) {
    const { said } = entry;
    const range = judged.get(said) ?? evaluateRanges(candidate.version, said, ecosystem.scheme);
    judged.set(said, range);
    const advisory = range.affected ? source.advisory(entry.advisory) : undefined;
    if (advisory === undefined || !range.affected) continue;
    const { fixedVersion } = range;
    if (!isSameStream(candidate, { fixedVersion, summary: advisory.summary })) continue;
    for (const vulnerability of advisory.vulnerabilities) {
      if (entry.decides !== vulnerability && decided.has(vulnerability)) continue;
      verdicts.push({ vulnerability, advisory, entry, fixedVersion, ecosystem });
    }
  }
};

/** Written plainly, property by property: it runs for every vulnerability of every package, and spreading costs a third of it. */
const describe = (source: MatchSource, { vulnerability, verdicts }: Group): Found => {
  const [{ advisory, ecosystem }] = verdicts;
  const about = source.about(vulnerability);
  const kev = source.kev(vulnerability);
  const found: Writable<Found> = {
    ecosystem: ecosystem.name,
    advisoryId: advisory.id,
    vulnerability,
    aliases: distinct(verdicts, namesFor).filter((name) => name !== vulnerability),
    affectedRanges: distinct(verdicts, ({ entry }) => describeRanges(entry.said)),
    cvss: distinctScores(advisory.vulnerabilities.length === 1 ? scoresOf(verdicts) : [], about.cvss),
    exploits: distinct(verdicts, (verdict) => verdict.advisory.exploits),
    notes: distinct(verdicts, ({ entry }) => entry.said.notes).slice(0, maxNotes),
    summary: about.title ?? kev?.name ?? firstOf(verdicts, ({ summary }) => summary) ?? '',
  };
  const fixedVersion = highestFix(verdicts);
  const publishedSeverity = firstOf(verdicts, (record) => record.publishedSeverity);
  const published = earliest(verdicts);
  if (fixedVersion !== undefined) found.fixedVersion = fixedVersion;
  if (publishedSeverity !== undefined) found.publishedSeverity = publishedSeverity;
  if (about.epss !== undefined) found.epss = about.epss;
  if (kev !== undefined) found.kev = { dateAdded: kev.dateAdded, ransomware: kev.ransomware };
  if (published !== undefined) found.published = published;
  return found;
};

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const maxNotes = 8;

type Verdicts = Group['verdicts'];

/** What all verdicts say, each once. Nearly always there is one verdict with at most one thing to say. */
const distinct = <T>(verdicts: Verdicts, pick: (verdict: Verdict) => readonly T[]): readonly T[] => {
  const all = verdicts.length === 1 ? pick(verdicts[0]) : verdicts.flatMap(pick);
  return all.length < 2 ? all : [...new Set(all)];
};

const firstOf = (verdicts: Verdicts, pick: (advisory: StoredAdvisory) => string | undefined): string | undefined => {
  for (const { advisory } of verdicts) {
    const text = pick(advisory);
    if (text !== undefined && text !== '') return text;
  }
  return undefined;
};

const earliest = (verdicts: Verdicts): string | undefined =>
  verdicts.length === 1
    ? verdicts[0].advisory.published
    : verdicts.flatMap(({ advisory }) => advisory.published ?? []).sort()[0];

/** An erratum's aliases name its other vulnerabilities too; those are not this one's. */
const namesFor = ({ advisory, vulnerability }: Verdict): readonly string[] =>
  advisory.vulnerabilities.length === 1 ? [advisory.id, vulnerability, ...advisory.aliases] : [advisory.id];

/** A record's own fix where there is one; among errata the version that satisfies all of them. */
const highestFix = (verdicts: Verdicts): string | undefined => {
  const [first, ...others] = verdicts;
  if (first.entry.decides !== undefined) return first.fixedVersion;
  return others.reduce<string | undefined>((highest, { fixedVersion, ecosystem }) => {
    if (highest === undefined || fixedVersion === undefined) return highest ?? fixedVersion;
    return ecosystem.scheme.compare(fixedVersion, highest) > 0 ? fixedVersion : highest;
  }, first.fixedVersion);
};

const scoresOf = (verdicts: Verdicts): readonly CvssScore[] => distinct(verdicts, ({ advisory }) => advisory.cvss);

const distinctScores = (own: readonly CvssScore[], others: readonly CvssScore[]): readonly CvssScore[] =>
  own.length + others.length < 2
    ? [...own, ...others]
    : [...new Map([...own, ...others].map((score) => [score.vector, score])).values()];

import type { Distribution, Package } from '@parapet/contract';
import { schemeOf } from '@parapet/versions';
import type { Match } from '../model.ts';
import { createMatchCache, type MatchCache } from './cache.ts';
import { type EcosystemRule, ecosystemRuleOf, type NamedBy } from './distributions.ts';
import { describe, type Found } from './found.ts';
import { hasKernelCode, kernelSourceOf } from './kernel.ts';
import { languageRuleOf, normaliseName } from './languages.ts';
import type { AboutVulnerability, MatchSource, SaidOfVersions, StoredAdvisory, StoredEntry } from './match-source.ts';
import { mergeVerdicts } from './merge.ts';
import { isSameStream, moduleOfPurl } from './modules.ts';
import { evaluateRanges, type RangeVerdict } from './ranges.ts';
import type { Ecosystem, Group, Verdict } from './verdict.ts';

/** So many packages are asked about at once, at most; what is read for them is held meanwhile. */
const packagesAtOnce = 500;

/** Matches packages of one target; see `AdvisoryDatabase.match`. */
export const matchPackages = (
  source: MatchSource,
  packages: readonly Package[],
  distribution: Distribution | undefined,
  cache: MatchCache = createMatchCache(),
): Match[] => {
  const system = systemOf(source, distribution);
  const matches: Match[] = [];
  for (let start = 0; start < packages.length; start += packagesAtOnce) {
    matchSome(source, packages.slice(start, start + packagesAtOnce), system, cache, matches);
  }
  return matches;
};

const matchSome = (
  source: MatchSource,
  packages: readonly Package[],
  system: System | undefined,
  cache: MatchCache,
  matches: Match[],
): void => {
  const questions = packages.map((installed) => questionOf(installed, system));
  const known = questions.map((question) => question && cache.get(question.key));
  const unknown = new Map<string, Question>();
  for (let index = 0; index < questions.length; index += 1) {
    const question = questions[index];
    if (question !== undefined && known[index] === undefined) unknown.set(question.key, question);
  }
  const answers = answerAll(source, [...unknown.values()]);
  for (const [key, found] of answers) cache.set(key, found);
  for (let index = 0; index < packages.length; index += 1) {
    const installed = packages[index];
    const found = known[index] ?? answers.get(questions[index]?.key ?? '');
    if (installed === undefined || found === undefined) continue;
    const { purl, name: packageName, version: installedVersion } = installed;
    // What is spread comes first: the engine copies such an object whole, any other property by property.
    for (const shared of found) matches.push({ ...shared, purl, packageName, installedVersion });
  }
};

const nothing: readonly Found[] = [];

/** The ids of all advisories that say a version is affected, one by one: what a publisher's own interface answers. */
export const affectingAdvisories = (
  source: MatchSource,
  ecosystem: string,
  name: string,
  version: string,
): readonly string[] => {
  const scheme = schemeOf(ecosystem);
  if (scheme === undefined) return [];
  const normal = normaliseName(ecosystem, name);
  const affecting = (source.entries(ecosystem, [normal]).get(normal) ?? []).filter(
    ({ said }) => evaluateRanges(version, said, scheme).affected,
  );
  const numbers = affecting.map(({ advisory }) => advisory);
  const advisories = source.advisories(numbers);
  return [...new Set(numbers.flatMap((number) => advisories.get(number)?.id ?? []))];
};

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

/** In three steps, each of which reads what all questions need: what is said of names, by which advisories, of which vulnerabilities. */
const answerAll = (source: MatchSource, questions: readonly Question[]): ReadonlyMap<string, readonly Found[]> => {
  if (questions.length === 0) return new Map();
  const entriesOf = readEntries(source, questions);
  const affected = questions.map((question) => affectedBy(question, entriesOf));
  const advisories = source.advisories(advisoriesOf(affected));
  const groups = affected.map((all) => mergeVerdicts(verdictsOf(all, advisories)));
  const about = source.about(vulnerabilitiesOf(groups));
  const describeGroup = (group: Group): Found =>
    describe(group, about.get(group.vulnerability) ?? noWord, source.kev(group.vulnerability));
  return new Map(questions.map(({ key }, index) => [key, groups[index]?.map(describeGroup) ?? nothing]));
};

const advisoriesOf = (affected: readonly (readonly Affected[])[]): ReadonlySet<number> => {
  const numbers = new Set<number>();
  for (const all of affected) for (const { entry } of all) numbers.add(entry.advisory);
  return numbers;
};

const vulnerabilitiesOf = (groups: readonly (readonly Group[])[]): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const all of groups) for (const { vulnerability } of all) names.add(vulnerability);
  return names;
};

const noWord: AboutVulnerability = { cvss: [] };

type EntriesOf = (ecosystem: Ecosystem, name: string) => readonly StoredEntry[];

const readEntries = (source: MatchSource, questions: readonly Question[]): EntriesOf => {
  const names = new Map<string, Set<string>>();
  for (const { ecosystems, candidates } of questions) {
    for (const { name: ecosystem } of ecosystems) {
      const asked = names.get(ecosystem) ?? new Set();
      names.set(ecosystem, asked);
      for (const { name } of candidates) asked.add(name);
    }
  }
  const entries = new Map([...names].map(([ecosystem, asked]) => [ecosystem, source.entries(ecosystem, asked)]));
  return (ecosystem, name) => entries.get(ecosystem.name)?.get(name) ?? noEntries;
};

const noEntries: readonly StoredEntry[] = [];

/** An entry whose ranges hold the version that was asked about. */
type Affected = {
  readonly entry: StoredEntry;
  readonly fixedVersion: string | undefined;
  readonly ecosystem: Ecosystem;
  readonly candidate: Candidate;
  /** All that is said of the name, this one included. */
  readonly beside: readonly StoredEntry[];
};

const affectedBy = ({ candidates, ecosystems }: Question, entriesOf: EntriesOf): readonly Affected[] => {
  const affected: Affected[] = [];
  for (const candidate of candidates) {
    for (const ecosystem of ecosystems) judge(entriesOf(ecosystem, candidate.name), ecosystem, candidate, affected);
  }
  return affected;
};

const judge = (
  entries: readonly StoredEntry[],
  ecosystem: Ecosystem,
  candidate: Candidate,
  affected: Affected[],
): void => {
  const judged = new Map<SaidOfVersions, RangeVerdict>();
  for (const entry of entries) {
    const { said } = entry;
    const range = judged.get(said) ?? evaluateRanges(candidate.version, said, ecosystem.scheme);
    if (entries.length > 1) judged.set(said, range);
    if (range.affected)
      affected.push({ entry, fixedVersion: range.fixedVersion, ecosystem, candidate, beside: entries });
  }
};

/**
 * What advisories make of it. A record of one CVE (`DEBIAN-CVE-…`) knows better than an erratum that fixes many at once
 * (`DSA-…`): where both speak of a CVE, the record decides, also when it says that it is fixed.
 */
const verdictsOf = (
  affected: readonly Affected[],
  advisories: ReadonlyMap<number, StoredAdvisory>,
): readonly Verdict[] => {
  const verdicts: Verdict[] = [];
  const decided = new Map<readonly StoredEntry[], ReadonlySet<string>>();
  for (const { entry, fixedVersion, ecosystem, candidate, beside } of affected) {
    const advisory = advisories.get(entry.advisory);
    if (advisory === undefined || !isSameStream(candidate, { fixedVersion, summary: advisory.summary })) continue;
    for (const vulnerability of advisory.vulnerabilities) {
      if (entry.decides !== vulnerability) {
        const others = decided.get(beside) ?? decidedBy(beside);
        decided.set(beside, others);
        if (others.has(vulnerability)) continue;
      }
      verdicts.push({ vulnerability, advisory, entry, fixedVersion, ecosystem });
    }
  }
  return verdicts;
};

/** The vulnerabilities that have a record of their own. */
const decidedBy = (entries: readonly StoredEntry[]): ReadonlySet<string> =>
  new Set(entries.flatMap(({ decides }) => decides ?? []));

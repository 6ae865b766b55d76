import type { CvssScore, KnownExploited, Match } from '../model.ts';
import type { AboutVulnerability, StoredAdvisory } from './match-source.ts';
import { describeRanges } from './ranges.ts';
import type { Group, Verdict } from './verdict.ts';

/** What is the same for every package built from the same source in the same version. */
export type Found = Omit<Match, 'purl' | 'packageName' | 'installedVersion'>;

/**
 * Words what was decided of one vulnerability, with what all sources say of it. Written plainly, property by property: it runs
 * for every vulnerability of every package, and spreading costs a third of it.
 */
export const describe = (
  { vulnerability, verdicts }: Group,
  about: AboutVulnerability,
  kev: KnownExploited | undefined,
): Found => {
  const [{ advisory, ecosystem }] = verdicts;
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

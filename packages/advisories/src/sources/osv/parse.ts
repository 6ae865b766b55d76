import { schemeOf } from '@parapet/versions';
import { normaliseName } from '../../match/languages.ts';
import { evaluateRanges } from '../../match/ranges.ts';
import type { CvssScore } from '../../model.ts';
import { ratingOf, scoreCvss } from '../../ranking/cvss.ts';
import type { AdvisoryRecord, AffectedPackage, VersionRange } from '../source.ts';
import { notesOf } from './notes.ts';
import { OsvRecord } from './schema.ts';

export type OsvOutcome =
  | { readonly kind: 'advisory'; readonly record: AdvisoryRecord }
  | { readonly kind: 'withdrawn' | 'broken' | 'noVulnerability' };

const maxDetails = 65_536;
const maxSummary = 2048;
const maxReferences = 100;

/** Reads one OSV record. */
export const parseOsvRecord = (text: string): OsvOutcome => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: 'broken' };
  }
  const parsed = OsvRecord.safeParse(json);
  if (!parsed.success) return { kind: 'broken' };
  const osv = parsed.data;
  if (osv.withdrawn) return { kind: 'withdrawn' };
  const affected = affectedOf(osv);
  const vulnerabilities = vulnerabilitiesOf(osv);
  if (affected.length === 0 || vulnerabilities.length === 0) return { kind: 'noVulnerability' };
  return { kind: 'advisory', record: recordOf(osv, vulnerabilities, affected) };
};

const recordOf = (
  osv: OsvRecord,
  vulnerabilities: readonly string[],
  affected: readonly AffectedPackage[],
): AdvisoryRecord => {
  const cvss = cvssOf(osv);
  return {
    id: osv.id,
    vulnerabilities,
    aliases: [...new Set([...(osv.aliases ?? []), ...(osv.upstream ?? [])])].filter((name) => name !== osv.id),
    summary: (osv.summary ?? firstSentence(osv.details ?? '')).slice(0, maxSummary),
    details: (osv.details ?? '').slice(0, maxDetails),
    references: (osv.references ?? []).filter(({ url }) => /^https?:\/\//.test(url)).slice(0, maxReferences),
    cvss,
    publishedSeverity: severityOf(osv, cvss),
    published: instant(osv.published),
    modified: instant(osv.modified),
    affected,
  };
};

const cvePattern = /CVE-\d{4}-\d{4,19}/;

/**
 * The vulnerabilities a record speaks of: its CVEs, wherever its publisher puts them, else the record itself. `related` means
 * "fixes this too" only in the errata of distributions; elsewhere it means no more than "similar". Errata without any CVE
 * (bug fixes and enhancements) speak of none.
 */
const vulnerabilitiesOf = (osv: OsvRecord): string[] => {
  const isErratum = /^(?:AL|RL|RH|ROSA|ELSA|OESA|SUSE|openSUSE|MGASA|ALAS|DSA|DLA|USN)/.test(osv.id);
  const own = cvePattern.exec(osv.id)?.[0];
  if (own !== undefined) return [own];
  const named = [...(osv.aliases ?? []), ...(osv.upstream ?? []), ...(isErratum ? (osv.related ?? []) : [])];
  const cves = [...new Set(named.flatMap((name) => cvePattern.exec(name)?.[0] ?? []))];
  if (cves.length > 0) return cves;
  return isErratum && /^(?:AL|RL|RH)[BE]/.test(osv.id) ? [] : [osv.id];
};

/** Ranges of commits say nothing about a version; a record that has only those, and no version by name, has no say here. */
const affectedOf = (osv: OsvRecord): AffectedPackage[] =>
  (osv.affected ?? []).flatMap((entry) => {
    if (entry.package === undefined) return [];
    const { ecosystem, name } = entry.package;
    const ranges = (entry.ranges ?? []).filter(({ type }) => type === 'ECOSYSTEM' || type === 'SEMVER').map(rangeOf);
    const found: AffectedPackage = {
      ecosystem,
      name: normaliseName(ecosystem, name),
      ranges,
      versions: outsideOf(ranges, entry.versions ?? [], ecosystem),
      notes: notesOf(entry),
    };
    return found.ranges.length === 0 && found.versions.length === 0 ? [] : [found];
  });

/** Publishers list all versions that lie in their ranges too: often thousands, which say nothing more. */
const outsideOf = (
  ranges: readonly VersionRange[],
  versions: readonly string[],
  ecosystem: string,
): readonly string[] => {
  const scheme = versions.length === 0 || ranges.length === 0 ? undefined : schemeOf(ecosystem);
  return scheme === undefined
    ? versions
    : versions.filter((version) => !evaluateRanges(version, { ranges, versions: [] }, scheme).affected);
};

type OsvRange = NonNullable<NonNullable<NonNullable<OsvRecord['affected']>[number]['ranges']>[number]>;

const eventKinds = ['introduced', 'fixed', 'last_affected', 'limit'] as const;

const rangeOf = (range: OsvRange): VersionRange => ({
  events: range.events.flatMap((event) => {
    const kind = eventKinds.find((candidate) => event[candidate] !== undefined);
    return kind === undefined ? [] : [{ kind, version: event[kind] ?? '' }];
  }),
});

const cvssOf = (osv: OsvRecord): CvssScore[] => {
  const severities = [...(osv.severity ?? []), ...(osv.affected ?? []).flatMap((entry) => entry.severity ?? [])];
  const vectors = new Set(severities.filter(({ type }) => type.startsWith('CVSS')).map(({ score }) => score));
  return [...vectors].slice(0, 8).flatMap((vector) => scoreCvss(vector) ?? []);
};

/** The publisher's own word, else the rating of its highest score. */
const severityOf = (osv: OsvRecord, cvss: readonly CvssScore[]): string | undefined => {
  const own = (osv.severity ?? []).find(({ type }) => !type.startsWith('CVSS'))?.score;
  const first = osv.affected?.[0];
  // Rust's notices (`unmaintained`, `notice`) are advice on a package, not a flaw in it.
  if (typeof first?.database_specific?.informational === 'string') return 'Informational';
  const word = [
    own,
    /^(Critical|Important|Moderate|Low): /.exec(osv.summary ?? '')?.[1],
    osv.database_specific?.severity,
    first?.ecosystem_specific?.severity,
    first?.database_specific?.severity,
    first?.ecosystem_specific?.urgency,
  ].find((candidate) => typeof candidate === 'string' && /^[A-Za-z][A-Za-z -]{0,30}$/.test(candidate));
  if (typeof word === 'string' && word !== 'not yet assigned') return word;
  // A package made to do harm has no score.
  if (osv.id.startsWith('MAL-')) return 'Critical';
  const highest = Math.max(...cvss.map(({ score }) => score));
  return cvss.length === 0 ? undefined : ratingOf(highest);
};

const firstSentence = (details: string): string => {
  const line = details.trim().split('\n', 1)[0] ?? '';
  return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
};

const instant = (text: string | undefined): string | undefined => {
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
};

import { type AdvisoryDatabase, fixFor, likelihoodOf, type Match, newestScore } from '@parapet/advisories';
import type { Sbom } from '@parapet/contract';

/** A vulnerability as a scan without a console shows it: what runs and who can reach it is not known here. */
export type ScanFinding = {
  readonly vulnerability: string;
  readonly package: string;
  readonly version: string;
  readonly fixedVersion: string | undefined;
  /** 0 to 1, the first factor of risk. */
  readonly likelihood: number;
  readonly reason: string;
  readonly severity: ScanSeverity;
  readonly kev: boolean;
  readonly epss: number | undefined;
  readonly fix: string;
};

export const scanSeverities = ['critical', 'high', 'medium', 'low', 'unknown'] as const;
export type ScanSeverity = (typeof scanSeverities)[number];

/** Matches an SBOM and orders what was found by how likely it is exploited. */
export const findVulnerabilities = (sbom: Sbom, database: AdvisoryDatabase): ScanFinding[] => {
  const packages = new Map(sbom.packages.map((item) => [item.purl, item]));
  return database
    .match(sbom.packages, sbom.distribution)
    .map((match): ScanFinding => {
      const likelihood = likelihoodOf(match);
      const item = packages.get(match.purl);
      return {
        vulnerability: match.vulnerability,
        package: match.packageName,
        version: match.installedVersion,
        fixedVersion: match.fixedVersion,
        likelihood: likelihood.value,
        reason: likelihood.reason,
        severity: severityOf(match),
        kev: match.kev !== undefined,
        epss: match.epss?.score,
        fix:
          item === undefined
            ? ''
            : fixFor({
                distribution: sbom.distribution,
                package: item,
                fixedVersion: match.fixedVersion,
                kind: sbom.target.kind,
              }).title,
      };
    })
    .sort(
      (a, b) =>
        b.likelihood - a.likelihood ||
        scanSeverities.indexOf(a.severity) - scanSeverities.indexOf(b.severity) ||
        a.package.localeCompare(b.package),
    );
};

/** By the CVSS base score where there is one, else by the publisher's word. */
const severityOf = (match: Match): ScanSeverity => {
  const score = newestScore(match.cvss)?.score;
  if (score !== undefined) return score >= 9 ? 'critical' : score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low';
  const word = match.publishedSeverity?.toLowerCase() ?? '';
  if (word === 'important') return 'high';
  if (word === 'moderate') return 'medium';
  return scanSeverities.find((severity) => severity === word) ?? 'unknown';
};

import {
  type AdvisoryDatabase,
  applyVex,
  distributionTypes,
  fixFor,
  imageTargets,
  isUnmatched,
  likelihoodOf,
  type MatchWithVex,
  newestScore,
} from '@parapet/advisories';
import type { Package, Sbom, ScanFinding, ScanSeverity, SetAsideFinding } from '@parapet/contract';
import { ScanSeverity as Severity } from '@parapet/contract';

export const scanSeverities = Severity.options;

export type Found = {
  readonly findings: readonly ScanFinding[];
  /** What a VEX document says is no matter here. */
  readonly setAside: readonly SetAsideFinding[];
  /** What the database has no advisories for: nothing found there says nothing. */
  readonly gaps: readonly string[];
};

type VexDocuments = Parameters<typeof applyVex>[1];

/** Matches an SBOM and orders what was found by how likely it is exploited. */
export const findVulnerabilities = (sbom: Sbom, database: AdvisoryDatabase, vex: VexDocuments = []): Found => {
  const packages = Map.groupBy(sbom.packages, ({ purl }) => purl);
  // A package that lies in several places is one finding with several locations.
  const distinct = new Map(
    database
      .match(sbom.packages, sbom.distribution)
      .map((match) => [`${match.vulnerability} ${match.purl}`, match] as const),
  );
  const found = applyVex([...distinct.values()], vex, targetsOf(sbom))
    .map((match) => ({ match, finding: findingOf(match, packages.get(match.purl) ?? [], sbom) }))
    .sort((a, b) => byLikelihood(a.finding, b.finding));
  return {
    findings: found.filter(({ match }) => !isSetAside(match)).map(({ finding }) => finding),
    setAside: found.flatMap(({ match, finding }) =>
      isSetAside(match) ? [{ finding, by: 'vex' as const, reason: vexReason(match) }] : [],
    ),
    gaps: gapsOf(sbom, database),
  };
};

/** An image as VEX documents may name it. */
const targetsOf = ({ target }: Sbom): readonly string[] =>
  target.digest === undefined
    ? []
    : imageTargets({ digests: [target.digest], references: target.kind === 'image' ? [target.name] : [] });

const byLikelihood = (a: ScanFinding, b: ScanFinding): number =>
  b.likelihood - a.likelihood ||
  scanSeverities.indexOf(a.severity) - scanSeverities.indexOf(b.severity) ||
  a.package.localeCompare(b.package) ||
  a.vulnerability.localeCompare(b.vulnerability);

const isSetAside = ({ vex }: MatchWithVex): boolean => vex?.status === 'not_affected' || vex?.status === 'fixed';

const vexReason = ({ vex }: MatchWithVex): string =>
  [vex?.status.replaceAll('_', ' '), vex?.justification, vex?.text, `(${vex?.document})`].filter(Boolean).join(' ');

const maxLocations = 1000;

const findingOf = (match: MatchWithVex, packages: readonly Package[], sbom: Sbom): ScanFinding => {
  const likelihood = likelihoodOf(match);
  const [first] = packages;
  const cvss = newestScore(match.cvss);
  return {
    vulnerability: match.vulnerability,
    aliases: match.aliases.slice(0, 1000),
    advisory: match.advisoryId,
    title: match.summary.slice(0, 8192),
    purl: match.purl,
    package: match.packageName,
    version: match.installedVersion,
    locations: [...new Set(packages.map(({ location }) => location))]
      .filter((path) => path !== '')
      .slice(0, maxLocations),
    ...(match.fixedVersion === undefined ? {} : { fixedVersion: match.fixedVersion }),
    severity: severityOf(cvss?.score, match.publishedSeverity),
    ...(cvss === undefined ? {} : { cvss: { score: cvss.score, vector: cvss.vector } }),
    likelihood: likelihood.value,
    reason: likelihood.reason,
    kev: match.kev !== undefined,
    ...(match.epss === undefined ? {} : { epss: match.epss.score }),
    fix:
      first === undefined
        ? ''
        : fixFor({
            distribution: sbom.distribution,
            package: first,
            fixedVersion: match.fixedVersion,
            kind: sbom.target.kind,
          }).title,
  };
};

/** By the CVSS base score where there is one, else by the publisher's word. */
export const severityOf = (score: number | undefined, published: string | undefined): ScanSeverity => {
  if (score !== undefined) return score >= 9 ? 'critical' : score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low';
  const word = published?.toLowerCase() ?? '';
  if (word === 'important') return 'high';
  if (word === 'moderate') return 'medium';
  return scanSeverities.find((severity) => severity === word) ?? 'unknown';
};

const gapsOf = (sbom: Sbom, database: AdvisoryDatabase): string[] => {
  const count = Map.groupBy(sbom.packages, ({ type }) => type);
  return [...count].flatMap(([type, { length }]) => {
    if (!isUnmatched(database, type, sbom.distribution)) return [];
    const what = distributionTypes.has(type)
      ? (sbom.distribution?.name ?? 'this unknown distribution')
      : `packages of the type ${type}`;
    return [`There are no advisories for ${what}: its ${length} packages were not matched.`];
  });
};

import { createHash } from 'node:crypto';
import type { ScanFinding, ScanReport } from '@parapet/contract';
import type { FormatOptions } from '../format.ts';

/** One rule for each vulnerability, one result for each package that has it. */
export const writeSarif = (report: ScanReport, options: FormatOptions): string => {
  const findings = report.findings ?? [];
  const rules = [...Map.groupBy(findings, ({ vulnerability }) => vulnerability).values()].flatMap(([first]) =>
    first === undefined ? [] : [ruleOf(first)],
  );
  return `${JSON.stringify(
    {
      $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'Parapet', version: options.toolVersion, rules } },
          automationDetails: { id: `parapet/${report.sbom.target.name}/` },
          invocations: [
            {
              executionSuccessful: report.sbom.status !== 'failed',
              toolExecutionNotifications: [
                ...report.sbom.problems.map(({ message, at }) => (at === undefined ? message : `${message} (${at})`)),
                ...report.gaps,
              ].map((text) => ({ level: 'warning', message: { text } })),
            },
          ],
          results: findings.map((finding) => resultOf(finding, report)),
        },
      ],
    },
    undefined,
    2,
  )}\n`;
};

const ruleOf = (finding: ScanFinding): object => ({
  id: finding.vulnerability,
  shortDescription: { text: finding.title === '' ? finding.vulnerability : finding.title.slice(0, 1024) },
  properties: {
    tags: ['security', 'vulnerability', finding.severity],
    // Code hosts sort by this number. Where no publisher rated it, it has none and is shown by its level.
    ...(finding.cvss === undefined ? {} : { 'security-severity': finding.cvss.score.toFixed(1) }),
  },
});

const resultOf = (finding: ScanFinding, report: ScanReport): object => ({
  ruleId: finding.vulnerability,
  level: levelOf(finding),
  message: {
    text: `${finding.package} ${finding.version} has ${finding.vulnerability} (${finding.severity}; ${finding.reason}). ${finding.fix}.`,
  },
  // At most ten: what shows them shows one.
  locations: (finding.locations.length === 0 ? [report.sbom.target.name] : finding.locations.slice(0, 10)).map(
    (location) => ({
      physicalLocation: {
        artifactLocation: { uri: uriOf(location) },
        region: { startLine: 1 },
      },
      logicalLocations: [{ fullyQualifiedName: finding.purl, kind: 'package' }],
    }),
  ),
  // The same finding in the next run, whatever else changes around it.
  partialFingerprints: {
    'parapetFinding/v1': createHash('sha256').update(`${finding.vulnerability} ${finding.purl}`).digest('hex'),
  },
});

const levelOf = ({ severity, kev }: ScanFinding): string =>
  kev || severity === 'critical' || severity === 'high' ? 'error' : severity === 'medium' ? 'warning' : 'note';

/** Relative to the root of what was scanned. */
const uriOf = (path: string): string =>
  path
    .toWellFormed()
    .split('/')
    .filter(Boolean)
    .map((part) => encodeURIComponent(part))
    .join('/');

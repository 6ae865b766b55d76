import { createHash } from 'node:crypto';
import type { ScanFinding, ScanReport } from '@parapet/contract';
import type { FormatOptions } from '../format.ts';

/** Images are GitLab's container scanning; what has files of its own is dependency scanning. */
export const writeGitlab = (report: ScanReport, options: FormatOptions): string => {
  const { target, createdAt, status, distribution } = report.sbom;
  const isImage = target.kind === 'image' || target.kind === 'container' || target.kind === 'archive';
  const time = createdAt.slice(0, 19);
  const program = { id: 'parapet', name: 'Parapet', version: options.toolVersion, vendor: { name: 'Parapet' } };
  const locationOf = (finding: ScanFinding): object => {
    const dependency = { package: { name: finding.package }, version: finding.version };
    return isImage
      ? { dependency, image: target.name, operating_system: distribution?.name ?? 'unknown' }
      : { dependency, file: finding.locations[0] ?? target.name };
  };
  return `${JSON.stringify(
    {
      version: '15.0.6',
      scan: {
        analyzer: program,
        scanner: program,
        type: isImage ? 'container_scanning' : 'dependency_scanning',
        start_time: time,
        end_time: time,
        status: status === 'failed' ? 'failure' : 'success',
        messages: [...report.sbom.problems.map(({ message }) => message), ...report.gaps].map((value) => ({
          level: 'warn',
          value,
        })),
      },
      ...(isImage ? {} : { dependency_files: [] }),
      vulnerabilities: (report.findings ?? []).map((finding) => ({
        id: idOf(finding),
        name: `${finding.vulnerability} in ${finding.package}`.slice(0, 255),
        description: finding.title,
        severity: `${finding.severity.charAt(0).toUpperCase()}${finding.severity.slice(1)}`,
        solution: finding.fix,
        location: locationOf(finding),
        identifiers: [finding.vulnerability, ...finding.aliases.filter((name) => name !== finding.vulnerability)]
          .slice(0, 20)
          .map(identifierOf),
      })),
    },
    undefined,
    2,
  )}\n`;
};

/** The same finding has the same id in every run. */
const idOf = ({ vulnerability, purl }: ScanFinding): string => {
  const hex = createHash('sha256').update(`${vulnerability} ${purl}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};

const identifierOf = (name: string): object => {
  const type = name.split('-', 1)[0]?.toLowerCase() ?? '';
  return { type: type === '' ? 'other' : type, name, value: name };
};

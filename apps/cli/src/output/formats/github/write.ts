import type { ScanFinding, ScanReport } from '@parapet/contract';

/** GitHub shows ten annotations of a level in a step; the rest would only fill the log. */
const annotatedAtMost = 50;

/** One command a line. */
export const writeAnnotations = (report: ScanReport): string => {
  const findings = report.findings ?? [];
  const left = findings.length - annotatedAtMost;
  return [
    ...findings.slice(0, annotatedAtMost).map(annotationOf),
    ...(left > 0 ? [`::notice title=Parapet::${left} more findings are in the other outputs.`] : []),
    ...report.gaps.map((gap) => `::warning title=Parapet::${data(gap)}`),
    ...report.sbom.problems
      .slice(0, annotatedAtMost)
      .map(({ message, at }) => `::warning title=Parapet::${data(at === undefined ? message : `${message} (${at})`)}`),
  ]
    .map((line) => `${line}\n`)
    .join('');
};

const annotationOf = (finding: ScanFinding): string => {
  const [file] = finding.locations;
  const title = `${finding.vulnerability} in ${finding.package} ${finding.version}`;
  const place = file === undefined ? '' : `file=${property(file.replace(/^\/+/, ''))},`;
  return `::${levelOf(finding)} ${place}title=${property(title)}::${data(
    `${finding.title} (${finding.severity}, likelihood ${finding.likelihood.toFixed(2)}: ${finding.reason}). ${finding.fix}.`,
  )}`;
};

const levelOf = ({ severity, kev }: ScanFinding): string =>
  kev || severity === 'critical' || severity === 'high' ? 'error' : severity === 'medium' ? 'warning' : 'notice';

/** A line break would begin another command, which a workload's name must not. */
const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

import type { ScanReport } from '@parapet/contract';
import { programCall } from '../../../settings.ts';
import { bold, dim, printable } from '../../print.ts';
import { formatTable } from '../../table.ts';
import type { FormatOptions } from '../format.ts';

export const writeTable = (report: ScanReport, options: FormatOptions): string =>
  `${printable([...aboutTarget(report), ...aboutFindings(report, options)].join('\n'))}\n`;

const problemsShown = 20;

const aboutTarget = ({ sbom, gaps }: ScanReport): string[] => [
  `${bold(oneLine(sbom.target.name))}: ${sbom.packages.length} packages${sbom.distribution === undefined ? '' : `, ${oneLine(sbom.distribution.name)}`}`,
  ...sbom.problems
    .slice(0, problemsShown)
    .map(
      ({ code, message, at }) =>
        `  ${code === 'end-of-life' ? 'warning' : 'not read'}: ${oneLine(message)}${at === undefined ? '' : ` (${oneLine(at)})`}`,
    ),
  ...(sbom.problems.length > problemsShown
    ? [`  not read: ${sbom.problems.length - problemsShown} more; -o json lists them`]
    : []),
  ...gaps.map((gap) => `  not matched: ${oneLine(gap)}`),
];

const aboutFindings = (report: ScanReport, options: FormatOptions): string[] => {
  const { findings, sbom } = report;
  if (sbom.packages.length === 0)
    return ['No packages were found in it, so there is nothing to match. Is it the root of a system or of a project?'];
  if (findings === undefined) {
    const { here } = programCall();
    return [
      `There are no advisories yet, so nothing was matched. Get them with ${here} feeds update or ${here} feeds import FILE.`,
    ];
  }
  const shown = findings.slice(0, options.shownAtMost);
  return [
    `${findings.length} vulnerabilities, most likely exploited first; what is in use and reachable only a console with a sensor can tell`,
    ...(shown.length === 0 ? [] : [tableOf(shown)]),
    ...(shown.length < findings.length ? [dim(`${findings.length - shown.length} more; --all shows them`)] : []),
    ...(report.filteredOut > 0 ? [dim(`${report.filteredOut} left out by --severity, --risk or --only-fixed`)] : []),
    ...setAsideLines(report),
  ];
};

const tableOf = (findings: NonNullable<ScanReport['findings']>): string =>
  formatTable(
    ['likelihood', 'severity', 'vulnerability', 'package', 'installed', 'fixed in', 'why'],
    findings.map((finding) =>
      [
        finding.likelihood.toFixed(2),
        finding.severity,
        finding.vulnerability,
        finding.package,
        finding.version,
        finding.fixedVersion ?? 'no fix yet',
        finding.reason,
      ].map(oneLine),
    ),
  );

const setAsideLines = ({ setAside }: ScanReport): string[] =>
  (['ignore-file', 'vex', 'baseline'] as const).flatMap((by) => {
    const count = setAside.filter((entry) => entry.by === by).length;
    return count === 0 ? [] : [dim(`${count} do not count: ${words[by]}`)];
  });

const words = {
  'ignore-file': 'the ignore file sets them aside',
  vex: 'a VEX document says that they are no matter here',
  baseline: 'the baseline has them already',
} as const;

/** A name must not pretend to be another row. */
const oneLine = (text: string): string => text.replace(/[\r\n\t]+/g, ' ');

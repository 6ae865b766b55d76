import type { ScanFinding, ScanReport } from '@parapet/contract';

/** A suite for the target; every package with findings is a case with one failure for each. */
export const writeJunit = (report: ScanReport): string => {
  const findings = report.findings ?? [];
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="parapet" tests="${findings.length}" failures="${findings.length}" errors="0">`,
    `  <testsuite name="${escaped(report.sbom.target.name)}" timestamp="${report.sbom.createdAt.replace(/\.\d+Z$/, '')}" tests="${findings.length}" failures="${findings.length}" errors="0" skipped="0" time="0">`,
    ...findings.flatMap(caseOf),
    ...(report.gaps.length === 0 ? [] : [`    <system-err>${escaped(report.gaps.join(' '))}</system-err>`]),
    '  </testsuite>',
    '</testsuites>',
  ];
  return `${lines.join('\n')}\n`;
};

const caseOf = (finding: ScanFinding): string[] => [
  `    <testcase classname="${escaped(finding.purl)}" name="${escaped(finding.vulnerability)}" time="0">`,
  `      <failure type="${finding.severity}" message="${escaped(`${finding.package} ${finding.version}: ${finding.vulnerability} (${finding.severity})`)}">${escaped(
    [
      finding.title,
      finding.fix,
      `Likelihood ${finding.likelihood.toFixed(2)}: ${finding.reason}`,
      ...finding.locations,
    ].join('\n'),
  )}</failure>`,
  '    </testcase>',
];

/** For text and attributes of XML 1.0, which has no place for control characters, escaped or not. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '�')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

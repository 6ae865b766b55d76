import type { ScanFinding, ScanReport } from '@parapet/contract';
import { writers } from '@parapet/sbom';
import { z } from 'zod';
import type { FormatOptions } from '../format.ts';

const Bom = z.looseObject({ bomFormat: z.literal('CycloneDX') });

/** The bill of materials as the SBOM's own writer has it, and the findings where packages were matched. */
export const writeCycloneDxScan = (report: ScanReport, options: FormatOptions): string => {
  const writer = writers.find(({ name }) => name === 'cyclonedx');
  if (writer === undefined) throw new Error('the writer of CycloneDX is gone');
  const text = writer.write(report.sbom, options);
  if (report.findings === undefined) return text;
  const bom = Bom.parse(JSON.parse(text));
  return `${JSON.stringify({ ...bom, vulnerabilities: report.findings.map(vulnerabilityOf) }, undefined, 2)}\n`;
};

const vulnerabilityOf = (finding: ScanFinding): object => ({
  'bom-ref': `${finding.vulnerability}/${finding.purl}`,
  id: finding.vulnerability,
  ...(finding.aliases.length === 0
    ? {}
    : { references: finding.aliases.map((id) => ({ id, source: { name: id.split('-', 1)[0] } })) }),
  ratings: [
    {
      severity: finding.severity,
      ...(finding.cvss === undefined
        ? {}
        : { score: finding.cvss.score, method: methodOf(finding.cvss.vector), vector: finding.cvss.vector }),
    },
  ],
  description: finding.title,
  recommendation: finding.fix,
  affects: [{ ref: finding.purl, versions: [{ version: finding.version, status: 'affected' }] }],
  properties: [
    { name: 'parapet:likelihood', value: finding.likelihood.toFixed(3) },
    { name: 'parapet:reason', value: finding.reason },
    { name: 'parapet:known-exploited', value: String(finding.kev) },
  ],
});

const methodOf = (vector: string): string => {
  const version = /^CVSS:(\d\.\d)/.exec(vector)?.[1];
  return version === '4.0' ? 'CVSSv4' : version === '3.1' ? 'CVSSv31' : version === '3.0' ? 'CVSSv3' : 'CVSSv2';
};

import { writeOpenVex } from '@parapet/advisories';
import type { ScanFinding, ScanReport } from '@parapet/contract';
import type { FormatOptions } from '../format.ts';

/**
 * What is affected. What an ignore file sets aside stays affected with its reason as the action: a person decided to live with
 * it, which is not a word on whether it matters.
 */
export const writeVex = (report: ScanReport, options: FormatOptions): string => {
  const at = report.sbom.createdAt;
  const open = (report.findings ?? []).map((finding) => vexOf(finding, at));
  const accepted = report.setAside
    .filter(({ by }) => by === 'ignore-file')
    .map(({ finding, reason }) => ({ ...vexOf(finding, at), state: 'accepted' as const, reason }));
  return writeOpenVex([...open, ...accepted], {
    id: `urn:uuid:${options.documentId}`,
    author: `Parapet ${options.toolVersion}`,
    at,
  });
};

const vexOf = ({ vulnerability, aliases, purl, fixedVersion }: ScanFinding, at: string) => ({
  vulnerability,
  aliases,
  purl,
  state: 'open' as const,
  ...(fixedVersion === undefined ? {} : { fixedVersion }),
  at,
});

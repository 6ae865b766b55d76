import { z } from 'zod';
import { Sbom } from './sbom.ts';

/** From the worst to the least; `unknown` is what no publisher rated. */
export const ScanSeverity = z.enum(['critical', 'high', 'medium', 'low', 'unknown']);
export type ScanSeverity = z.infer<typeof ScanSeverity>;

const text = z.string().max(8192);

/** A vulnerability as a scan without a console shows it: what runs and who can reach it is not known here. */
export const ScanFinding = z.object({
  /** The CVE where there is one, otherwise the advisory's own id. */
  vulnerability: text,
  aliases: z.array(text).max(1000),
  /** The publisher's record that decided. */
  advisory: text,
  title: text,
  purl: text,
  package: text,
  version: text,
  /** Where the package was found: databases and manifests inside the target. */
  locations: z.array(text).max(1000),
  fixedVersion: text.optional(),
  severity: ScanSeverity,
  /** The CVSS base score that the severity comes from, with its vector. */
  cvss: z.object({ score: z.number(), vector: text }).optional(),
  /** 0 to 1, the first factor of risk, and what it comes from. */
  likelihood: z.number().min(0).max(1),
  reason: text,
  kev: z.boolean(),
  /** Probability of exploitation in the next 30 days, 0 to 1. */
  epss: z.number().optional(),
  fix: text,
});
export type ScanFinding = z.infer<typeof ScanFinding>;

/** A finding that does not count, and who says so. */
export const SetAsideFinding = z.object({
  finding: ScanFinding,
  by: z.enum(['ignore-file', 'vex', 'baseline']),
  reason: text,
});
export type SetAsideFinding = z.infer<typeof SetAsideFinding>;

/** What `parapet scan -o json` prints and `parapet diff` and `--baseline` read. */
export const ScanReport = z.object({
  format: z.literal('parapet-scan/1'),
  sbom: Sbom,
  /** What was matched with; absent when there were no advisories, and then there are no findings either. */
  advisories: z.object({ version: text, builtAt: text }).optional(),
  /** The most likely exploited first. */
  findings: z.array(ScanFinding).max(1_000_000).optional(),
  setAside: z.array(SetAsideFinding).max(1_000_000),
  /** Findings that `--severity`, `--risk` and `--only-fixed` leave out. */
  filteredOut: z.number().int().nonnegative(),
  /** What the answer lacks, one sentence each. */
  gaps: z.array(text).max(1000),
});
export type ScanReport = z.infer<typeof ScanReport>;

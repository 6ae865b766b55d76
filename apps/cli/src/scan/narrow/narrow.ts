import type { ScanFinding, ScanReport, ScanSeverity, SetAsideFinding } from '@parapet/contract';
import { scanSeverities } from '../vulnerabilities.ts';
import type { Ignoring } from './ignore-file.ts';

export type Narrowing = {
  /** This severity or worse. */
  readonly severity: ScanSeverity | undefined;
  /** At least this likelihood. */
  readonly likelihood: number | undefined;
  readonly onlyFixed: boolean;
  readonly ignoring: Ignoring | undefined;
  readonly baseline: ReadonlySet<string> | undefined;
};

export type Narrowed = {
  readonly findings: readonly ScanFinding[];
  readonly setAside: readonly SetAsideFinding[];
  readonly filteredOut: number;
};

/** What is set aside is kept with its reason; what a filter leaves out is counted. */
export const narrowFindings = (findings: readonly ScanFinding[], narrowing: Narrowing): Narrowed => {
  const counting: ScanFinding[] = [];
  const setAside: SetAsideFinding[] = [];
  let filteredOut = 0;
  for (const finding of findings) {
    const rule = narrowing.ignoring?.ruleFor(finding);
    if (rule !== undefined)
      setAside.push({ finding, by: 'ignore-file', reason: `${rule.reason} (until ${rule.expires})` });
    else if (isInBaseline(finding, narrowing.baseline))
      setAside.push({ finding, by: 'baseline', reason: 'The baseline has it already' });
    else if (passes(finding, narrowing)) counting.push(finding);
    else filteredOut += 1;
  }
  return { findings: counting, setAside, filteredOut };
};

/** Everything that a saved scan knows of, what it set aside too. */
export const baselineOf = ({ findings, setAside }: ScanReport): ReadonlySet<string> =>
  new Set([...(findings ?? []), ...setAside.map(({ finding }) => finding)].flatMap(keysOf));

/** A finding is in the baseline when each of its places is: a second copy of a vulnerable package is news. */
const isInBaseline = (finding: ScanFinding, baseline: ReadonlySet<string> | undefined): boolean =>
  baseline !== undefined && keysOf(finding).every((key) => baseline.has(key));

/** Versions do not count: an upgrade that does not help is no news. */
const keysOf = ({ vulnerability, purl, locations }: ScanFinding): string[] => {
  const nameOnly = purl.split(/[?#]/, 1)[0]?.replace(/@[^@/]*$/, '') ?? purl;
  return (locations.length === 0 ? [''] : locations).map((location) => `${vulnerability} ${nameOnly} ${location}`);
};

const passes = (finding: ScanFinding, { severity, likelihood, onlyFixed }: Narrowing): boolean =>
  (severity === undefined || isAtLeast(finding.severity, severity)) &&
  (likelihood === undefined || finding.likelihood >= likelihood) &&
  (!onlyFixed || finding.fixedVersion !== undefined);

export const isAtLeast = (severity: ScanSeverity, least: ScanSeverity): boolean =>
  scanSeverities.indexOf(severity) <= scanSeverities.indexOf(least);

import type { ScanFinding, ScanReport, ScanSeverity } from '@parapet/contract';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { scanSeverities } from '../vulnerabilities.ts';
import { isAtLeast } from './narrow.ts';

/** One condition of `--fail-on`. */
export type FailCondition =
  | { readonly kind: 'severity'; readonly least: ScanSeverity }
  | { readonly kind: 'risk'; readonly least: number }
  | { readonly kind: 'kev' }
  /** Something was not read or not matched. */
  | { readonly kind: 'incomplete' };

export const failOnForms = `a severity (${scanSeverities.join(', ')}), any, kev, risk:0.5 or incomplete, several by commas`;

/** Reads e.g. `high,kev,risk:0.5`. */
export const parseFailOn = (text: string): Result<readonly FailCondition[], Problem> => {
  const conditions = text.split(',').map((part) => conditionOf(part.trim()));
  const known = conditions.filter((condition) => condition !== undefined);
  return known.length === conditions.length ? ok(known) : fail(problem('usage', `--fail-on takes ${failOnForms}.`));
};

const conditionOf = (text: string): FailCondition | undefined => {
  if (text === 'kev' || text === 'incomplete') return { kind: text };
  if (text === 'any') return { kind: 'severity', least: 'unknown' };
  const risk = /^risk:(0(?:\.\d+)?|1(?:\.0+)?)$/.exec(text)?.[1];
  if (risk !== undefined) return { kind: 'risk', least: Number(risk) };
  const least = scanSeverities.find((severity) => severity === text);
  return least === undefined ? undefined : { kind: 'severity', least };
};

/** Why a scan fails, one sentence for each condition that is met; empty when none is. */
export const reasonsToFail = (report: ScanReport, conditions: readonly FailCondition[]): string[] =>
  conditions.flatMap((condition) => {
    if (condition.kind === 'incomplete') return gapsAsReason(report);
    const meeting = (report.findings ?? []).filter((finding) => meets(finding, condition));
    return meeting.length === 0 ? [] : [`${describe(condition)}: ${named(meeting)}`];
  });

const gapsAsReason = ({ sbom, gaps }: ScanReport): string[] => {
  // An old release was read like any other.
  const problems = sbom.problems.filter(({ code }) => code !== 'end-of-life');
  const all = [...problems.map(({ message, at }) => (at === undefined ? message : `${message} (${at})`)), ...gaps];
  const [first] = all;
  return first === undefined ? [] : [`incomplete: ${first}${all.length > 1 ? ` and ${all.length - 1} more` : ''}`];
};

const meets = (finding: ScanFinding, condition: Exclude<FailCondition, { kind: 'incomplete' }>): boolean => {
  switch (condition.kind) {
    case 'severity':
      return isAtLeast(finding.severity, condition.least);
    case 'risk':
      return finding.likelihood >= condition.least;
    case 'kev':
      return finding.kev;
  }
};

const describe = (condition: Exclude<FailCondition, { kind: 'incomplete' }>): string => {
  switch (condition.kind) {
    case 'severity':
      return condition.least === 'unknown' ? 'any' : `${condition.least} or worse`;
    case 'risk':
      return `likelihood of ${condition.least} or more`;
    case 'kev':
      return 'known to be exploited';
  }
};

const namedAtMost = 10;

const named = (findings: readonly ScanFinding[]): string => {
  const names = findings
    .slice(0, namedAtMost)
    .map((finding) => `${finding.vulnerability} in ${finding.package} ${finding.version}`);
  return [...names, ...(findings.length > namedAtMost ? [`${findings.length - namedAtMost} more`] : [])].join(', ');
};

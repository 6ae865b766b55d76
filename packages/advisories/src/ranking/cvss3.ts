import type { CvssMetrics, CvssScores } from './cvss-scores.ts';

/** CVSS versions 3.0 and 3.1, by https://www.first.org/cvss/v3.1/specification-document, section 7. */
export const scoresOfVersion3 = (version: '3.0' | '3.1', metrics: CvssMetrics): CvssScores => {
  const roundUp = version === '3.0' ? roundUp30 : roundUp31;
  const weight = (metric: string): number => weights[metric]?.[metrics.get(metric) ?? 'X'] ?? 1;
  const threat = weight('E') * weight('RL') * weight('RC');
  const base = roundUp(
    combined(
      groupOf(metrics, (metric) => metrics.get(metric)),
      version,
      false,
    ),
  );
  const modified = groupOf(metrics, (metric) => {
    const own = metrics.get(`M${metric}`);
    return own === undefined || own === 'X' ? metrics.get(metric) : own;
  });
  const temporal = roundUp(base * threat);
  const environmental = roundUp(roundUp(combined(modified, version, true)) * threat);
  return { version, base, temporal, environmental, overall: hasEnvironment(metrics) ? environmental : temporal };
};

/** What a group's metrics come to before they are combined. */
type Group = {
  readonly isChanged: boolean;
  readonly impact: number;
  readonly weighted: number;
  readonly exploitability: number;
};

const groupOf = (metrics: CvssMetrics, given: (metric: string) => string | undefined): Group => {
  const isChanged = given('S') === 'C';
  const weight = (metric: string): number => weights[metric]?.[given(metric) ?? ''] ?? 0;
  const requirement = (metric: string): number => weights[metric]?.[metrics.get(metric) ?? 'X'] ?? 1;
  const privileges = isChanged ? changedPrivileges : unchangedPrivileges;
  const impactOf = (c: number, i: number, a: number): number => 1 - (1 - c) * (1 - i) * (1 - a);
  return {
    isChanged,
    impact: impactOf(weight('C'), weight('I'), weight('A')),
    weighted: Math.min(
      0.915,
      impactOf(weight('C') * requirement('CR'), weight('I') * requirement('IR'), weight('A') * requirement('AR')),
    ),
    exploitability: 8.22 * weight('AV') * weight('AC') * (privileges[given('PR') ?? ''] ?? 0) * weight('UI'),
  };
};

const combined = (group: Group, version: '3.0' | '3.1', isModified: boolean): number => {
  const share = isModified ? group.weighted : group.impact;
  const impact = group.isChanged ? changedImpact(share, version, isModified) : 6.42 * share;
  if (impact <= 0) return 0;
  return Math.min(10, (group.isChanged ? 1.08 : 1) * (impact + group.exploitability));
};

/** Version 3.1 changed the last term of the environmental score only. */
const changedImpact = (share: number, version: '3.0' | '3.1', isModified: boolean): number =>
  7.52 * (share - 0.029) -
  3.25 * (version === '3.1' && isModified ? (share * 0.9731 - 0.02) ** 13 : (share - 0.02) ** 15);

const unchangedPrivileges: Readonly<Record<string, number>> = { N: 0.85, L: 0.62, H: 0.27 };
const changedPrivileges: Readonly<Record<string, number>> = { N: 0.85, L: 0.68, H: 0.5 };
const impacts = { H: 0.56, L: 0.22, N: 0 };
const requirements = { H: 1.5, M: 1, L: 0.5 };

const weights: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  UI: { N: 0.85, R: 0.62 },
  C: impacts,
  I: impacts,
  A: impacts,
  E: { H: 1, F: 0.97, P: 0.94, U: 0.91 },
  RL: { U: 1, W: 0.97, T: 0.96, O: 0.95 },
  RC: { C: 1, R: 0.96, U: 0.92 },
  CR: requirements,
  IR: requirements,
  AR: requirements,
};

const hasEnvironment = (metrics: CvssMetrics): boolean =>
  [...metrics].some(([name, value]) => value !== 'X' && (/^[CIA]R$/.test(name) || /^M[A-Z]+$/.test(name)));

/** The least number of one decimal that is not lower; binary fractions are forgiven a billionth. */
const roundUp30 = (value: number): number => Math.max(0, Math.ceil(value * 10 - 1e-9) / 10);

/** Appendix A: on whole hundred-thousandths, so that every implementation agrees. */
const roundUp31 = (value: number): number => {
  const parts = Math.round(value * 100_000);
  return parts % 10_000 === 0 ? parts / 100_000 : (Math.floor(parts / 10_000) + 1) / 10;
};

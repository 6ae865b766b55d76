import type { CvssMetrics, CvssScores } from './cvss-scores.ts';

/** CVSS version 2, by https://www.first.org/cvss/v2/guide, section 3.2. */
export const scoresOfVersion2 = (metrics: CvssMetrics): CvssScores => {
  const weight = (metric: string): number => weights[metric]?.[metrics.get(metric) ?? 'ND'] ?? 1;
  const exploitability = 20 * weight('AV') * weight('AC') * weight('Au');
  const baseOf = (impact: number): number =>
    round((0.6 * impact + 0.4 * exploitability - 1.5) * (impact === 0 ? 0 : 1.176));
  const temporalOf = (base: number): number => round(base * weight('E') * weight('RL') * weight('RC'));
  const base = baseOf(10.41 * (1 - (1 - weight('C')) * (1 - weight('I')) * (1 - weight('A'))));
  const adjusted =
    1 - (1 - weight('C') * weight('CR')) * (1 - weight('I') * weight('IR')) * (1 - weight('A') * weight('AR'));
  const adjustedTemporal = temporalOf(baseOf(Math.min(10, 10.41 * adjusted)));
  const temporal = has(metrics, 'E', 'RL', 'RC') ? temporalOf(base) : undefined;
  const environmental = has(metrics, 'CDP', 'TD', 'CR', 'IR', 'AR')
    ? round((adjustedTemporal + (10 - adjustedTemporal) * weight('CDP')) * weight('TD'))
    : undefined;
  return {
    version: '2.0',
    base,
    overall: environmental ?? temporal ?? base,
    ...(temporal === undefined ? {} : { temporal }),
    ...(environmental === undefined ? {} : { environmental }),
  };
};

const impacts = { N: 0, P: 0.275, C: 0.66 };
const requirements = { L: 0.5, M: 1, H: 1.51 };

/** `ND` (not defined) is 1 everywhere, but 0 for collateral damage. */
const weights: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { L: 0.395, A: 0.646, N: 1 },
  AC: { H: 0.35, M: 0.61, L: 0.71 },
  Au: { M: 0.45, S: 0.56, N: 0.704 },
  C: impacts,
  I: impacts,
  A: impacts,
  E: { U: 0.85, POC: 0.9, F: 0.95, H: 1 },
  RL: { OF: 0.87, TF: 0.9, W: 0.95, U: 1 },
  RC: { UC: 0.9, UR: 0.95, C: 1 },
  CDP: { N: 0, L: 0.1, LM: 0.3, MH: 0.4, H: 0.5, ND: 0 },
  TD: { N: 0, L: 0.25, M: 0.75, H: 1 },
  CR: requirements,
  IR: requirements,
  AR: requirements,
};

const has = (metrics: CvssMetrics, ...names: readonly string[]): boolean => names.some((name) => metrics.has(name));

/** To one decimal, half up; a little more than the value, since 8.55 is 8.549999 in binary. Never below 0. */
const round = (value: number): number => Math.max(0, Math.round(value * 10 + 1e-9) / 10);

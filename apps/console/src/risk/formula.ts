import type { Risk, RiskFactor } from '@parapet/contract/api';

/** Changes whenever the numbers would; stored risk of another formula is computed anew at start. */
export const formulaVersion = 'parapet-risk/1';

/**
 * 100 times the square root of the product. The root keeps the order and spreads the bands: with four factors below 1 the
 * plain product would call nearly everything low. One decimal, as it is stored.
 */
export const riskValue = (likelihood: number, exposure: number, use: number, impact: number): number =>
  Math.round(1000 * Math.sqrt(likelihood * exposure * use * impact)) / 10;

export const riskOf = (factors: Omit<Risk, 'value' | 'formula'>): Risk => ({
  value: riskValue(factors.likelihood.value, factors.exposure.value, factors.use.value, factors.impact.value),
  formula: formulaVersion,
  ...factors,
});

export type Evidence = RiskFactor['evidence'][number];

/** Evidence beyond this adds nothing that a person would read. */
const evidenceLimit = 6;

export const factor = (
  value: number,
  reason: string,
  evidence: readonly Evidence[] = [],
  known = true,
): RiskFactor => ({
  value,
  known,
  reason,
  evidence: evidence.slice(0, evidenceLimit),
});

/** What we cannot see is neither safe nor dangerous: a stated middle value. */
export const blindFactor = (value: number, reason: string, evidence: readonly Evidence[] = []): RiskFactor =>
  factor(value, reason, [...evidence, { kind: 'blind', text: reason }], false);

/** `a`, `a and b`, `a, b and c`, `a, b, c and 4 more`. */
export const enumerate = (names: readonly string[], limit = 3): string => {
  const unique = [...new Set(names)];
  const shown = unique.slice(0, limit);
  const rest = unique.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`;
  return shown.length <= 1 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
};

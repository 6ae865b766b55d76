import calculator from 'ae-cvss-calculator';
import type { CvssScore } from '../model.ts';

/** A vector with every metric of 4.0 has about 190 characters. */
const maxVectorLength = 512;

/**
 * The score of a CVSS 2.0, 3.0, 3.1 or 4.0 vector: the base score, for 4.0 with its threat metrics where given. `undefined`
 * for a vector that is malformed or lacks base metrics; never a guess.
 */
export const scoreCvss = (vector: string): CvssScore | undefined => {
  if (vector.length > maxVectorLength || !hasOwnMetrics(vector)) return undefined;
  try {
    const parsed = calculator.fromVector(vector);
    if (parsed === null || !parsed.isBaseFullyDefined()) return undefined;
    const { base } = parsed.calculateScores();
    if (base === undefined || !Number.isFinite(base)) return undefined;
    return { version: parsed.getVectorName().replace('CVSS:', ''), vector, score: Math.max(base, 0) };
  } catch {
    return undefined;
  }
};

/** The qualitative rating scale of CVSS 3 and 4. */
export const ratingOf = (score: number): 'None' | 'Low' | 'Medium' | 'High' | 'Critical' =>
  score >= 9 ? 'Critical' : score >= 7 ? 'High' : score >= 4 ? 'Medium' : score > 0 ? 'Low' : 'None';

/** A known version and `KEY:VALUE` parts, each key once, as all versions demand; the calculator itself is lenient. */
const hasOwnMetrics = (vector: string): boolean => {
  const parts = vector.replace(/^CVSS:(?:3\.0|3\.1|4\.0)\//, '').split('/');
  const keys = parts.map((part) => /^([A-Za-z]{1,3}):[A-Za-z]+$/.exec(part)?.[1]);
  return !keys.includes(undefined) && new Set(keys).size === keys.length;
};

import calculator from 'ae-cvss-calculator';
import type { CvssScore } from '../model.ts';
import type { CvssMetrics, CvssScores } from './cvss-scores.ts';
import { cvssVersionOf } from './cvss-vector.ts';
import { scoresOfVersion2 } from './cvss2.ts';
import { scoresOfVersion3 } from './cvss3.ts';

/**
 * The score of a CVSS 2.0, 3.0, 3.1 or 4.0 vector: the base score, for 4.0 with its threat metrics where given. `undefined`
 * for a vector that its specification does not allow; never a guess.
 */
export const scoreCvss = (vector: string): CvssScore | undefined => {
  const known = scored.get(vector);
  if (known !== undefined || scored.has(vector)) return known;
  if (scored.size >= maxScored) scored.clear();
  const score = newScore(vector);
  scored.set(vector, score);
  return score;
};

/** A feed of 50,000 records has some thousand different vectors. */
const scored = new Map<string, CvssScore | undefined>();
const maxScored = 10_000;

const newScore = (vector: string): CvssScore | undefined => {
  const scores = scoresOfCvss(vector);
  if (scores === undefined) return undefined;
  return { version: scores.version, vector, score: scores.version === '4.0' ? scores.overall : scores.base };
};

/** Every score of a vector; `undefined` as with {@link scoreCvss}. */
export const scoresOfCvss = (vector: string): CvssScores | undefined => {
  const version = cvssVersionOf(vector);
  switch (version) {
    case undefined:
      return undefined;
    case '2.0':
      return scoresOfVersion2(metricsOf(vector));
    case '3.0':
    case '3.1':
      return scoresOfVersion3(version, metricsOf(vector));
    case '4.0':
      return scoresOfVersion4(vector);
  }
};

const metricsOf = (vector: string): CvssMetrics =>
  new Map(vector.split('/').map((part) => [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)]));

/** Version 4 looks its score up in a table of 270 groups, which the library has. */
const scoresOfVersion4 = (vector: string): CvssScores | undefined => {
  try {
    const { baseMetricsOnly, overall } = new calculator.Cvss4P0(vector).calculateScores();
    return Number.isFinite(overall) ? { version: '4.0', base: baseMetricsOnly ?? overall, overall } : undefined;
  } catch {
    return undefined;
  }
};

/** The qualitative rating scale of CVSS 3 and 4. */
export const ratingOf = (score: number): 'None' | 'Low' | 'Medium' | 'High' | 'Critical' =>
  score >= 9 ? 'Critical' : score >= 7 ? 'High' : score >= 4 ? 'Medium' : score > 0 ? 'Low' : 'None';

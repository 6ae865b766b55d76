import type { RiskFactor } from '@parapet/contract';
import type { CvssScore, Match } from '../model.ts';

/** Goes up whenever the same match would get another value, so that stored risks can be told apart. */
export const likelihoodFormula = 'likelihood/1';

/** The stated middle value where no publisher says anything at all. */
const unknownLikelihood = 0.3;
/** Known exploitation is close to certainty; known use by ransomware is where it ends. */
const exploitedLikelihood = 0.97;
/** What a public demonstration adds by itself. */
const demonstrationWeight = 0.4;
/** What the easiest vector with the highest score adds by itself. */
const vectorWeight = 0.35;
/** In place of EPSS, which needs some days to score a new CVE. */
const unscoredWeight = 0.15;

type Evidence = RiskFactor['evidence'][number];

/** One independent hint that the vulnerability will be exploited, 0 to 1. */
type Hint = { readonly weight: number; readonly evidence: Evidence };

/**
 * How likely it is that somebody exploits a vulnerability somewhere, whatever the asset.
 *
 * `1 − Π(1 − hint)` over: √EPSS (which spreads the many small probabilities), a public exploit (0.4), and how easy the CVSS
 * vector makes it (up to 0.35). An entry in CISA's catalogue lifts it to at least 0.97, use by ransomware to 1.
 */
export const likelihoodOf = (
  match: Pick<Match, 'kev' | 'epss' | 'exploits' | 'cvss' | 'publishedSeverity'>,
): RiskFactor => {
  const hints = [epssHint(match), exploitHint(match), vectorHint(match)].filter((hint) => hint !== undefined);
  const evidence = [...kevEvidence(match), ...hints.map((hint) => hint.evidence)];
  if (evidence.length === 0) {
    return {
      value: unknownLikelihood,
      known: false,
      reason: 'No publisher says how likely an attack is; a middle value stands in.',
      evidence: [{ kind: 'blind', text: 'No KEV entry, no EPSS score, no CVSS vector.' }],
    };
  }
  const weights = hints.map(({ weight }) => weight);
  if (match.epss === undefined && match.kev === undefined) weights.push(unscoredWeight);
  const combined = 1 - weights.reduce((product, weight) => product * (1 - weight), 1);
  const floor = match.kev === undefined ? 0 : match.kev.ransomware === true ? 1 : exploitedLikelihood;
  return { value: round(Math.max(combined, floor)), known: true, reason: reasonOf(match), evidence };
};

const kevEvidence = ({ kev }: Pick<Match, 'kev'>): Evidence[] => {
  if (kev === undefined) return [];
  const use = kev.ransomware === true ? ', used by ransomware' : '';
  return [
    {
      kind: 'kev',
      text: `In CISA's catalogue of known exploited vulnerabilities since ${kev.dateAdded}${use}.`,
      ref: 'https://www.cisa.gov/known-exploited-vulnerabilities-catalog',
    },
  ];
};

const epssHint = ({ epss }: Pick<Match, 'epss'>): Hint | undefined =>
  epss && {
    weight: Math.sqrt(epss.score),
    evidence: {
      kind: 'epss',
      text: `EPSS ${percent(epss.score)}: the chance of exploitation within 30 days; higher than ${percent(epss.percentile)} of all vulnerabilities.`,
    },
  };

const exploitHint = ({ exploits }: Pick<Match, 'exploits'>): Hint | undefined => {
  const [first] = exploits;
  if (first === undefined) return undefined;
  return {
    weight: demonstrationWeight,
    evidence: { kind: 'exploit', text: 'A demonstration or exploit is public.', ref: first },
  };
};

const vectorHint = ({ cvss, publishedSeverity }: Pick<Match, 'cvss' | 'publishedSeverity'>): Hint | undefined => {
  const best = newestScore(cvss);
  if (best !== undefined) {
    return {
      weight: vectorWeight * easeOf(best.vector) * (best.score / 10),
      evidence: { kind: 'cvss', text: `CVSS ${best.version} base score ${best.score.toFixed(1)} (${best.vector}).` },
    };
  }
  const word = publishedSeverity?.toLowerCase() ?? '';
  const share = severityShares.get(word);
  if (share === undefined) return undefined;
  return {
    weight: vectorWeight * share * unknownEase,
    evidence: { kind: 'feed', text: `The publisher calls it ${word}.` },
  };
};

/** The score of the newest version of CVSS; of several the highest. */
export const newestScore = (scores: readonly CvssScore[]): CvssScore | undefined =>
  scores.toSorted((a, b) => Number(b.version) - Number(a.version) || b.score - a.score)[0];

const severityShares: ReadonlyMap<string, number> = new Map([
  ['critical', 1],
  ['important', 0.8],
  ['high', 0.8],
  ['moderate', 0.5],
  ['medium', 0.5],
  ['low', 0.25],
  ['negligible', 0.05],
  ['unimportant', 0.05],
]);

/** For a word without a vector: neither remote and open to all, nor hard. */
const unknownEase = 0.6;

const metricShares: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  AV: { N: 1, A: 0.6, L: 0.4, P: 0.15 },
  AC: { L: 1, M: 0.8, H: 0.55 },
  AT: { N: 1, P: 0.7 },
  PR: { N: 1, L: 0.7, H: 0.4 },
  Au: { N: 1, S: 0.7, M: 0.4 },
  UI: { N: 1, R: 0.7, P: 0.8, A: 0.7 },
};

/** How little an attacker needs, 0 to 1: the product of the vector's exploitability metrics, of any version of CVSS. */
const easeOf = (vector: string): number =>
  vector.split('/').reduce((ease, part) => {
    const [metric = '', value = ''] = part.split(':');
    return ease * (metricShares[metric]?.[value] ?? 1);
  }, 1);

const reasonOf = ({ kev, epss, exploits, cvss }: Pick<Match, 'kev' | 'epss' | 'exploits' | 'cvss'>): string => {
  if (kev !== undefined) {
    return kev.ransomware === true
      ? 'It is being exploited in the wild, by ransomware too.'
      : 'It is known to be exploited in the wild.';
  }
  if (exploits.length > 0) return 'An exploit or demonstration is public.';
  if (epss !== undefined && epss.score >= 0.1)
    return `EPSS expects exploitation with ${percent(epss.score)} within 30 days.`;
  if (epss !== undefined) return `No exploitation is known; EPSS expects it with ${percent(epss.score)}.`;
  const best = newestScore(cvss);
  return best === undefined
    ? "Only the publisher's word on severity is known."
    : `Not scored by EPSS yet; its vector has a base score of ${best.score.toFixed(1)}.`;
};

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.01 ? 2 : share < 0.1 ? 1 : 0)} %`;

const round = (value: number): number => Math.round(value * 1000) / 1000;

import type { AdvisoryDatabase, Match } from '@parapet/advisories';
import type { RiskFactor } from '@parapet/contract/api';
import type { MatchMemory } from './match-memory.ts';

/** The advisory database in use. It is asked anew for every piece of work, because a new feed takes its place at any time. */
export type AdvisoryContent = {
  /** Undefined while there are no feeds, or their file is missing or damaged. */
  readonly current: () => AdvisoryDatabase | undefined;
  /** From KEV, EPSS, known exploits and the CVSS vector. */
  readonly likelihoodOf: (match: Match) => RiskFactor;
  /** What was matched already, so that assets with the same packages cost less. */
  readonly matched?: MatchMemory;
};

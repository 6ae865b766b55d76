import type { HuntEvent } from '@parapet/contract/api';
import { type Counts, readCounts } from './counts.ts';
import type { AnswerDeps, ForensicQuery } from './deps.ts';

/** Most processes and containers tell fewer: then one reading of them serves all parts of the answer. */
const few = 1000;

export type OwnEvents = Counts & {
  /** Newest first; absent when there are more than are read at once. */
  readonly all?: readonly HuntEvent[];
};

/** The events of a subject: counted, and read where there are few. */
export const readOwnEvents = async (
  deps: AnswerDeps,
  q: string,
  { since, until }: Pick<ForensicQuery, 'since' | 'until'>,
): Promise<OwnEvents> => {
  const counts = await readCounts(deps, q, { since, until });
  if (counts.total === 0) return { ...counts, all: [] };
  if (counts.total > few) return counts;
  const { items, next } = await deps.hunts.find({ q, since, until, limit: few });
  return next === undefined ? { ...counts, all: items } : counts;
};

/** Starts and ends of processes. */
export const isLife = (event: HuntEvent): boolean =>
  event['event.action'] === 'exec' || event['event.action'] === 'exit';

import type { HuntEvent } from '@parapet/contract/api';
import { type Counts, countsOf, readCounts } from './counts.ts';
import type { AnswerDeps, ForensicQuery } from './deps.ts';

/** Most processes and containers tell fewer: then one reading of them serves all parts of the answer. */
const few = 1000;

export type OwnEvents = Counts & {
  /** Newest first; absent when there are more than are read at once. */
  readonly all?: readonly HuntEvent[];
  /** Starts and ends of what a process started itself, newest first, where there are few of these as well. */
  readonly direct?: readonly HuntEvent[];
};

type Span = Pick<ForensicQuery, 'since' | 'until'>;

/** The events of a subject: counted, and read where there are few. */
export const readOwnEvents = async (deps: AnswerDeps, q: string, span: Span): Promise<OwnEvents> => {
  const all = await deps.hunts.all({ q, since: span.since, until: span.until, limit: few });
  return all === undefined ? readCounts(deps, q, span) : { ...countsOf(all, span), all };
};

/** The same of a process, in one reading with what it started where both together are few. */
export const readEventsOfProcess = async (
  deps: AnswerDeps,
  { hostId, id }: { readonly hostId: string; readonly id: string },
  span: Span,
): Promise<OwnEvents> => {
  const { since, until } = span;
  const own = `process.entity_id = "${id}"`;
  const q = `host.id = ${hostId} and (${own} or (process.parent.entity_id = "${id}" and event.action in (exec, exit)))`;
  const both = await deps.hunts.all({ q, since, until, limit: few });
  if (both === undefined) return readOwnEvents(deps, `host.id = ${hostId} and ${own}`, span);
  const all = both.filter((event) => event['process.entity_id'] === id);
  const direct = both.filter((event) => event['process.parent.entity_id'] === id && isLife(event));
  return { ...countsOf(all, span), all, direct };
};

/** Starts and ends of processes. */
export const isLife = (event: HuntEvent): boolean =>
  event['event.action'] === 'exec' || event['event.action'] === 'exit';

import type { HuntEvent, HuntGap } from '@parapet/contract/api';
import { useEffect, useRef, useState } from 'react';
import { request } from '../../lib/api.ts';
import { idOf } from './use-events.ts';

const everyMs = 2000;
/** What is told late, by a slow host or a full spool, still comes. */
const lateMs = 10_000;
const beginsMs = 60_000;
const pageRows = 500;
const keptRows = 5000;

export type Tail = {
  readonly rows: readonly HuntEvent[];
  readonly gaps: readonly HuntGap[];
  readonly error: Error | null;
  /** More came at once than is fetched: some are not in the list. */
  readonly overrun: boolean;
  readonly started: boolean;
};

export const nothingYet: Tail = { rows: [], gaps: [], error: null, overrun: false, started: false };

/** The newest events that a hunt finds, asked for every two seconds while it is on and the page is looked at. */
export const useTail = (q: string, on: boolean): Tail => {
  const [tail, setTail] = useState(nothingYet);
  const shown = useRef(nothingYet);
  useEffect(() => {
    shown.current = nothingYet;
    setTail(nothingYet);
    if (!on) return;
    const stop = new AbortController();
    const begun = Date.now();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      if (!document.hidden) {
        shown.current = await fetchNext(q, shown.current, begun, stop.signal);
        if (!stop.signal.aborted) setTail(shown.current);
      }
      if (!stop.signal.aborted) timer = setTimeout(() => void look(), everyMs);
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [q, on]);
  return tail;
};

const fetchNext = async (q: string, before: Tail, begun: number, signal: AbortSignal): Promise<Tail> => {
  const newest = Number(before.rows[0]?.['@timestamp'] ?? (begun - beginsMs + lateMs) * 1000);
  const since = new Date(newest / 1000 - lateMs).toISOString();
  const until = new Date(Date.now() + beginsMs).toISOString();
  try {
    const { items, gaps, next } = await request('hunt.events', { query: { q, since, until, limit: pageRows } }, signal);
    return joined(before, { items, gaps, more: next !== undefined });
  } catch (error) {
    return { ...before, started: true, error: error instanceof Error ? error : new Error(String(error)) };
  }
};

/** What was shown with what came, newest first, each event once. */
export const joined = (
  before: Tail,
  came: { readonly items: readonly HuntEvent[]; readonly gaps: readonly HuntGap[]; readonly more: boolean },
): Tail => {
  const known = new Set(before.rows.map(idOf));
  const fresh = came.items.filter((event) => !known.has(idOf(event)));
  // A full page without one that was known: between it and what was shown there may be others.
  const jumped = came.more && before.rows.length > 0 && fresh.length === came.items.length;
  return {
    rows: [...fresh, ...before.rows].toSorted(newestFirst).slice(0, keptRows),
    gaps: came.gaps,
    error: null,
    overrun: before.overrun || jumped,
    started: true,
  };
};

const newestFirst = (a: HuntEvent, b: HuntEvent): number =>
  Number(b['@timestamp']) - Number(a['@timestamp']) || Number(b['event.sequence']) - Number(a['event.sequence']);

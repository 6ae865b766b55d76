import type { HuntEvent, HuntGap } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { request } from '../../lib/api.ts';
import type { Span } from './hunt-search.ts';
import { narrowed } from './pivot.ts';

const pageEvents = 1000;
const maxPages = 6;

export type StartsAndEnds = {
  readonly events: readonly HuntEvent[];
  readonly gaps: readonly HuntGap[];
  /** There are older ones. */
  readonly cut: boolean;
};

/** The newest starts and ends of processes that a hunt finds. */
export const useStartsAndEnds = (q: string, span: Span, enabled: boolean) => {
  const asked = narrowed(q, 'event.action in (exec, exit)');
  return useQuery({
    queryKey: ['hunt.lives', { asked, ...span }],
    queryFn: ({ signal }) => fetchAll(asked, span, signal),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30_000,
    enabled,
  });
};

const fetchAll = async (q: string, span: Span, signal: AbortSignal): Promise<StartsAndEnds> => {
  const events: HuntEvent[] = [];
  let after: string | undefined;
  let gaps: readonly HuntGap[] = [];
  for (let page = 0; page < maxPages; page += 1) {
    const found = await request(
      'hunt.events',
      { query: { q, ...span, limit: pageEvents, ...(after === undefined ? {} : { after }) } },
      signal,
    );
    events.push(...found.items);
    gaps = found.gaps;
    after = found.next;
    if (after === undefined) break;
  }
  return { events, gaps, cut: after !== undefined };
};

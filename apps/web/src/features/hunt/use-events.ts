import type { HuntEvent, HuntGap } from '@parapet/contract/api';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { request } from '../../lib/api.ts';
import { formatEventKey, type Span } from './hunt-search.ts';

/** Beyond this a list is no longer read; the export holds everything. */
export const maxRows = 200_000;
const pageRows = 500;

export type Events = {
  readonly rows: readonly HuntEvent[];
  readonly gaps: readonly HuntGap[] | undefined;
  readonly more: boolean;
  readonly pending: boolean;
  /** What is shown is of the hunt before, until the new answer comes. */
  readonly stale: boolean;
  readonly fetchingMore: boolean;
  readonly error: Error | null;
  readonly refetch: () => void;
  readonly fetchMore: () => void;
};

/** The events that a hunt finds, newest first, page by page. */
export const useEvents = (q: string, span: Span, enabled: boolean): Events => {
  const query = useInfiniteQuery({
    queryKey: ['hunt.events', 'pages', { q, ...span }],
    queryFn: ({ signal, pageParam }) =>
      request(
        'hunt.events',
        { query: { q, ...span, limit: pageRows, ...(pageParam === undefined ? {} : { after: pageParam }) } },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    // A long list is large: it is not kept once another is looked at.
    gcTime: 30_000,
    enabled,
  });
  const rows = useMemo(() => query.data?.pages.flatMap(({ items }) => items) ?? [], [query.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = hasNextPage && rows.length < maxRows;
  const fetchMore = useCallback(() => {
    if (more && !isFetchingNextPage) void fetchNextPage();
  }, [more, isFetchingNextPage, fetchNextPage]);
  return {
    rows,
    gaps: query.data?.pages[0]?.gaps,
    more: hasNextPage,
    pending: query.isPending,
    stale: query.isPlaceholderData,
    fetchingMore: isFetchingNextPage,
    error: query.error,
    refetch: () => void query.refetch(),
    fetchMore,
  };
};

export const idOf = (event: HuntEvent): string =>
  formatEventKey({
    at: Number(event['@timestamp']),
    host: String(event['host.id']),
    sequence: Number(event['event.sequence']),
  });

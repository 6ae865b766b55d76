import { useCallback, useMemo } from 'react';
import { type SteadyRows, useSteadyRows } from './steady-rows.ts';

/** What is asked of a query that is fetched page by page. */
type Pages<P> = {
  readonly data: { readonly pages: readonly P[] } | undefined;
  readonly isPlaceholderData: boolean;
  readonly isPending: boolean;
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly fetchNextPage: () => unknown;
  readonly error: Error | null;
  readonly refetch: () => unknown;
};
type PageOf<T> = { readonly items: readonly T[] };

/** The rows of all pages that are there. */
export const useRowsOf = <T>({ data }: Pick<Pages<PageOf<T>>, 'data'>): readonly T[] =>
  useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);

/** Fetches the next page where there is one and it is not on its way. */
export const useFetchMore = ({
  hasNextPage,
  isFetchingNextPage,
  fetchNextPage,
}: Pick<Pages<unknown>, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>): (() => void) =>
  useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

export type SteadyPages<T, P> = {
  readonly steady: SteadyRows<T>;
  readonly fetchMore: () => void;
  readonly pending: boolean;
  readonly error: Error | null;
  readonly refetch: () => void;
  /** Has what is told of the whole list. */
  readonly first: P | undefined;
};

/** A list in pages that stands still while it is read. `view` says what was asked for: with another one it starts over. */
export const useSteadyPages = <T, P extends PageOf<T>>(
  pages: Pages<P>,
  keyOf: (row: T) => string,
  view: string,
): SteadyPages<T, P> => {
  const steady = useSteadyRows(useRowsOf<T>(pages), keyOf, pages.isPlaceholderData ? 'before' : view);
  return {
    steady,
    fetchMore: useFetchMore(pages),
    pending: pages.isPending,
    error: pages.error,
    refetch: () => void pages.refetch(),
    first: pages.data?.pages[0],
  };
};

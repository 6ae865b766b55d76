import { ApiFailure, createApiClient, type InputOf, type ResultOf, type RouteName } from '@parapet/contract/api';
import {
  infiniteQueryOptions,
  keepPreviousData,
  type QueryKey,
  queryOptions,
  type UseMutationResult,
  useMutation,
} from '@tanstack/react-query';

/** The typed client of the console that served this page. */
export const api = createApiClient({ baseUrl: '' });

type Args<N extends RouteName> = keyof InputOf<N> extends never ? [input?: undefined] : [input: InputOf<N>];
type PagedRoute = {
  [N in RouteName]: ResultOf<N> extends { items: unknown[]; next?: string | undefined; total: number } ? N : never;
}[RouteName];

/** Query options of one route; the key begins with the route's name, by which the live feed finds it. */
export const apiQuery = <N extends RouteName>(name: N, ...[input]: Args<N>) =>
  queryOptions<ResultOf<N>, Error>({
    queryKey: [name, input ?? {}] as QueryKey,
    queryFn: ({ signal }) => request(name, input, signal),
  });

/** Like `apiQuery`, but keeps the last answer on screen while the input changes (filters, moments). */
export const steadyQuery = <N extends RouteName>(name: N, ...args: Args<N>) => ({
  ...apiQuery(name, ...args),
  placeholderData: keepPreviousData as never,
});

/** A keyset-paged list, fetched page by page. */
export const apiPages = <N extends PagedRoute>(name: N, input: InputOf<N>) =>
  infiniteQueryOptions<
    ResultOf<N>,
    Error,
    { pages: ResultOf<N>[]; pageParams: (string | undefined)[] },
    QueryKey,
    string | undefined
  >({
    queryKey: [name, 'pages', input] as QueryKey,
    initialPageParam: undefined,
    getNextPageParam: (last) => (last as { next?: string }).next,
    queryFn: ({ signal, pageParam }) => {
      const query = {
        ...(input as { query?: object }).query,
        ...(pageParam === undefined ? {} : { after: pageParam }),
      };
      return request(name, { ...input, query } as InputOf<N>, signal);
    },
    placeholderData: keepPreviousData as never,
  });

/** A changing call. Errors are shown by the caller through `error`. */
export const useApiMutation = <N extends RouteName>(
  name: N,
  onSuccess?: (result: ResultOf<N>, input: InputOf<N>) => unknown,
): UseMutationResult<ResultOf<N>, Error, InputOf<N>> =>
  useMutation({
    mutationFn: (input: InputOf<N>) => request(name, input),
    ...(onSuccess === undefined ? {} : { onSuccess }),
  });

export const request = <N extends RouteName>(
  name: N,
  input?: InputOf<N> | undefined,
  signal?: AbortSignal,
): Promise<ResultOf<N>> =>
  (api.call as unknown as LooseCall)(name, { ...input, ...(signal === undefined ? {} : { signal }) }) as Promise<
    ResultOf<N>
  >;

export const isUnauthorised = (error: unknown): boolean => error instanceof ApiFailure && error.status === 401;

type LooseCall = (name: RouteName, input: object) => Promise<unknown>;

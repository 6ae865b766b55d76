import { ApiFailure } from '@parapet/contract/api';
import { QueryCache, QueryClient } from '@tanstack/react-query';
import { isUnauthorised } from './api.ts';

/** Live data arrives by invalidation, so nothing is fetched again merely because time has passed. */
export const createQueryClient = (onSignedOut: () => void): QueryClient =>
  new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (isUnauthorised(error) && query.queryKey[0] !== 'session.get') onSignedOut();
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: 60_000,
        gcTime: 300_000,
        refetchOnWindowFocus: false,
        retry: (count, error) => count < 2 && isTransient(error),
        retryDelay: (attempt) => 500 * 2 ** attempt,
      },
    },
  });

/** The console could not be asked, which may be over in a moment; it did not answer that something is wrong. */
export const isTransient = (error: unknown): boolean =>
  error instanceof ApiFailure && (error.status === 0 || error.status === 502 || error.status === 503);

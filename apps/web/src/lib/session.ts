import type { Permission, Session } from '@parapet/contract/api';
import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { apiQuery } from './api.ts';
import { isTransient } from './query-client.ts';

/** Nothing is shown without it: asked for longer than the rest, because networks change while a page loads, but not so long that people wonder at an empty one. */
export const sessionQuery = () => ({
  ...apiQuery('session.get'),
  staleTime: 300_000,
  retry: (count: number, error: Error) => count < 3 && isTransient(error),
});

/** Who is signed in. Only inside the shell, which has made sure that someone is. */
export const useSession = (): Session => useSuspenseQuery(sessionQuery()).data;

/** Whether the person may do this; the console decides again on every call. */
export const useMay = (permission: Permission): boolean => {
  const { data } = useQuery(sessionQuery());
  return data?.permissions.includes(permission) ?? false;
};

import type { Permission, Session } from '@parapet/contract/api';
import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { apiQuery } from './api.ts';

export const sessionQuery = () => ({ ...apiQuery('session.get'), staleTime: 300_000, retry: false });

/** Who is signed in. Only inside the shell, which has made sure that someone is. */
export const useSession = (): Session => useSuspenseQuery(sessionQuery()).data;

/** Whether the person may do this; the console decides again on every call. */
export const useMay = (permission: Permission): boolean => {
  const { data } = useQuery(sessionQuery());
  return data?.permissions.includes(permission) ?? false;
};

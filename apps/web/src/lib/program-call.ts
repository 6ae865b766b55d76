import { useQuery } from '@tanstack/react-query';
import { apiQuery } from './api.ts';

/** How the command line is called on the console’s machine: its image and its service have it under another name than a checkout. */
export const useProgramCall = (): string => {
  const { data } = useQuery({ ...apiQuery('setup.get'), staleTime: 300_000 });
  return data?.command ?? './parapet';
};

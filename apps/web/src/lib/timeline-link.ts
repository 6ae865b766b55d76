import { stringifySearch } from './search-params.ts';

/** Whose timeline it is: a process by its host and identity, or a container. */
export type TimelineSubject = { readonly hostId: string; readonly process: string } | { readonly containerId: string };

export type TimelineSpan = { readonly since?: string | undefined; readonly until?: string | undefined };

/** The page of what one process or container did. `mark` is the moment that it is looked at for. */
export const timelineLink = (
  subject: TimelineSubject,
  span: TimelineSpan & { readonly last?: number | undefined; readonly mark?: string | undefined } = {},
): string => `/hunt/timeline${stringifySearch({ ...subject, ...span })}`;

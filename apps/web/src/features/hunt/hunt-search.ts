import type { FieldName } from '@parapet/contract/api';

/** What the hunt page keeps in its URL, see `huntSearch` in the router's page-search. */
export type HuntSearch = {
  readonly q?: string;
  /** Minutes back from now; 60 when nothing is said. A fixed span goes before it. */
  readonly last?: number;
  readonly since?: string;
  readonly until?: string;
  readonly cols?: readonly string[];
  readonly view?: 'tree';
  readonly tail?: 'on';
};

export const defaultMinutes = 60;

export const lastChoices = [
  { minutes: 15, label: 'Last 15 minutes' },
  { minutes: 60, label: 'Last hour' },
  { minutes: 360, label: 'Last 6 hours' },
  { minutes: 1440, label: 'Last 24 hours' },
  { minutes: 10_080, label: 'Last 7 days' },
] as const;

export type Span = { readonly since: string; readonly until: string };

/** The span of time that is looked at. One that is relative ends at `nowMs`, or at the past moment that the whole app shows. */
export const spanOf = (search: HuntSearch, nowMs: number, at?: string): Span => {
  if (search.since !== undefined && search.until !== undefined && search.since < search.until)
    return { since: search.since, until: search.until };
  const end = at === undefined ? Math.ceil(nowMs / 1000) * 1000 : Date.parse(at);
  const since = new Date(end - (search.last ?? defaultMinutes) * 60_000).toISOString();
  return { since, until: new Date(end).toISOString() };
};

export const isFixed = (search: HuntSearch): boolean => search.since !== undefined && search.until !== undefined;

/** Columns of the table beside the time: fields of events, and `what`, the line that says what happened. */
export type HuntColumn = FieldName | 'what';

export const defaultColumns: readonly HuntColumn[] = [
  'host.name',
  'container.name',
  'event.action',
  'process.name',
  'what',
];

/** A place in the list of all events: microseconds since the epoch, the host, the order on it. */
export type EventKey = { readonly at: number; readonly host: string; readonly sequence: number };

export const formatEventKey = ({ at, host, sequence }: EventKey): string => `${at}.${host}.${sequence}`;

/** `undefined` for what names no event. */
export const parseEventKey = (text: string): EventKey | undefined => {
  const match = /^(\d{1,16})\.([0-9a-f-]{36})\.(\d{1,16})$/.exec(text);
  return match === null ? undefined : { at: Number(match[1]), host: match[2] ?? '', sequence: Number(match[3]) };
};

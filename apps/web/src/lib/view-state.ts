import { Instant } from '@parapet/contract/api';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { z } from 'zod';
import { formatPanel, type PanelTarget, parsePanel } from './panel-target.ts';

/**
 * What every page keeps in its URL beside its own filters: `panel`, the thing in the drill-down panel, and `at`, the past
 * moment shown (absent: live).
 */
export const viewSearch = { panel: z.string().max(1024), at: Instant } as const;

export type Panel = {
  readonly target: PanelTarget | undefined;
  readonly open: (target: PanelTarget) => void;
  readonly close: () => void;
};

/** The right-hand drill-down panel. */
export const usePanel = (): Panel => {
  const { panel } = useSearch({ strict: false }) as { panel?: string };
  const setSearch = useSetSearch();
  const open = useCallback((target: PanelTarget) => setSearch({ panel: formatPanel(target) }), [setSearch]);
  const close = useCallback(() => setSearch({ panel: undefined }), [setSearch]);
  return { target: panel === undefined ? undefined : parsePanel(panel), open, close };
};

export type Moment = {
  /** ISO instant of a past moment; `undefined` when live. */
  readonly at: string | undefined;
  readonly live: boolean;
  readonly set: (at: string | undefined, options?: { readonly replace?: boolean }) => void;
};

/** Which moment is shown: live or a past one. */
export const useMoment = (): Moment => {
  const { at } = useSearch({ strict: false }) as { at?: string };
  const setSearch = useSetSearch();
  const set = useCallback<Moment['set']>((next, options) => setSearch({ at: next }, options), [setSearch]);
  return { at, live: at === undefined, set };
};

/** `{ at }` to spread into a query, or nothing when live. */
export const momentQuery = (moment: Moment): { at?: string } => (moment.at === undefined ? {} : { at: moment.at });

export type SetSearch = (changes: Readonly<Record<string, unknown>>, options?: { readonly replace?: boolean }) => void;

/** Changes some search parameters of the current page and keeps the others; `undefined` removes one. */
export const useSetSearch = (): SetSearch => {
  const navigate = useNavigate();
  return useCallback(
    (changes, options) => {
      void navigate({
        to: '.',
        search: ((previous: Record<string, unknown>) => ({ ...previous, ...changes })) as never,
        replace: options?.replace ?? false,
        resetScroll: false,
      });
    },
    [navigate],
  );
};

/** For a field that filters a list by text: keeps it as `q` in the URL, without an entry in the history for each pause. */
export const useTextFilter = (): ((text: string) => void) => {
  const setSearch = useSetSearch();
  return useCallback(
    (text: string) => setSearch({ q: text === '' ? undefined : text }, { replace: true }),
    [setSearch],
  );
};

import type { FindingGroup, FindingSummary } from '@parapet/contract/api';
import { useInfiniteQuery, useQueries } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';
import { apiPages, apiQuery } from '../../lib/api.ts';
import { useFetchMore, useRowsOf } from '../../lib/paged-rows.ts';
import { type SteadyRows, useSteadyRows } from '../../lib/steady-rows.ts';
import { type FindingsSearch, filterOf, groupFilter } from './filters.ts';
import { type FindingRow, groupedRows, type Members, plainRows } from './rows.ts';

/** How many findings an open group shows before it asks to be opened as a list of its own. */
const membersShown = 50;

export type FindingRows = {
  readonly rows: readonly FindingRow[];
  readonly steady: SteadyRows<unknown>;
  readonly totals:
    | { readonly findings: number; readonly groups: number; readonly more: boolean; readonly topFiveShare: number }
    | undefined;
  readonly pending: boolean;
  readonly error: Error | null;
  readonly refetch: () => void;
  readonly fetchMore: () => void;
  readonly toggle: (groupKey: string, expand?: boolean) => void;
};

/** The rows of the findings table for what the URL asks. */
export const useFindingRows = (search: FindingsSearch): FindingRows => {
  const by = search.by ?? 'fix';
  const grouped = by !== 'none';
  const filter = filterOf(search);
  const view = JSON.stringify([by, search.sort, filter]);
  const groups = useInfiniteQuery({
    ...apiPages('findings.groups', { query: { ...filter, ...(grouped ? { by } : {}), limit: 100 } }),
    enabled: grouped,
  });
  const list = useInfiniteQuery({
    ...apiPages('findings.list', { query: { ...filter, sort: search.sort ?? 'risk', limit: 200 } }),
    enabled: !grouped,
  });
  const active = grouped ? groups : list;
  const latestGroups = useRowsOf(groups);
  const latestList = useRowsOf(list);
  const settledView = active.isPlaceholderData ? 'before' : view;
  const steadyGroups = useSteadyRows(latestGroups, groupKeyOf, settledView);
  const steadyList = useSteadyRows(latestList, idOf, settledView);
  const { open, toggle } = useOpenGroups(view, by === 'fix' && search.fix !== undefined ? search.fix : undefined);
  const members = useMembers(search, open);
  const rows = useMemo(
    () => (grouped ? groupedRows(steadyGroups.rows, members) : plainRows(steadyList.rows)),
    [grouped, steadyGroups.rows, steadyList.rows, members],
  );
  const fetchMore = useFetchMore(active);
  const first = groups.data?.pages[0];
  const firstList = list.data?.pages[0];
  const totals = grouped
    ? first && {
        findings: first.findings,
        groups: first.total,
        more: first.totalIsMinimum,
        topFiveShare: first.topFiveShare,
      }
    : firstList && { findings: firstList.total, groups: 0, more: firstList.totalIsMinimum, topFiveShare: 0 };
  return {
    rows,
    steady: grouped ? steadyGroups : steadyList,
    totals,
    pending: active.isPending,
    error: active.error,
    refetch: () => void active.refetch(),
    fetchMore,
    toggle,
  };
};

/** Which groups are open. Another view begins with all closed, but for the one that was asked for. */
const useOpenGroups = (view: string, asked: string | undefined) => {
  const first = useMemo(() => (asked === undefined ? none : [asked]), [asked]);
  const [state, setState] = useState<{ readonly view: string; readonly keys: readonly string[] }>({
    view,
    keys: first,
  });
  const open = state.view === view ? state.keys : first;
  const toggle = useCallback(
    (key: string, expand?: boolean) =>
      setState((previous) => {
        const keys = previous.view === view ? previous.keys : first;
        const isOpen = keys.includes(key);
        if (isOpen === expand) return previous;
        return { view, keys: isOpen ? keys.filter((other) => other !== key) : [...keys, key] };
      }),
    [view, first],
  );
  return { open, toggle };
};

const none: readonly string[] = [];

const useMembers = (search: FindingsSearch, open: readonly string[]): ReadonlyMap<string, Members> => {
  const by = search.by ?? 'fix';
  const filter = filterOf(search);
  const results = useQueries({
    queries: open.map((key) =>
      apiQuery('findings.list', {
        query: { ...filter, ...(by === 'none' ? {} : groupFilter(by, key)), limit: membersShown },
      }),
    ),
  });
  return new Map(open.map((key, index) => [key, membersOf(results[index])]));
};

const membersOf = (
  result:
    | {
        readonly data?: { items: FindingSummary[]; next?: string | undefined } | undefined;
        readonly error: Error | null;
      }
    | undefined,
): Members => {
  if (result?.data !== undefined) {
    return { state: 'ready', findings: result.data.items, complete: result.data.next === undefined };
  }
  return { state: result?.error == null ? 'loading' : 'failed' };
};

const groupKeyOf = (group: FindingGroup): string => group.key;
const idOf = (finding: FindingSummary): string => finding.id;

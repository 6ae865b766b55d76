import { useMemo, useRef, useState } from 'react';

export type SteadyRows<T> = {
  /** In the order in which they are being read. */
  readonly rows: readonly T[];
  /** How many arrived, and how many left, since then. */
  readonly arrived: number;
  readonly left: number;
  /** Shows the list as it is now. */
  readonly settle: () => void;
  /** Takes the next answer as it comes: after an act of one's own, what it changed should be seen. */
  readonly release: () => void;
};

/**
 * Keeps a list still while it is read: rows change in place, but new ones wait until asked for and gone ones stay. A new
 * `view` (other filters, another sort) starts over.
 */
export const useSteadyRows = <T>(latest: readonly T[], keyOf: (row: T) => string, view: string): SteadyRows<T> => {
  const shown = useRef<{ readonly view: string; readonly rows: readonly T[] }>(nothingShown);
  const [settled, setSettled] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `settled` says that the shown rows were replaced
  return useMemo(() => {
    const same = shown.current.view === view;
    const steady = same ? keepOrder(shown.current.rows, latest, keyOf) : { rows: latest, arrived: 0, left: 0 };
    shown.current = { view, rows: steady.rows };
    return {
      ...steady,
      release: () => {
        shown.current = nothingShown;
      },
      settle: () => {
        shown.current = { view, rows: latest };
        setSettled((count) => count + 1);
      },
    };
  }, [latest, keyOf, view, settled]);
};

const nothingShown = { view: '', rows: [] } as const;

/**
 * The shown rows with their latest content. Rows that follow the last shown row in `latest` are further pages and join at
 * the end; rows that appear before it are new.
 */
export const keepOrder = <T>(
  shown: readonly T[],
  latest: readonly T[],
  keyOf: (row: T) => string,
): { readonly rows: readonly T[]; readonly arrived: number; readonly left: number } => {
  if (shown.length === 0) return { rows: latest, arrived: 0, left: 0 };
  const current = new Map(latest.map((row) => [keyOf(row), row]));
  const known = new Set(shown.map(keyOf));
  const lastKnown = latest.findLastIndex((row) => known.has(keyOf(row)));
  const further = latest.slice(lastKnown + 1).filter((row) => !known.has(keyOf(row)));
  const arrived = latest.slice(0, lastKnown + 1).filter((row) => !known.has(keyOf(row))).length;
  const rows = [...shown.map((row) => current.get(keyOf(row)) ?? row), ...(lastKnown < 0 ? [] : further)];
  return {
    rows,
    arrived: lastKnown < 0 ? further.length : arrived,
    left: shown.filter((row) => !current.has(keyOf(row))).length,
  };
};

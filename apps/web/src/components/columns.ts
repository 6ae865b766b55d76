import type { ReactNode } from 'react';

export type Column<R> = {
  readonly id: string;
  readonly header: string;
  /** The header is for screen readers only, e.g. over a mark or a button. */
  readonly hiddenHeader?: boolean;
  /** A grid track, e.g. `minmax(160px, 2fr)` or `96px`. */
  readonly width: string;
  readonly align?: 'end';
  /** Shown only when the table is at least this wide, in pixels. */
  readonly from?: number;
  readonly sortable?: boolean;
  readonly firstDirection?: 'up' | 'down';
  /** What to sort by, when the table holds all rows itself. */
  readonly value?: (row: R) => string | number | undefined;
  readonly cell: (row: R) => ReactNode;
};

export type Sort = { readonly by: string; readonly direction: 'up' | 'down' };

/** The columns for which there is room. */
export const shownColumns = <R>(columns: readonly Column<R>[], width: number): readonly Column<R>[] =>
  columns.filter((column) => column.from === undefined || width >= column.from);

export const columnTemplate = <R>(columns: readonly Column<R>[]): string =>
  columns.map((column) => column.width).join(' ');

/** Rows in the order of a column's values; rows without a value come last in both directions. Stable. */
export const sortRows = <R>(
  rows: readonly R[],
  columns: readonly Column<R>[],
  sort: Sort | undefined,
): readonly R[] => {
  const value = columns.find((column) => column.id === sort?.by)?.value;
  if (sort === undefined || value === undefined) return rows;
  const sign = sort.direction === 'up' ? 1 : -1;
  return rows.toSorted((a, b) => compare(value(a), value(b), sign));
};

const compare = (a: string | number | undefined, b: string | number | undefined, sign: number): number => {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * String(a).localeCompare(String(b), 'en', { numeric: true });
};

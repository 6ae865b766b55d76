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
  /** Shown only when the table is narrower than this. */
  readonly until?: number;
  readonly sortable?: boolean;
  readonly firstDirection?: 'up' | 'down';
  readonly cell: (row: R) => ReactNode;
};

export type Sort = { readonly by: string; readonly direction: 'up' | 'down' };

/** The columns for which there is room. */
export const shownColumns = <R>(columns: readonly Column<R>[], width: number): readonly Column<R>[] =>
  columns.filter(({ from = 0, until = Number.POSITIVE_INFINITY }) => width >= from && width < until);

export const columnTemplate = <R>(columns: readonly Column<R>[]): string =>
  columns.map((column) => column.width).join(' ');

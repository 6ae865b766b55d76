// biome-ignore-all lint/a11y/useSemanticElements: rows are drawn by position, which table elements do not allow
// biome-ignore-all lint/a11y/useFocusableInteractive: rows take the focus, their cells and groups do not
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type KeyboardEvent, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { type Column, columnTemplate, type Sort, shownColumns } from './columns.ts';
import styles from './data-table.module.css';

type RowLook = {
  /** Two lines instead of one. */
  readonly tall?: boolean;
  /** 1 for a row or group, 2 for what lies in a group. */
  readonly level?: 1 | 2;
  readonly expanded?: boolean | undefined;
  readonly selected?: boolean | undefined;
  /** What the panel shows. */
  readonly current?: boolean;
};

export type DataTableProps<R> = {
  /** What the rows are, for screen readers. */
  readonly label: string;
  readonly columns: readonly Column<R>[];
  readonly rows: readonly R[];
  readonly rowKey: (row: R) => string;
  readonly look?: (row: R) => RowLook;
  /** A row without columns, e.g. "loading more". */
  readonly fullRow?: (row: R) => ReactNode | undefined;
  readonly onOpen?: ((row: R) => void) | undefined;
  /** Right and left arrow. */
  readonly onExpand?: (row: R, expand: boolean) => void;
  /** The key `x`. */
  readonly onSelect?: (row: R) => void;
  readonly sort?: Sort | undefined;
  readonly onSort?: (sort: Sort) => void;
  /** Called when the last rows come into view. */
  readonly onEnd?: (() => void) | undefined;
  readonly foot?: ReactNode;
};

/**
 * A virtual table: only what is in view is drawn, columns give way when there is no room for them. Keys: arrows or j and k
 * move, Enter opens, arrows right and left expand, x selects.
 */
export const DataTable = <R,>(props: DataTableProps<R>) => {
  const { label, columns, rows, rowKey, onEnd, foot } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const width = useWidth(scroll);
  const shown = useMemo(() => shownColumns(columns, width), [columns, width]);
  const [focused, setFocused] = useState<string>();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: (index) => (isTall(props, rows[index]) ? 56 : 36),
    getItemKey: (index) => keyAt(rows, index, rowKey),
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (last >= 0 && last >= rows.length - 8) onEnd?.();
  }, [last, rows.length, onEnd]);
  const tabStop =
    focused !== undefined && rows.some((row) => rowKey(row) === focused) ? focused : keyAt(rows, 0, rowKey);
  const move = (index: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row === undefined) return;
    setFocused(rowKey(row));
    virtual.scrollToIndex(rows.indexOf(row), { align: 'auto' });
    requestAnimationFrame(() => focusRow(scroll.current, rowKey(row)));
  };
  return (
    <div ref={scroll} className={styles.scroll}>
      <div
        role="treegrid"
        aria-label={label}
        aria-rowcount={rows.length + 1}
        className={styles.table}
        style={{ '--columns': columnTemplate(shown) } as React.CSSProperties}
      >
        <div role="rowgroup">
          <Head columns={shown} sort={props.sort} onSort={props.onSort} />
        </div>
        <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            const key = rowKey(row);
            return (
              <Row
                key={key}
                props={props}
                columns={shown}
                row={row}
                index={item.index}
                start={item.start}
                measure={virtual.measureElement}
                tabStop={key === tabStop}
                onFocus={() => setFocused(key)}
                onMove={(step) => move(item.index + step)}
              />
            );
          })}
        </div>
      </div>
      {foot === undefined ? null : <div className={styles.foot}>{foot}</div>}
    </div>
  );
};

type HeadProps<R> = {
  readonly columns: readonly Column<R>[];
  readonly sort: Sort | undefined;
  readonly onSort: ((sort: Sort) => void) | undefined;
};

const Head = <R,>({ columns, sort, onSort }: HeadProps<R>) => (
  <div role="row" aria-rowindex={1} className={styles.head}>
    {columns.map((column) => {
      const direction = sort?.by === column.id ? sort.direction : undefined;
      const Arrow = direction === 'up' ? ArrowUp : ArrowDown;
      const end = column.align === 'end' ? styles.end : '';
      return (
        <div
          key={column.id}
          role="columnheader"
          className={`${styles.cell} ${end}`}
          {...(direction === undefined ? {} : { 'aria-sort': direction === 'up' ? 'ascending' : 'descending' })}
        >
          {column.sortable === true && onSort !== undefined ? (
            <button
              type="button"
              className={`${styles.sort} ${direction === undefined ? '' : styles.sorted}`}
              onClick={() => onSort(nextSort(column, sort))}
            >
              {column.header}
              {direction === undefined ? null : <Arrow size={12} aria-hidden />}
            </button>
          ) : column.hiddenHeader === true ? (
            <span className="visually-hidden">{column.header}</span>
          ) : (
            column.header
          )}
        </div>
      );
    })}
  </div>
);

type RowProps<R> = {
  readonly props: DataTableProps<R>;
  readonly columns: readonly Column<R>[];
  readonly row: R;
  readonly index: number;
  readonly start: number;
  readonly measure: (element: HTMLElement | null) => void;
  readonly tabStop: boolean;
  readonly onFocus: () => void;
  readonly onMove: (step: number) => void;
};

const Row = <R,>({ props, columns, row, index, start, measure, tabStop, onFocus, onMove }: RowProps<R>) => {
  const look = props.look?.(row) ?? {};
  const full = props.fullRow?.(row);
  return (
    <div
      ref={measure}
      data-index={index}
      data-key={props.rowKey(row)}
      data-tall={look.tall === true}
      data-level={look.level ?? 1}
      data-current={look.current === true}
      data-opens={full === undefined && props.onOpen !== undefined}
      role="row"
      aria-rowindex={index + 2}
      aria-level={look.level ?? 1}
      {...(look.expanded === undefined ? {} : { 'aria-expanded': look.expanded })}
      {...(look.selected === undefined ? {} : { 'aria-selected': look.selected })}
      tabIndex={tabStop ? 0 : -1}
      className={`${styles.row} ${full === undefined ? '' : styles.full}`}
      style={{ transform: `translateY(${start}px)` }}
      onFocus={onFocus}
      onClick={(event) => {
        if (full === undefined && !isControl(event.target)) props.onOpen?.(row);
      }}
      onKeyDown={(event) => handleKey(event, props, row, onMove)}
    >
      {full === undefined ? (
        columns.map((column) => (
          <div key={column.id} role="gridcell" className={`${styles.cell} ${column.align === 'end' ? styles.end : ''}`}>
            {column.cell(row)}
          </div>
        ))
      ) : (
        <div role="gridcell">{full}</div>
      )}
    </div>
  );
};

const handleKey = <R,>(
  event: KeyboardEvent,
  props: DataTableProps<R>,
  row: R,
  onMove: (step: number) => void,
): void => {
  if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = steps[event.key];
  if (step !== undefined) onMove(step);
  else if (event.key === 'Enter') props.onOpen?.(row);
  else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') props.onExpand?.(row, event.key === 'ArrowRight');
  else if (event.key === 'x') props.onSelect?.(row);
  else return;
  event.preventDefault();
};

const steps: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  j: 1,
  ArrowUp: -1,
  k: -1,
  PageDown: 12,
  PageUp: -12,
  Home: -Infinity,
  End: Infinity,
};

const nextSort = <R,>(column: Column<R>, sort: Sort | undefined): Sort =>
  sort?.by === column.id
    ? { by: column.id, direction: sort.direction === 'up' ? 'down' : 'up' }
    : { by: column.id, direction: column.firstDirection ?? 'up' };

const isControl = (target: EventTarget): boolean =>
  target instanceof Element && target.closest('a,button,input,label,select') !== null;

const focusRow = (container: HTMLElement | null, key: string): void => {
  container?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
};

const keyAt = <R,>(rows: readonly R[], index: number, rowKey: (row: R) => string): string => {
  const row = rows[index];
  return row === undefined ? `missing-${index}` : rowKey(row);
};

const isTall = <R,>(props: DataTableProps<R>, row: R | undefined): boolean =>
  row !== undefined && props.look?.(row).tall === true;

const useWidth = (ref: React.RefObject<HTMLElement | null>): number => {
  const [width, setWidth] = useState(0);
  // Measured before it is painted: the observer speaks a frame later, on a busy machine many.
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    setWidth(element.clientWidth);
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [ref]);
  return width;
};

import { ChevronRight } from 'lucide-react';
import { type ReactNode, useCallback, useState } from 'react';
import styles from './tree-cell.module.css';

/** Opens or closes a row of a tree; without `open` it becomes the other. */
export type ToggleRow = (key: string, open?: boolean) => void;

/** Which rows of a tree are closed. All are open at first. */
export const useClosedRows = (): readonly [ReadonlySet<string>, ToggleRow] => {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback<ToggleRow>((key, open) => {
    setClosed((current) => {
      const next = new Set(current);
      if (open ?? next.has(key)) next.delete(key);
      else next.add(key);
      return next;
    });
  }, []);
  return [closed, toggle];
};

type TreeCellProps = {
  readonly depth: number;
  /** Of a row with others below it: whether they are shown. */
  readonly open: boolean | undefined;
  readonly toggle: () => void;
  readonly children: ReactNode;
};

/** The first cell of a row in a table that is a tree. The keyboard opens rows by the table, so the mark takes no focus. */
export const TreeCell = ({ depth, open, toggle, children }: TreeCellProps) => (
  <div className={styles.cell} style={{ paddingLeft: Math.min(depth, maxIndent) * 16 }}>
    {open === undefined ? (
      <span className={styles.leaf} />
    ) : (
      <button
        type="button"
        tabIndex={-1}
        className={styles.expander}
        data-open={open}
        aria-label={open ? 'Close' : 'Open'}
        onClick={toggle}
      >
        <ChevronRight size={13} aria-hidden />
      </button>
    )}
    {children}
  </div>
);

/** Beyond it rows stand below each other: a deep tree must not push its text out of view. */
const maxIndent = 16;

import type { ReactNode } from 'react';
import { keyed } from '../lib/keyed.ts';
import styles from './simple-table.module.css';

type SimpleColumn<R> = {
  readonly id: string;
  readonly header: string;
  readonly hiddenHeader?: boolean;
  readonly align?: 'end';
  /** No wider than its content, e.g. a mark. */
  readonly tight?: boolean;
  /** Left out on narrow screens. */
  readonly wideOnly?: boolean;
  readonly cell: (row: R) => ReactNode;
};

type SimpleTableProps<R> = {
  readonly label: string;
  readonly columns: readonly SimpleColumn<R>[];
  readonly rows: readonly R[];
  readonly rowKey: (row: R) => string;
};

/** A short list as a plain table. Long ones take DataTable. */
export const SimpleTable = <R,>({ label, columns, rows, rowKey }: SimpleTableProps<R>) => (
  <div className={styles.wrap}>
    <table className={styles.table}>
      <caption className="visually-hidden">{label}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.id} scope="col" className={classOf(column)}>
              {column.hiddenHeader === true ? <span className="visually-hidden">{column.header}</span> : column.header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {keyed(rows, rowKey).map(([key, row]) => (
          <tr key={key}>
            {columns.map((column) => (
              <td key={column.id} className={classOf(column)}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);

const classOf = <R,>(column: SimpleColumn<R>): string =>
  [
    column.align === 'end' ? styles.end : '',
    column.tight === true ? styles.tight : '',
    column.wideOnly === true ? styles.wideOnly : '',
  ]
    .filter(Boolean)
    .join(' ');

import { formatMicroseconds, type Life, visibleText } from '@parapet/contract/api';
import { type ReactNode, useMemo } from 'react';
import type { Column } from '../../components/columns.ts';
import { DataTable } from '../../components/data-table.tsx';
import text from '../../components/text.module.css';
import { type ToggleRow, TreeCell, useClosedRows } from '../../components/tree-cell.tsx';
import { formatSpan } from '../../lib/format.ts';
import styles from './hunt.module.css';
import type { Span } from './hunt-search.ts';
import { type LifeRow, lifeRows } from './process-life.ts';
import { userName } from './user-words.ts';

type LivesTableProps = {
  readonly lives: readonly Life[];
  readonly span: Span;
  readonly onOpen: (life: Life) => void;
  readonly foot?: ReactNode;
};

/** Processes under those that started them, each with its life drawn over the span. */
export const LivesTable = ({ lives, span, onOpen, foot }: LivesTableProps) => {
  const [closed, toggle] = useClosedRows();
  const rows = useMemo(() => lifeRows(lives, closed), [lives, closed]);
  const columns = useMemo(() => columnsFor(span, closed, toggle), [span, closed, toggle]);
  return (
    <DataTable
      label="Processes over time"
      columns={columns}
      rows={rows}
      rowKey={({ life }) => life.key}
      look={({ life, children }) => (children > 0 ? { expanded: !closed.has(life.key) } : {})}
      onExpand={({ life }, expand) => toggle(life.key, expand)}
      onOpen={({ life }) => onOpen(life)}
      foot={foot}
    />
  );
};

const columnsFor = (span: Span, closed: ReadonlySet<string>, toggle: ToggleRow): readonly Column<LifeRow>[] => [
  {
    id: 'process',
    header: 'Process',
    width: 'minmax(0, 2fr)',
    cell: ({ life, depth, children }) => (
      <TreeCell depth={depth} open={children === 0 ? undefined : !closed.has(life.key)} toggle={() => toggle(life.key)}>
        <span className={styles.life}>
          <span className={text.strong}>{visibleText(life.name)}</span>
          <span className={`${styles.what} ${text.muted}`} title={visibleText(life.commands.join('\n'))}>
            {visibleText(life.commands.join('  →  '))}
          </span>
        </span>
      </TreeCell>
    ),
  },
  { id: 'pid', header: 'PID', width: '70px', align: 'end', from: 640, cell: ({ life }) => life.pid },
  {
    id: 'user',
    header: 'User',
    width: '80px',
    from: 760,
    cell: ({ life }) => <span className={text.muted}>{visibleText(userName(life.user ?? ''))}</span>,
  },
  {
    id: 'where',
    header: 'Where',
    width: 'minmax(80px, 0.6fr)',
    from: 900,
    cell: ({ life }) => {
      const where = visibleText(life.container ?? life.host);
      return (
        <span className={`${styles.where} ${text.muted}`} title={where}>
          {where}
        </span>
      );
    },
  },
  {
    id: 'ended',
    header: 'Ended',
    width: '92px',
    from: 520,
    cell: ({ life }) => <span className={text.muted}>{endOf(life)}</span>,
  },
  { id: 'life', header: 'Life', width: 'minmax(90px, 1.2fr)', cell: ({ life }) => <Bar life={life} span={span} /> },
];

const endOf = (life: Life): string => {
  if (life.startedAt === undefined && life.endedAt === undefined) return '';
  if (life.endedAt === undefined) return 'not in this time';
  return life.exitCode === undefined ? 'ended' : `exit code ${life.exitCode}`;
};

/** Its life over the span: an end without a mark lies outside. */
const Bar = ({ life, span }: { readonly life: Life; readonly span: Span }) => {
  const [from, to] = [Date.parse(span.since), Date.parse(span.until)];
  const share = (us: number): number => Math.min(1, Math.max(0, (us / 1000 - from) / (to - from)));
  if (life.startedAt === undefined && life.endedAt === undefined) return null;
  const start = life.startedAt === undefined ? 0 : share(life.startedAt);
  const end = life.endedAt === undefined ? 1 : share(life.endedAt);
  return (
    <div
      className={styles.span}
      title={[
        life.startedAt === undefined ? 'its start was not seen' : `from ${formatMicroseconds(life.startedAt)}`,
        life.endedAt === undefined ? '' : `to ${formatMicroseconds(life.endedAt)}`,
        life.startedAt === undefined || life.endedAt === undefined
          ? ''
          : `for ${formatSpan((life.endedAt - life.startedAt) / 1000)}`,
      ]
        .filter(Boolean)
        .join(' ')}
    >
      <span
        data-open={life.endedAt === undefined}
        style={{ left: `${start * 100}%`, width: `max(3px, ${(end - start) * 100}%)` }}
      />
    </div>
  );
};

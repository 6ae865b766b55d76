import { formatMicroseconds, type HuntEvent, type Life, livesOf, visibleText } from '@parapet/contract/api';
import { useMemo } from 'react';
import type { Column } from '../../components/columns.ts';
import { DataTable } from '../../components/data-table.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { type ToggleRow, TreeCell, useClosedRows } from '../../components/tree-cell.tsx';
import { formatCount, formatMoment, formatSpan } from '../../lib/format.ts';
import { useNow } from '../../lib/now.ts';
import { usePanel } from '../../lib/view-state.ts';
import { GapNote } from './gap-note.tsx';
import styles from './hunt.module.css';
import type { Span } from './hunt-search.ts';
import { type LifeRow, lifeRows } from './process-life.ts';
import { idOf } from './use-events.ts';
import type { useStartsAndEnds } from './use-starts-and-ends.ts';

type LivesProps = { readonly found: ReturnType<typeof useStartsAndEnds>; readonly span: Span };

/** Processes that the hunt finds, under those that started them, each with its life drawn over the span. */
export const ProcessLives = ({ found, span }: LivesProps) => {
  const panel = usePanel();
  const now = useNow();
  const [closed, toggle] = useClosedRows();
  const { data, error, refetch } = found;
  const lives = useMemo(() => livesOf(data?.events ?? []), [data]);
  const rows = useMemo(() => lifeRows(lives, closed), [lives, closed]);
  const columns = useMemo(() => columnsFor(span, closed, toggle), [span, closed, toggle]);
  if (error !== null && data === undefined)
    return <Failure what="The processes could not be fetched" error={error} retry={() => void refetch()} />;
  if (data === undefined) return <Skeleton label="processes" lines={12} />;
  return (
    <>
      <GapNote gaps={data.gaps} span={span} />
      {rows.length === 0 ? (
        <Empty title="No process started or ended here in this time">
          Look at a longer span, or take a condition away. Which programs run now is on the asset’s page.
        </Empty>
      ) : (
        <DataTable
          label="Processes over time"
          columns={columns}
          rows={rows}
          rowKey={({ life }) => life.key}
          look={({ life, children }) => (children > 0 ? { expanded: !closed.has(life.key) } : {})}
          onExpand={({ life }, expand) => toggle(life.key, expand)}
          onOpen={({ life }) => {
            if (life.event !== undefined) panel.open({ kind: 'event', id: idOf(life.event) });
          }}
          foot={
            data.cut
              ? `The newest ${formatCount(data.events.length)} starts and ends, back to ${formatMoment(earliest(data.events), now)}. Look at a shorter span for those before.`
              : undefined
          }
        />
      )}
    </>
  );
};

const earliest = (events: readonly HuntEvent[]): string =>
  new Date(Number(events.at(-1)?.['@timestamp'] ?? 0) / 1000).toISOString();

const columnsFor = (span: Span, closed: ReadonlySet<string>, toggle: ToggleRow): readonly Column<LifeRow>[] => [
  {
    id: 'process',
    header: 'Process',
    width: 'minmax(0, 2fr)',
    cell: ({ life, depth, children }) => (
      <TreeCell depth={depth} open={children === 0 ? undefined : !closed.has(life.key)} toggle={() => toggle(life.key)}>
        <span className={text.strong}>{visibleText(life.name)}</span>
        <span className={`${styles.what} ${text.muted}`} title={visibleText(life.commands.join('\n'))}>
          {visibleText(life.commands.join('  →  '))}
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
    cell: ({ life }) => <span className={text.muted}>{visibleText(life.user ?? '')}</span>,
  },
  {
    id: 'where',
    header: 'Where',
    width: 'minmax(80px, 0.6fr)',
    from: 900,
    cell: ({ life }) => <span className={text.muted}>{visibleText(life.container ?? life.host)}</span>,
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
  if (life.event === undefined) return '';
  if (life.endedAt === undefined) return 'not in this time';
  return life.exitCode === undefined ? 'ended' : `exit code ${life.exitCode}`;
};

/** Its life over the span: an end without a mark lies outside. */
const Bar = ({ life, span }: { readonly life: Life; readonly span: Span }) => {
  const [from, to] = [Date.parse(span.since), Date.parse(span.until)];
  const share = (us: number): number => Math.min(1, Math.max(0, (us / 1000 - from) / (to - from)));
  if (life.event === undefined) return null;
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

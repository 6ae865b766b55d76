import { type AssetDetail, endpoint } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { AnyLink, PanelLink } from '../../components/any-link.tsx';
import type { Column } from '../../components/columns.ts';
import { DataTable } from '../../components/data-table.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { type ToggleRow, TreeCell, useClosedRows } from '../../components/tree-cell.tsx';
import { steadyQuery } from '../../lib/api.ts';
import { useMay } from '../../lib/session.ts';
import { timelineLink } from '../../lib/timeline-link.ts';
import { momentQuery, useMoment } from '../../lib/view-state.ts';
import styles from './assets.module.css';
import { type ProcessRow, processRows } from './process-rows.ts';

/** The processes of a host or container as a tree, now or at a moment. */
export const ProcessTree = ({ asset }: { readonly asset: AssetDetail }) => {
  const moment = useMoment();
  const mayHunt = useMay('telemetry:read');
  const [closed, toggle] = useClosedRows();
  const { data, error, refetch } = useQuery(
    steadyQuery('assets.processes', { params: { assetId: asset.id }, query: momentQuery(moment) }),
  );
  const rows = useMemo(() => processRows(data?.items ?? [], closed), [data, closed]);
  if (error !== null && data === undefined) {
    return <Failure what="The processes could not be fetched" error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) return <Skeleton label="processes" />;
  if (rows.length === 0) {
    return (
      <Empty title="No process is known at this moment">It had stopped, or its sensor could not see processes.</Empty>
    );
  }
  return (
    <div className={styles.tree}>
      <DataTable
        label="Processes"
        columns={columnsFor(closed, toggle, mayHunt ? (asset.kind === 'host' ? asset.id : asset.hostId) : undefined)}
        rows={rows}
        rowKey={(row) => row.process.id}
        look={(row) => (row.children > 0 ? { expanded: !closed.has(row.process.id) } : {})}
        onExpand={(row, expand) => toggle(row.process.id, expand)}
        onOpen={(row) => (row.children > 0 ? toggle(row.process.id) : undefined)}
        foot={
          <>
            {data.cut ? 'There are more processes than are shown here. ' : ''}
            {asset.hunt === undefined || !mayHunt ? null : (
              <AnyLink to={`/hunt?q=${encodeURIComponent(asset.hunt)}&view=tree`} className={text.link}>
                Processes that started and ended here, over time
              </AnyLink>
            )}
          </>
        }
      />
    </div>
  );
};

/** With `timelineHost` a process leads to its timeline. */
const columnsFor = (
  closed: ReadonlySet<string>,
  toggle: ToggleRow,
  timelineHost: string | undefined,
): readonly Column<ProcessRow>[] => [
  {
    id: 'name',
    header: 'Process',
    width: 'minmax(0, 2fr)',
    cell: ({ process, depth, children }) => (
      <TreeCell
        depth={depth}
        open={children === 0 ? undefined : !closed.has(process.id)}
        toggle={() => toggle(process.id)}
      >
        <div className={styles.command}>
          {timelineHost === undefined ? (
            <span className={text.strong}>{process.name}</span>
          ) : (
            <AnyLink
              to={timelineLink({ hostId: timelineHost, process: process.id })}
              className={text.name}
              title={`Timeline of ${process.name}`}
            >
              {process.name}
            </AnyLink>
          )}
          {process.listening.map(({ protocol, address, port }) => (
            <span
              key={`${protocol}${address}${port}`}
              className={styles.port}
              title={`listens on ${endpoint(address, port)}`}
            >
              {protocol} {port}
            </span>
          ))}
          <div className={styles.arguments} title={process.arguments.join(' ')}>
            {process.arguments.length === 0 ? process.executable : process.arguments.join(' ')}
          </div>
        </div>
      </TreeCell>
    ),
  },
  { id: 'pid', header: 'PID', width: '70px', align: 'end', from: 520, cell: ({ process }) => process.pid },
  {
    id: 'user',
    header: 'User',
    width: '110px',
    from: 620,
    cell: ({ process }) => <span className={process.root ? text.warn : text.muted}>{process.user}</span>,
  },
  {
    id: 'container',
    header: 'Container',
    width: 'minmax(90px, 0.6fr)',
    from: 820,
    cell: ({ process }) =>
      process.containerId === undefined ? (
        ''
      ) : (
        <PanelLink target={{ kind: 'asset', id: process.containerId }} className={text.link}>
          {process.containerName ?? 'container'}
        </PanelLink>
      ),
  },
  {
    id: 'started',
    header: 'Started',
    width: '90px',
    align: 'end',
    cell: ({ process }) => <Time at={process.endedAt ?? process.startedAt} className={text.muted} />,
  },
];

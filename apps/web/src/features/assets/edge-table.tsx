import type { EdgeItem } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft, ArrowRight } from 'lucide-react';
import { useState } from 'react';
import { PanelLink } from '../../components/any-link.tsx';
import { CheckField } from '../../components/field.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { steadyQuery } from '../../lib/api.ts';
import { formatBytes, formatCompact, plural } from '../../lib/format.ts';
import { momentQuery, useMoment } from '../../lib/view-state.ts';
import styles from './assets.module.css';

type EdgeTableProps = { readonly assetId: string; readonly name: string };

/** Whom it talks to and who talks to it, as seen on the wire. */
export const EdgeTable = ({ assetId, name }: EdgeTableProps) => {
  const moment = useMoment();
  const [includeEnded, setIncludeEnded] = useState(false);
  const query = { ...momentQuery(moment), includeEnded };
  const { data, error, refetch } = useQuery(steadyQuery('assets.edges', { params: { assetId }, query }));
  if (error !== null && data === undefined) {
    return <Failure what="The connections could not be fetched" error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) return <Skeleton label="connections" />;
  return (
    <>
      <CheckField label="Also those that have ended" checked={includeEnded} onChange={setIncludeEnded} />
      {data.items.length === 0 ? (
        <Empty title={`${name} talks to nobody that we saw`}>
          Connections are seen while they last. What opened and closed while the sensor was away is not here.
        </Empty>
      ) : (
        <SimpleTable label="Connections" columns={columnsFor(assetId)} rows={data.items} rowKey={({ id }) => id} />
      )}
      {data.cut ? <p className={text.muted}>Only the busiest are shown.</p> : null}
    </>
  );
};

const columnsFor = (assetId: string) => [
  {
    id: 'direction',
    header: 'Direction',
    hiddenHeader: true,
    cell: (edge: EdgeItem) =>
      isOutgoing(edge, assetId) ? (
        <ArrowRight size={14} className={styles.arrow} role="img" aria-label="to" />
      ) : (
        <ArrowLeft size={14} className={styles.arrow} role="img" aria-label="from" />
      ),
  },
  { id: 'peer', header: 'Who', cell: (edge: EdgeItem) => <Peer edge={edge} assetId={assetId} /> },
  {
    id: 'port',
    header: 'Port',
    cell: (edge: EdgeItem) => (
      <>
        {edge.protocol} {edge.port}
        {edge.publishedPort === undefined || edge.publishedPort === edge.port ? null : (
          <div className={text.minor}>published as {edge.publishedPort}</div>
        )}
      </>
    ),
  },
  {
    id: 'process',
    header: 'Process here',
    wideOnly: true,
    cell: (edge: EdgeItem) => (isOutgoing(edge, assetId) ? edge.source.process : edge.target.process) ?? '',
  },
  {
    id: 'connections',
    header: 'Connections',
    align: 'end' as const,
    wideOnly: true,
    cell: (edge: EdgeItem) => formatCompact(edge.connections),
  },
  {
    id: 'bytes',
    header: 'Sent, received',
    align: 'end' as const,
    wideOnly: true,
    cell: (edge: EdgeItem) =>
      edge.bytesSent === undefined ? (
        <span className={text.muted}>not counted</span>
      ) : (
        `${formatBytes(edge.bytesSent)}, ${formatBytes(edge.bytesReceived ?? 0)}`
      ),
  },
  {
    id: 'seen',
    header: 'Seen',
    align: 'end' as const,
    cell: (edge: EdgeItem) => (
      <span className={text.muted}>
        {edge.endedAt === undefined ? '' : 'ended '}
        <Time at={edge.endedAt ?? edge.lastSeenAt} />
      </span>
    ),
  },
];

const Peer = ({ edge, assetId }: { readonly edge: EdgeItem; readonly assetId: string }) => {
  const peer = isOutgoing(edge, assetId) ? edge.target : edge.source;
  const many = edge.addressCount !== undefined && edge.addressCount > 0;
  return (
    <>
      {peer.id !== undefined && (peer.kind === 'host' || peer.kind === 'container') ? (
        <PanelLink target={{ kind: 'asset', id: peer.id }} className={text.name}>
          {peer.name}
        </PanelLink>
      ) : (
        <span className={text.strong}>{peer.name}</span>
      )}
      {peer.process === undefined ? null : <span className={text.muted}> {peer.process}</span>}
      {many ? (
        <div className={text.minor} title={edge.addresses?.join(', ')}>
          {plural(edge.addressCount ?? 0, 'address', 'addresses')}
          {edge.addresses === undefined ? '' : `, e.g. ${edge.addresses.slice(0, 2).join(', ')}`}
        </div>
      ) : null}
    </>
  );
};

const isOutgoing = (edge: EdgeItem, assetId: string): boolean => edge.source.id === assetId;

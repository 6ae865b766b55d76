import type { AssetDetail, Scan } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { ScanStateText } from '../../components/scan-state.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { steadyQuery } from '../../lib/api.ts';
import { formatSpan, plural } from '../../lib/format.ts';

/** The latest scans of an asset. */
export const AssetScans = ({ asset }: { readonly asset: AssetDetail }) => {
  const { data, error, refetch } = useQuery(steadyQuery('scans.list', { query: { assetId: asset.id, limit: 50 } }));
  if (error !== null && data === undefined) {
    return <Failure what="The scans could not be fetched" error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) return <Skeleton label="scans" />;
  if (asset.kind === 'upload') {
    return (
      <Empty title="Scanned elsewhere">
        {asset.scan?.reporter ?? 'Somebody'} uploaded it
        {asset.scan === undefined ? null : (
          <>
            {' '}
            <Time at={asset.scan.at} />
          </>
        )}
        . The next upload of the same name takes its place, and Packages shows what changed:{' '}
        <code>parapet scan TARGET --upload URL</code>
      </Empty>
    );
  }
  if (data.items.length === 0) {
    return <Empty title="No scan yet">New assets are scanned by themselves; “Scan now” asks for one at once.</Empty>;
  }
  return <SimpleTable label="Scans" columns={columns} rows={data.items} rowKey={({ id }) => id} />;
};

const columns = [
  { id: 'state', header: 'State', cell: (scan: Scan) => <ScanStateText scan={scan} /> },
  {
    id: 'why',
    header: 'Why',
    cell: (scan: Scan) => (scan.cause === 'person' ? `asked by ${scan.requestedBy ?? 'a person'}` : causes[scan.cause]),
  },
  { id: 'host', header: 'Done on', wideOnly: true, cell: (scan: Scan) => scan.host.name },
  {
    id: 'result',
    header: 'Result',
    cell: (scan: Scan) =>
      scan.message ??
      (scan.packages === undefined
        ? ''
        : `${plural(scan.packages, 'package')}, ${plural(scan.findings ?? 0, 'finding')}`),
  },
  {
    id: 'took',
    header: 'Took',
    align: 'end' as const,
    wideOnly: true,
    cell: (scan: Scan) =>
      scan.startedAt === undefined || scan.endedAt === undefined
        ? ''
        : formatSpan(Date.parse(scan.endedAt) - Date.parse(scan.startedAt)),
  },
  {
    id: 'when',
    header: 'When',
    align: 'end' as const,
    cell: (scan: Scan) => <Time at={scan.endedAt ?? scan.createdAt} className={text.muted} />,
  },
];

const causes = { new: 'first seen', changed: 'it changed', schedule: 'on schedule', person: '' } as const;

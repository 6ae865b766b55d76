import type { AssetSummary } from '@parapet/contract/api';
import { PanelLink } from '../../components/any-link.tsx';
import { AssetIcon, AssetStatusText } from '../../components/asset-mark.tsx';
import type { Column } from '../../components/columns.ts';
import { FindingCountsOf } from '../../components/counts.tsx';
import { RiskScore } from '../../components/risk.tsx';
import text from '../../components/text.module.css';
import { Time } from '../../components/time.tsx';
import { exposureNames, unmatchedNames } from '../../lib/words.ts';

/** Where it is: a container's host and image, a host's zone. */
const placeOf = (asset: AssetSummary): string => {
  if (asset.kind === 'container') return [asset.hostname, asset.imageName].filter(Boolean).join(' · ');
  return asset.kind === 'host' ? (asset.zone ?? '') : '';
};

/** Narrower than this the status has no column: what does not simply run says so under its name. */
const statusFrom = 560;

const isAsUsual = ({ status }: AssetSummary): boolean => status === 'running' || status === 'present';

const NameAndPlace = ({ asset }: { readonly asset: AssetSummary }) => (
  <>
    <PanelLink target={{ kind: 'asset', id: asset.id }} className={text.name}>
      {asset.name}
    </PanelLink>
    <div className={text.minor}>{placeOf(asset)}</div>
  </>
);

export const assetColumns: readonly Column<AssetSummary>[] = [
  { id: 'kind', header: 'Kind', hiddenHeader: true, width: '18px', cell: (asset) => <AssetIcon kind={asset.kind} /> },
  {
    id: 'name',
    header: 'Name',
    width: 'minmax(0, 1.5fr)',
    from: statusFrom,
    cell: (asset) => <NameAndPlace asset={asset} />,
  },
  {
    id: 'name',
    header: 'Name',
    width: 'minmax(0, 1.5fr)',
    until: statusFrom,
    cell: (asset) => (
      <>
        <NameAndPlace asset={asset} />
        {isAsUsual(asset) ? null : <AssetStatusText asset={asset} />}
      </>
    ),
  },
  {
    id: 'status',
    header: 'Status',
    width: '116px',
    from: statusFrom,
    cell: (asset) => <AssetStatusText asset={asset} />,
  },
  {
    id: 'risk',
    header: 'Highest risk',
    width: '84px',
    align: 'end',
    cell: (asset) =>
      asset.risk === undefined ? (
        <span
          className={text.muted}
          title={asset.unmatched === undefined ? undefined : unmatchedNames[asset.unmatched]}
        >
          not known
        </span>
      ) : (
        <RiskScore risk={asset.risk} />
      ),
  },
  {
    id: 'findings',
    header: 'Findings',
    width: 'minmax(150px, 0.8fr)',
    from: 720,
    cell: (asset) => <FindingCountsOf asset={asset} brief />,
  },
  {
    id: 'exposure',
    header: 'Exposed to',
    width: '104px',
    from: 880,
    cell: (asset) => <span className={text.muted}>{exposureNames[asset.exposure]}</span>,
  },
  {
    id: 'first',
    header: 'First seen',
    width: '84px',
    align: 'end',
    from: 980,
    cell: (asset) => <Time at={asset.firstSeenAt} className={text.muted} />,
  },
  {
    id: 'last',
    header: 'Last seen',
    width: '84px',
    align: 'end',
    from: 640,
    cell: (asset) => <Time at={asset.lastSeenAt} className={text.muted} />,
  },
];

import type { AssetDetail, FindingGroup } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import { RiskScore } from '../../components/risk.tsx';
import { SeverityMark } from '../../components/severity.tsx';
import { SimpleTable } from '../../components/simple-table.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { steadyQuery } from '../../lib/api.ts';
import { formatCount, plural } from '../../lib/format.ts';
import { stringifySearch } from '../../lib/search-params.ts';

type AssetFindingsProps = { readonly asset: AssetDetail; readonly limit?: number };

/** Open findings of an asset and of what runs on it, grouped by what would be done. */
export const AssetFindings = ({ asset, limit = 50 }: AssetFindingsProps) => {
  const query = { within: asset.id, status: ['open'], by: 'fix', limit } as const;
  const { data, error, refetch } = useQuery(steadyQuery('findings.groups', { query }));
  if (error !== null && data === undefined) {
    return <Failure what="The findings could not be fetched" error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) return <Skeleton label="findings" />;
  if (data.items.length === 0) {
    return (
      <Empty title={asset.unmatched === undefined ? 'No open findings here' : 'What is vulnerable here is not known'}>
        {nothingWords(asset)}
      </Empty>
    );
  }
  return (
    <>
      <SimpleTable label="Findings by fix" columns={columnsFor(asset.id)} rows={data.items} rowKey={({ key }) => key} />
      <p>
        <AnyLink to={`/findings?within=${asset.id}`} className={buttonClass('quiet', true)}>
          All {plural(data.findings, 'finding')} with filters
        </AnyLink>
      </p>
    </>
  );
};

const nothingWords = ({ unmatched, distribution, scannedAt }: AssetDetail): React.ReactNode => {
  if (unmatched !== undefined) {
    const why =
      unmatched === 'no-feeds' ? 'There are no feeds yet' : `The feeds have no advisories for ${distribution ?? 'it'}`;
    return (
      <>
        {why}: its packages are listed, not matched. <AnyLink to="/settings/feeds">Feeds</AnyLink>
      </>
    );
  }
  return scannedAt === undefined
    ? 'It was not scanned yet. That happens by itself within a minute of its first sight.'
    : 'Nothing known to be vulnerable was found in its packages.';
};

const columnsFor = (assetId: string) => [
  {
    id: 'severity',
    header: 'Severity',
    hiddenHeader: true,
    cell: (group: FindingGroup) => <SeverityMark severity={group.severity} />,
  },
  {
    id: 'title',
    header: 'Fix',
    cell: (group: FindingGroup) => (
      <>
        <AnyLink
          to={`/findings${stringifySearch({ within: assetId, fix: group.key, by: 'none' })}`}
          className={text.name}
        >
          {group.title}
        </AnyLink>
        <div className={text.minor}>{group.detail}</div>
      </>
    ),
  },
  {
    id: 'closes',
    header: 'Closes',
    wideOnly: true,
    cell: (group: FindingGroup) => formatCount(group.findings),
  },
  {
    id: 'risk',
    header: 'Risk',
    cell: (group: FindingGroup) => <RiskScore risk={group.risk} bars={group.bars} />,
  },
];

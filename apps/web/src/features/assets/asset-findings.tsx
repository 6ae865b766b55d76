import type { AssetDetail, FindingGroup, Unmatched } from '@parapet/contract/api';
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
      {asset.unmatched === undefined ? null : (
        <p className={text.warn}>
          These are not all: the feeds have no advisories for the packages of {asset.distribution ?? 'its system'}.
        </p>
      )}
      <SimpleTable label="Findings by fix" columns={columnsFor(asset.id)} rows={data.items} rowKey={({ key }) => key} />
      <p>
        <AnyLink to={`/findings?within=${asset.id}`} className={buttonClass('quiet', true)}>
          All {plural(data.findings, 'finding')} with filters
        </AnyLink>
      </p>
    </>
  );
};

const nothingWords = (asset: AssetDetail): React.ReactNode => {
  if (asset.unmatched === undefined) return 'Nothing known to be vulnerable was found in its packages.';
  return (
    <>
      {whyUnmatched(asset.unmatched, asset.distribution)}{' '}
      {asset.unmatched === 'no-feeds' || asset.unmatched === 'no-advisories' ? (
        <AnyLink to="/settings/feeds">Feeds</AnyLink>
      ) : null}
    </>
  );
};

const whyUnmatched = (unmatched: Unmatched, distribution: string | undefined): string => {
  switch (unmatched) {
    case 'not-scanned':
      return 'It was not scanned yet. That happens by itself within a minute of its first sight.';
    case 'not-yet':
      return 'Its packages are being matched with the feeds.';
    case 'no-feeds':
      return 'There are no feeds yet: its packages are listed, not matched.';
    case 'no-advisories':
      return `The feeds have no advisories for its packages${distribution === undefined ? '' : ` (${distribution})`}: they are listed, not matched.`;
    case 'no-packages':
      return 'The scan found no packages: an image from scratch, or a kind of package that is not read yet.';
  }
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

import type { AssetDetail } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { AnyLink } from '../../components/any-link.tsx';
import { Page } from '../../components/page.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import { type Tab, Tabs } from '../../components/tabs.tsx';
import { apiQuery } from '../../lib/api.ts';
import { formatCompact } from '../../lib/format.ts';
import { isAtRest } from '../../lib/words.ts';
import { AssetActions } from './asset-actions.tsx';
import { AssetFacts } from './asset-facts.tsx';
import { AssetFindings } from './asset-findings.tsx';
import { AssetHistory } from './asset-history.tsx';
import { AssetLine } from './asset-line.tsx';
import { AssetPackages } from './asset-packages.tsx';
import { AssetScans } from './asset-scans.tsx';
import { AssetSensor } from './asset-sensor.tsx';
import { EdgeTable } from './edge-table.tsx';
import { ProcessTree } from './process-tree.tsx';

/** One asset: what it is and does, its findings, whom it talks to. Each part has its own address. */
export const AssetPage = () => {
  const { assetId } = useParams({ from: '/shell/assets/$assetId' });
  const { tab } = useSearch({ from: '/shell/assets/$assetId' });
  const { data, error, refetch } = useQuery(apiQuery('assets.get', { params: { assetId } }));
  if (data === undefined) {
    return (
      <Page name="Asset" title="Asset" subline={<AnyLink to="/assets">All assets</AnyLink>}>
        {error === null ? (
          <Skeleton label="the asset" lines={10} />
        ) : (
          <Failure what="This asset could not be fetched" error={error} retry={() => void refetch()} />
        )}
      </Page>
    );
  }
  const tabs = tabsOf(data);
  const current = tabs.find(({ id }) => id === tab) ?? tabs[0];
  return (
    <Page name={data.name} title={data.name} subline={<AssetLine asset={data} />} tools={<AssetActions asset={data} />}>
      <Tabs label="Parts of this asset" tabs={tabs.map((each) => ({ ...each, current: each === current }))} />
      {current?.render(data)}
    </Page>
  );
};

type AssetTab = Omit<Tab, 'current'> & {
  readonly id: string;
  readonly render: (asset: AssetDetail) => React.ReactNode;
};

const tabsOf = (asset: AssetDetail): readonly AssetTab[] => {
  const base = `/assets/${asset.id}`;
  const open = Object.values(asset.findings).reduce((sum, count) => sum + count, 0);
  const runs = !isAtRest(asset.kind);
  const tab = (id: string, label: string, render: AssetTab['render'], count?: number): AssetTab => ({
    id,
    label,
    to: id === 'overview' ? base : `${base}?tab=${id}`,
    render,
    ...(count === undefined ? {} : { count: formatCompact(count) }),
  });
  return [
    tab('overview', 'Overview', (each) => <AssetFacts asset={each} />),
    // A zero would say that nothing is vulnerable.
    tab(
      'findings',
      'Findings',
      (each) => <AssetFindings asset={each} />,
      open === 0 && asset.unmatched !== undefined ? undefined : open,
    ),
    ...(runs ? [tab('edges', 'Talks to', (each) => <EdgeTable assetId={each.id} name={each.name} />)] : []),
    ...(runs ? [tab('processes', 'Processes', (each) => <ProcessTree asset={each} />)] : []),
    tab('packages', 'Packages', (each) => <AssetPackages asset={each} />, asset.packageCount),
    tab('history', 'History', (each) => <AssetHistory assetId={each.id} />),
    tab('scans', 'Scans', (each) => <AssetScans asset={each} />),
    ...(asset.kind === 'host' ? [tab('sensor', 'Sensor', (each) => <AssetSensor hostId={each.id} />)] : []),
  ];
};

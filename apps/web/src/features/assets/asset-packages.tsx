import type { AssetDetail, PackageItem } from '@parapet/contract/api';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { ChoiceMenu } from '../../components/choice-menu.tsx';
import type { Column } from '../../components/columns.ts';
import { DataTable } from '../../components/data-table.tsx';
import { SearchField } from '../../components/field.tsx';
import { RiskScore } from '../../components/risk.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { apiPages, apiQuery } from '../../lib/api.ts';
import { formatAbsolute, formatTotal } from '../../lib/format.ts';
import { useFetchMore, useRowsOf } from '../../lib/paged-rows.ts';
import { stringifySearch } from '../../lib/search-params.ts';
import { useSetSearch, useTextFilter } from '../../lib/view-state.ts';
import { evidenceNames, useNames } from '../../lib/words.ts';
import styles from './assets.module.css';
import { PackageChanges } from './package-changes.tsx';

type Use = PackageItem['use'];
type Evidence = NonNullable<PackageItem['evidence']>;

/** The packages of an asset, or what changed since one of its former lists. */
export const AssetPackages = ({ asset }: { readonly asset: AssetDetail }) => {
  const { since } = useSearch({ strict: false }) as { since?: string };
  if (since === undefined) return <PackageTable asset={asset} />;
  return (
    <>
      <div className={styles.bar}>
        <SinceMenu assetId={asset.id} since={since} />
      </div>
      <PackageChanges assetId={asset.id} from={since} />
    </>
  );
};

type SinceProps = { readonly assetId: string; readonly since: string | undefined };

/** Which former list to compare with; nothing where there is none. */
const SinceMenu = ({ assetId, since }: SinceProps) => {
  const setSearch = useSetSearch();
  const { data } = useQuery(apiQuery('assets.packageLists', { params: { assetId } }));
  const former = data?.items.filter(({ replacedAt }) => replacedAt !== undefined) ?? [];
  if (former.length === 0 && since === undefined) return null;
  return (
    <ChoiceMenu
      label="Show"
      value={since ?? 'now'}
      options={[
        { value: 'now', label: 'all packages' },
        ...former.map(({ id, at }) => ({ value: id, label: `changes since ${formatAbsolute(at)}` })),
      ]}
      onChange={(value) => setSearch({ since: value === 'now' ? undefined : value })}
    />
  );
};

/** Every package, with its use and its findings. */
const PackageTable = ({ asset }: { readonly asset: AssetDetail }) => {
  const { q, use, evidence } = useSearch({ strict: false }) as {
    q?: string;
    use?: readonly Use[];
    evidence?: readonly Evidence[];
  };
  const setSearch = useSetSearch();
  const query = {
    ...(q === undefined ? {} : { q }),
    ...(use === undefined ? {} : { use }),
    ...(evidence === undefined ? {} : { evidence }),
    limit: 200,
  };
  const pages = useInfiniteQuery(apiPages('assets.packages', { params: { assetId: asset.id }, query }));
  const rows = useRowsOf(pages);
  const onSearch = useTextFilter();
  const fetchMore = useFetchMore(pages);
  const columns = useMemo(() => columnsFor(asset.id), [asset.id]);
  const first = pages.data?.pages[0];
  if (pages.error !== null && first === undefined) {
    return <Failure what="The packages could not be fetched" error={pages.error} retry={() => void pages.refetch()} />;
  }
  if (first === undefined) return <Skeleton label="packages" />;
  if (asset.packageCount === 0) {
    return (
      <Empty title="No packages are known here">
        {asset.scannedAt === undefined
          ? 'It was not scanned yet. That happens by itself within a minute of its first sight.'
          : 'The scan found none: an image from scratch, or a kind of package that is not read yet.'}
      </Empty>
    );
  }
  return (
    <div className={styles.tree}>
      <div className={styles.bar}>
        <SearchField label="Filter packages" value={q ?? ''} onSearch={onSearch} />
        <ChoiceMenu
          label="Use"
          value={use?.[0] ?? 'any'}
          options={uses}
          onChange={(value) => setSearch({ use: value === 'any' ? undefined : [value] })}
        />
        <ChoiceMenu
          label="Known by"
          value={evidence?.[0] ?? 'any'}
          options={evidences}
          onChange={(value) => setSearch({ evidence: value === 'any' ? undefined : [value] })}
        />
        <SinceMenu assetId={asset.id} since={undefined} />
        <span className={text.muted}>{formatTotal(first.total, first.totalIsMinimum)}</span>
      </div>
      <DataTable label="Packages" columns={columns} rows={rows} rowKey={keyOf} onEnd={fetchMore} />
    </div>
  );
};

const keyOf = (item: PackageItem): string => `${item.purl}|${item.location}`;

const uses = [
  { value: 'any', label: 'any' },
  ...(['running', 'loaded', 'installed', 'unknown'] as const).map((value) => ({
    value,
    label: useNames[value]?.toLowerCase() ?? value,
  })),
];

const evidences = [
  { value: 'any', label: 'any' },
  ...(['installed', 'locked', 'declared', 'binary'] as const).map((value) => ({
    value,
    label: evidenceNames[value]?.toLowerCase() ?? value,
  })),
];

const columnsFor = (assetId: string): readonly Column<PackageItem>[] => [
  {
    id: 'name',
    header: 'Package',
    width: 'minmax(0, 1.2fr)',
    cell: (item) => (
      <>
        <span className={text.strong}>{item.name}</span>
        {item.source === undefined || item.source === item.name ? null : (
          <span className={text.muted}> from {item.source}</span>
        )}
      </>
    ),
  },
  {
    id: 'version',
    header: 'Version',
    width: 'minmax(0, 1fr)',
    cell: (item) => <span className={text.mono}>{item.version}</span>,
  },
  {
    id: 'type',
    header: 'Kind',
    width: '56px',
    from: 640,
    cell: (item) => <span className={text.muted}>{item.type}</span>,
  },
  {
    id: 'where',
    header: 'Where in it',
    width: 'minmax(0, 1.1fr)',
    from: 1040,
    cell: (item) => (
      <>
        <span className={text.mono}>{item.location}</span>
        {item.evidence === undefined || item.evidence === 'installed' ? null : (
          <div className={text.minor}>{evidenceNames[item.evidence]}</div>
        )}
      </>
    ),
  },
  { id: 'use', header: 'In use', width: '110px', from: 560, cell: (item) => useNames[item.use] },
  {
    id: 'licences',
    header: 'Licence',
    width: 'minmax(0, 0.8fr)',
    from: 900,
    cell: (item) => <span className={text.minor}>{item.licences.join(', ')}</span>,
  },
  {
    id: 'findings',
    header: 'Findings',
    width: '80px',
    align: 'end',
    cell: (item) =>
      item.findings === 0 ? (
        <span className={text.muted}>{item.unmatched === true ? 'not known' : 'none'}</span>
      ) : (
        <AnyLink
          to={`/findings${stringifySearch({ within: assetId, package: item.name, by: 'none' })}`}
          className={text.link}
        >
          {item.findings}
        </AnyLink>
      ),
  },
  {
    id: 'risk',
    header: 'Risk',
    width: '44px',
    align: 'end',
    cell: (item) => (item.risk === undefined ? null : <RiskScore risk={item.risk} />),
  },
];

import type { PackagePlace } from '@parapet/contract/api';
import { useInfiniteQuery } from '@tanstack/react-query';
import { AnyLink, PanelLink } from '../../components/any-link.tsx';
import { AssetIcon } from '../../components/asset-mark.tsx';
import type { Column } from '../../components/columns.ts';
import { DataTable } from '../../components/data-table.tsx';
import { RiskScore } from '../../components/risk.tsx';
import { Failure, Skeleton } from '../../components/states.tsx';
import text from '../../components/text.module.css';
import { apiPages } from '../../lib/api.ts';
import { formatTotal, plural } from '../../lib/format.ts';
import { useFetchMore, useRowsOf } from '../../lib/paged-rows.ts';
import { stringifySearch } from '../../lib/search-params.ts';
import { usePanel } from '../../lib/view-state.ts';
import { evidenceNames, useNames } from '../../lib/words.ts';
import type { PackagesSearch } from './package-search.ts';
import styles from './packages.module.css';

type PlacesProps = { readonly search: PackagesSearch & { readonly q: string } };

/** The assets that hold it, those with the highest risk first. */
export const PlacesTable = ({ search }: PlacesProps) => {
  const panel = usePanel();
  const pages = useInfiniteQuery(apiPages('packages.places', { query: { ...search, limit: 200 } }));
  const rows = useRowsOf(pages);
  const fetchMore = useFetchMore(pages);
  const first = pages.data?.pages[0];
  if (pages.error !== null && first === undefined) {
    return <Failure what="The places could not be fetched" error={pages.error} retry={() => void pages.refetch()} />;
  }
  if (first === undefined) return <Skeleton label="places" lines={10} />;
  return (
    <>
      <h2 className={styles.heading}>
        {formatTotal(first.total, first.totalIsMinimum)} {first.total === 1 ? 'place' : 'places'}, by the risk of the
        asset
      </h2>
      <DataTable
        label="Places"
        columns={columns}
        rows={rows}
        rowKey={({ id }) => id}
        look={(place) => ({
          tall: true,
          current: panel.target?.kind === 'asset' && panel.target.id === place.asset.id,
        })}
        onOpen={(place) => panel.open({ kind: 'asset', id: place.asset.id })}
        onEnd={fetchMore}
      />
    </>
  );
};

const columns: readonly Column<PackagePlace>[] = [
  {
    id: 'kind',
    header: 'Kind',
    hiddenHeader: true,
    width: '18px',
    cell: (place) => <AssetIcon kind={place.asset.kind} />,
  },
  {
    id: 'asset',
    header: 'On',
    width: 'minmax(0, 1.1fr)',
    cell: (place) => (
      <>
        <PanelLink target={{ kind: 'asset', id: place.asset.id }} className={text.name}>
          {place.asset.name}
        </PanelLink>
        <div className={text.minor}>{besides(place)}</div>
      </>
    ),
  },
  {
    id: 'package',
    header: 'Package',
    width: 'minmax(0, 1fr)',
    cell: (place) => (
      <>
        <span>{place.name}</span> <span className={text.muted}>{place.type}</span>
        <div className={text.mono}>{place.version}</div>
      </>
    ),
  },
  {
    id: 'where',
    header: 'Where in it',
    width: 'minmax(0, 1.3fr)',
    from: 760,
    cell: (place) => (
      <>
        <span className={text.mono}>{place.location}</span>
        <div className={text.minor}>
          {evidenceNames[place.evidence ?? 'installed']}
          {place.scope === undefined ? '' : `, for ${scopeNames[place.scope]}`}
        </div>
      </>
    ),
  },
  { id: 'use', header: 'In use', width: '110px', from: 560, cell: (place) => useNames[place.use] },
  {
    id: 'findings',
    header: 'Findings',
    width: '76px',
    align: 'end',
    from: 480,
    cell: (place) =>
      place.findings === 0 ? (
        <span className={text.muted}>{place.unmatched === true ? 'not known' : 'none'}</span>
      ) : (
        <AnyLink
          to={`/findings${stringifySearch({ within: place.asset.id, package: place.name, by: 'none' })}`}
          className={text.link}
        >
          {place.findings}
        </AnyLink>
      ),
  },
  {
    id: 'risk',
    header: 'Worst',
    width: '52px',
    align: 'end',
    cell: (place) => (place.risk === undefined ? null : <RiskScore risk={place.risk} />),
  },
];

const scopeNames = { dev: 'development', optional: 'optional parts', test: 'tests', build: 'building' } as const;

/** The host of a container; the containers of an image. */
const besides = ({ host, containers }: PackagePlace): string => {
  if (host !== undefined) return `on ${host.name}`;
  if (containers === undefined) return '';
  if (containers.count === 0) return 'no container has it now';
  const rest = containers.count - containers.some.length;
  const names = containers.some.map(({ name }) => name).join(', ');
  return `${plural(containers.count, 'container')}: ${names}${rest > 0 ? ` and ${rest} more` : ''}`;
};

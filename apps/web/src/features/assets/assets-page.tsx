import type { AssetSummary, InputOf } from '@parapet/contract/api';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Button } from '../../components/button.tsx';
import { ChoiceMenu } from '../../components/choice-menu.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { FacetDrawer, FacetLayout, type FilterChip, FilterChips } from '../../components/facets.tsx';
import { SearchField } from '../../components/field.tsx';
import { NewRows } from '../../components/new-rows.tsx';
import { NoHosts } from '../../components/no-hosts.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { apiPages, apiQuery, steadyQuery } from '../../lib/api.ts';
import { formatTotal } from '../../lib/format.ts';
import { useSteadyPages } from '../../lib/paged-rows.ts';
import { toggled } from '../../lib/search-params.ts';
import { momentQuery, useMoment, usePanel, useSetSearch, useTextFilter } from '../../lib/view-state.ts';
import { assetKindNames, exposureNames, statusNames } from '../../lib/words.ts';
import { assetColumns } from './asset-columns.tsx';

type AssetsSearch = Pick<NonNullable<InputOf<'assets.list'>['query']>, 'q' | 'hostId' | 'imageId' | 'sort'> & {
  readonly kind?: readonly string[];
  readonly status?: readonly string[];
  readonly exposure?: readonly string[];
};

/** Hosts, containers, images and uploaded scans. */
export const AssetsPage = () => {
  const search = useSearch({ strict: false }) as AssetsSearch;
  const setSearch = useSetSearch();
  const facets = useQuery(steadyQuery('assets.facets', { query: filterOf(search) }));
  const chosen = { kind: search.kind, status: search.status, exposure: search.exposure };
  const onToggle = (facet: string, value: string): void =>
    setSearch({ [facet]: toggled(chosen[facet as keyof typeof chosen], value) });
  const onSearch = useTextFilter();
  const facetProps = {
    facets: facets.data?.facets.filter(({ name }) => Object.hasOwn(chosen, name)) ?? [],
    chosen,
    onToggle,
  };
  const list = useAssets(search);
  return (
    <Page
      name="Assets"
      full
      title={list.total === undefined ? 'Assets' : `${list.total} ${list.total === '1' ? 'asset' : 'assets'}`}
      subline="Hosts, their containers, the images they run, and uploaded scans. A package problem is counted once, where it lies."
      tools={
        <>
          <SearchField label="Filter assets" value={search.q ?? ''} onSearch={onSearch} />
          <FacetDrawer {...facetProps} />
          <ChoiceMenu
            label="Sort"
            value={search.sort ?? 'risk'}
            options={sorts}
            onChange={(value) => setSearch({ sort: value === 'risk' ? undefined : value })}
          />
        </>
      }
    >
      <FacetLayout {...facetProps}>
        <FilterChips chips={chipsOf(search, setSearch)} clear={() => setSearch(noFilters)} />
        <AssetsTable search={search} list={list} />
      </FacetLayout>
    </Page>
  );
};

const sorts = [
  { value: 'risk', label: 'by risk' },
  { value: 'name', label: 'by name' },
  { value: 'newest', label: 'newest first' },
] as const;

const useAssets = (search: AssetsSearch) => {
  const moment = useMoment();
  const { hostId, imageId, sort } = search;
  const query = {
    ...filterOf(search),
    ...momentQuery(moment),
    ...(hostId === undefined ? {} : { hostId }),
    ...(imageId === undefined ? {} : { imageId }),
    ...(sort === undefined ? {} : { sort }),
    limit: 200,
  };
  const pages = useInfiniteQuery(apiPages('assets.list', { query }));
  const list = useSteadyPages(pages, idOf, JSON.stringify(query));
  const { first } = list;
  return { ...list, total: first === undefined ? undefined : formatTotal(first.total, first.totalIsMinimum) };
};

type TableProps = { readonly search: AssetsSearch; readonly list: ReturnType<typeof useAssets> };

const AssetsTable = ({ search, list }: TableProps) => {
  const panel = usePanel();
  if (list.error !== null && list.steady.rows.length === 0) {
    return <Failure what="The assets could not be fetched" error={list.error} retry={list.refetch} />;
  }
  if (list.pending) return <Skeleton label="assets" lines={12} />;
  if (list.steady.rows.length === 0) return <NoAssets search={search} />;
  return (
    <>
      <NewRows steady={list.steady} />
      <DataTable
        label="Assets"
        columns={assetColumns}
        rows={list.steady.rows}
        rowKey={idOf}
        look={(asset) => ({ current: panel.target?.kind === 'asset' && panel.target.id === asset.id })}
        onOpen={(asset) => panel.open({ kind: 'asset', id: asset.id })}
        onEnd={list.fetchMore}
      />
    </>
  );
};

const NoAssets = ({ search }: { readonly search: AssetsSearch }) => {
  const setSearch = useSetSearch();
  const { data: trust } = useQuery(apiQuery('trust.get'));
  const filtered = chipsOf(search, setSearch).length > 0;
  if (filtered || (trust?.hosts.total ?? 0) > 0) {
    return (
      <Empty
        title="Nothing matches"
        actions={<Button onClick={() => setSearch({ ...noFilters, at: undefined })}>Clear all filters</Button>}
      >
        Take a filter away, or go back to live if a past moment is shown.
      </Empty>
    );
  }
  return (
    <NoHosts>A sensor on a host lists what runs there: containers, processes, packages, and who talks to whom.</NoHosts>
  );
};

const idOf = (asset: AssetSummary): string => asset.id;

const filterOf = ({ q, kind, status, exposure }: AssetsSearch) => ({
  ...(q === undefined ? {} : { q }),
  ...(kind === undefined ? {} : { kind }),
  ...(status === undefined ? {} : { status }),
  ...(exposure === undefined ? {} : { exposure }),
});

const noFilters = {
  q: undefined,
  kind: undefined,
  status: undefined,
  exposure: undefined,
  hostId: undefined,
  imageId: undefined,
} as const;

const chipsOf = (
  search: AssetsSearch,
  setSearch: (changes: Readonly<Record<string, unknown>>) => void,
): readonly FilterChip[] => {
  const lists = [
    ['kind', 'Kind', search.kind, assetKindNames],
    ['status', 'Status', search.status, statusNames],
    ['exposure', 'Exposed to', search.exposure, exposureNames],
  ] as const;
  const many = lists.flatMap(([name, label, values, names]) =>
    (values ?? []).map((value) => ({
      id: `${name}:${value}`,
      text: `${label}: ${names[value] ?? value}`,
      remove: () => setSearch({ [name]: toggled(values, value) }),
    })),
  );
  const single = [
    ['q', search.q, `Text: ${search.q}`],
    ['hostId', search.hostId, 'On one host'],
    ['imageId', search.imageId, 'Of one image'],
  ] as const;
  return [
    ...many,
    ...single
      .filter(([, value]) => value !== undefined)
      .map(([name, , text]) => ({ id: name, text, remove: () => setSearch({ [name]: undefined }) })),
  ];
};

import type { InputOf, Scan } from '@parapet/contract/api';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { DataTable } from '../../components/data-table.tsx';
import { FilterChips } from '../../components/facets.tsx';
import { NewRows } from '../../components/new-rows.tsx';
import { NoHosts } from '../../components/no-hosts.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { type Tab, Tabs } from '../../components/tabs.tsx';
import { useNotify } from '../../components/toasts.tsx';
import { apiPages, steadyQuery, useApiMutation } from '../../lib/api.ts';
import { formatTotal } from '../../lib/format.ts';
import { useSteadyPages } from '../../lib/paged-rows.ts';
import { useMay } from '../../lib/session.ts';
import { useSetSearch } from '../../lib/view-state.ts';
import { isUnderWay, scanColumns } from './scan-columns.tsx';
import { ScanPolicyView } from './scan-policy.tsx';

type ScansSearch = { readonly view?: 'policy'; readonly state?: readonly Scan['state'][]; readonly assetId?: string };

/** What is being scanned, what was, and how it went. */
export const ScansPage = () => {
  const search = useSearch({ strict: false }) as ScansSearch;
  const scans = useScans(search);
  return (
    <Page
      name="Scans"
      full
      title={scans.total === undefined ? 'Scans' : `${scans.total} ${scans.total === '1' ? 'scan' : 'scans'}`}
      subline="Hosts and images are scanned when they are first seen, when they change, and on schedule. A new feed needs no scan."
    >
      <Tabs label="Which scans" tabs={useTabs(search)} />
      {search.view === 'policy' ? <ScanPolicyView /> : <Scans search={search} scans={scans} />}
    </Page>
  );
};

type ScansProps = { readonly search: ScansSearch; readonly scans: ReturnType<typeof useScans> };

const Scans = ({ search, scans }: ScansProps) => {
  const setSearch = useSetSearch();
  return (
    <>
      <FilterChips
        chips={
          search.assetId === undefined
            ? []
            : [{ id: 'asset', text: 'Of one asset', remove: () => setSearch({ assetId: undefined }) }]
        }
        clear={() => setSearch({ assetId: undefined, state: undefined })}
      />
      <ScansTable scans={scans} filtered={search.state !== undefined || search.assetId !== undefined} />
    </>
  );
};

type States = readonly Scan['state'][];
const underWay: States = ['waiting', 'sent', 'running'];
const withProblems: States = ['partial', 'failed', 'expired'];

/** Those that something can be done about are counted. */
const useTabs = (search: ScansSearch): readonly Tab[] => {
  const [waits, failed] = [useCount(underWay), useCount(withProblems)];
  const tab = (label: string, states: States, count?: string): Tab => ({
    label,
    count,
    to: states.length === 0 ? '/scans' : `/scans?state=${states.join(',')}`,
    current: search.view === undefined && states.join() === (search.state ?? []).join(),
  });
  return [
    tab('All', []),
    tab('Under way', underWay, waits),
    tab('Done', ['done']),
    tab('With problems', withProblems, failed),
    { label: 'Policy', to: '/scans?view=policy', current: search.view === 'policy' },
  ];
};

const useCount = (states: States): string | undefined => {
  const { data } = useQuery(steadyQuery('scans.list', { query: { state: [...states], limit: 1 } }));
  return data === undefined ? undefined : formatTotal(data.total, data.totalIsMinimum);
};

const useScans = (search: ScansSearch) => {
  const query: NonNullable<InputOf<'scans.list'>['query']> = { ...pick(search), limit: 200 };
  const pages = useInfiniteQuery({
    ...apiPages('scans.list', { query }),
    // Progress of running scans is shown more often than it is announced.
    refetchInterval: ({ state }) => (state.data?.pages[0]?.items.some(isUnderWay) ? 3000 : false),
  });
  const list = useSteadyPages(pages, idOf, JSON.stringify(query));
  const { first } = list;
  return { ...list, total: first === undefined ? undefined : formatTotal(first.total, first.totalIsMinimum) };
};

const ScansTable = ({
  scans,
  filtered,
}: {
  readonly scans: ReturnType<typeof useScans>;
  readonly filtered: boolean;
}) => {
  const mayAct = useMay('scans:write');
  const cancel = useCancel();
  const again = useAgain();
  const columns = useMemo(() => scanColumns(mayAct ? { cancel, again } : undefined), [mayAct, cancel, again]);
  if (scans.error !== null && scans.steady.rows.length === 0) {
    return <Failure what="The scans could not be fetched" error={scans.error} retry={scans.refetch} />;
  }
  if (scans.pending) return <Skeleton label="scans" lines={10} />;
  if (scans.steady.rows.length === 0) {
    if (!filtered) {
      return <NoHosts>As soon as a host is connected, it and the images on it are scanned by themselves.</NoHosts>;
    }
    return <Empty title="No such scan">Look under All, or take the filter away.</Empty>;
  }
  return (
    <>
      <NewRows steady={scans.steady} />
      <DataTable label="Scans" columns={columns} rows={scans.steady.rows} rowKey={idOf} onEnd={scans.fetchMore} />
    </>
  );
};

const useCancel = (): ((scan: Scan) => void) => {
  const client = useQueryClient();
  const notify = useNotify();
  const { mutate } = useApiMutation('scans.cancel', (scan) => {
    notify.done(`Scan of ${scan.asset.name} cancelled`);
    return client.invalidateQueries({ queryKey: ['scans.list'] });
  });
  return useCallback(
    (scan) => mutate({ params: { scanId: scan.id } }, { onError: (error) => notify.failed('The scan goes on', error) }),
    [mutate, notify],
  );
};

const useAgain = (): ((scan: Scan) => void) => {
  const client = useQueryClient();
  const notify = useNotify();
  const { mutate } = useApiMutation('scans.create', ({ scans: [scan], skipped }) => {
    if (scan === undefined) notify.done('No scan was asked for', skipped[0]?.reason);
    else notify.done(`Scan of ${scan.asset.name} asked for`);
    return client.invalidateQueries({ queryKey: ['scans.list'] });
  });
  return useCallback(
    (scan) =>
      mutate(
        { body: { assetIds: [scan.asset.id] } },
        { onError: (error) => notify.failed('No scan was asked for', error) },
      ),
    [mutate, notify],
  );
};

const idOf = (scan: Scan): string => scan.id;

const pick = ({ state, assetId }: ScansSearch) => ({
  ...(state === undefined ? {} : { state }),
  ...(assetId === undefined ? {} : { assetId }),
});

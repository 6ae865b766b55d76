import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { ChoiceMenu } from '../../components/choice-menu.tsx';
import { type FilterChip, FilterChips } from '../../components/facets.tsx';
import { SearchField } from '../../components/field.tsx';
import { NoHosts } from '../../components/no-hosts.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { apiQuery, steadyQuery } from '../../lib/api.ts';
import { plural } from '../../lib/format.ts';
import { useMay } from '../../lib/session.ts';
import { useSetSearch } from '../../lib/view-state.ts';
import { NotedPackages } from './noted-packages.tsx';
import type { PackagesSearch } from './package-search.ts';
import styles from './packages.module.css';
import { PlacesTable } from './places-table.tsx';
import { VersionList } from './version-list.tsx';

/** Where a package is, over the whole fleet: its versions, and the assets that hold them. */
export const PackagesPage = () => {
  const search = useSearch({ strict: false }) as PackagesSearch;
  const setSearch = useSetSearch();
  const onName = useCallback(
    (q: string) => setSearch({ q: q === '' ? undefined : q, match: undefined, type: undefined }, { replace: true }),
    [setSearch],
  );
  const onVersion = useCallback(
    (version: string) => setSearch({ version: version === '' ? undefined : version }, { replace: true }),
    [setSearch],
  );
  return (
    <Page
      name="Packages"
      full
      title="Where is a package?"
      subline="Every package on hosts and images, and what containers have beyond their image."
      tools={
        <>
          <SearchField label="Name of a package" value={search.q ?? ''} onSearch={onName} />
          <SearchField label="Version, e.g. <2.17.1" value={search.version ?? ''} onSearch={onVersion} />
          <ChoiceMenu
            label="Name"
            value={search.match ?? 'contains'}
            options={matches}
            onChange={(match) => setSearch({ match: match === 'contains' ? undefined : match })}
          />
        </>
      }
    >
      <FilterChips
        chips={chipsOf(search, setSearch)}
        clear={() => setSearch({ match: undefined, type: undefined, version: undefined })}
      />
      {search.q === undefined ? <Unasked /> : <Found search={{ ...search, q: search.q }} />}
    </Page>
  );
};

/** Before a name is typed: what that would tell, and the packages that findings are about. */
const Unasked = () => {
  const maySee = useMay('findings:read');
  // Uploaded scans have packages where no host reports.
  const { data: assets } = useQuery(apiQuery('assets.list', { query: { limit: 1 } }));
  if (assets?.total === 0) return <NoPackages />;
  return (
    <>
      <Empty title="Which package?">
        Type a name or a part of one, e.g. openssl or log4j. The list then says which versions there are, on which hosts
        and images, and whether something uses them.
      </Empty>
      {maySee ? <NotedPackages /> : null}
    </>
  );
};

const NoPackages = () => (
  <NoHosts>A sensor on a host reads which packages it, its containers and their images have.</NoHosts>
);

const matches = [
  { value: 'contains', label: 'contains' },
  { value: 'prefix', label: 'begins with' },
  { value: 'exact', label: 'is' },
] as const;

const chipsOf = (
  search: PackagesSearch,
  setSearch: (changes: Readonly<Record<string, unknown>>) => void,
): readonly FilterChip[] => [
  ...(search.type === undefined
    ? []
    : [{ id: 'type', text: `Kind: ${search.type.join(', ')}`, remove: () => setSearch({ type: undefined }) }]),
  ...(search.version === undefined
    ? []
    : [{ id: 'version', text: `Version: ${search.version}`, remove: () => setSearch({ version: undefined }) }]),
];

type FoundProps = { readonly search: PackagesSearch & { readonly q: string } };

const Found = ({ search }: FoundProps) => {
  const { data, error, refetch } = useQuery(steadyQuery('packages.versions', { query: search }));
  const { data: trust } = useQuery(apiQuery('trust.get'));
  if (error !== null && data === undefined) {
    return <Failure what="The packages could not be searched" error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) return <Skeleton label="packages" lines={8} />;
  if (data.items.length === 0) {
    if (trust?.hosts.total === 0) {
      return <NoPackages />;
    }
    return (
      <Empty title={search.version === undefined ? 'No asset has it' : 'No asset has such a version'}>
        {search.version === undefined
          ? `No package that was found on a host, image or container has “${search.q}” in its name. Assets that were not scanned yet are not counted.`
          : 'Take the version away to see those that are there.'}
        {notCompared(data.notCompared)}
      </Empty>
    );
  }
  return (
    <div className={styles.found}>
      <VersionList found={data} search={search} />
      <p className={styles.note}>
        {data.moreNames ? 'More names hold this text; a longer one finds them. ' : ''}
        {data.moreVersions ? 'More versions are there than are shown. ' : ''}
        {notCompared(data.notCompared)}
      </p>
      <PlacesTable search={search} />
    </div>
  );
};

const notCompared = (count: number): string =>
  count === 0 ? '' : `${plural(count, 'version')} could not be compared: their kind of package has no known order.`;

import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useCallback, useMemo, useState } from 'react';
import { AnyLink } from '../../components/any-link.tsx';
import { buttonClass } from '../../components/button.tsx';
import { ActionMenu, ChoiceMenu } from '../../components/choice-menu.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { FacetDrawer, FacetLayout, FilterChips } from '../../components/facets.tsx';
import { SearchField } from '../../components/field.tsx';
import { NewRows } from '../../components/new-rows.tsx';
import { Page } from '../../components/page.tsx';
import { Empty, Failure, Skeleton } from '../../components/states.tsx';
import { api, apiQuery, steadyQuery } from '../../lib/api.ts';
import { formatShare, formatTotal, plural } from '../../lib/format.ts';
import { stringifySearch } from '../../lib/search-params.ts';
import { useMay } from '../../lib/session.ts';
import { usePanel, useSetSearch } from '../../lib/view-state.ts';
import { BulkBar } from './bulk-bar.tsx';
import {
  chosenFacets,
  type FindingsSearch,
  filterOf,
  type Grouping,
  groupFilter,
  groupings,
  noFilters,
  setFilters,
  toggleFacet,
} from './filters.ts';
import { findingColumns } from './finding-columns.tsx';
import styles from './findings.module.css';
import type { FindingRow } from './rows.ts';
import { nothingSelected, toggleRow } from './selection.ts';
import { type FindingRows, useFindingRows } from './use-finding-rows.ts';

/** All findings on one screen: filters left, what to do right, most exploitable first. */
export const FindingsPage = () => {
  const search = useSearch({ strict: false }) as FindingsSearch;
  const setSearch = useSetSearch();
  const data = useFindingRows(search);
  const facets = useQuery(steadyQuery('findings.facets', { query: filterOf(search) }));
  const onToggle = (facet: string, value: string): void => setSearch(toggleFacet(search, facet, value));
  const chosen = chosenFacets(search);
  const facetProps = {
    facets: facets.data?.facets.filter(({ name }) => Object.hasOwn(chosen, name)) ?? [],
    chosen,
    onToggle,
  };
  const onSearch = useCallback(
    (q: string) => setSearch({ q: q === '' ? undefined : q }, { replace: true }),
    [setSearch],
  );
  return (
    <Page
      name="Findings"
      full
      title={headline(search, data)}
      subline={subline(search, data)}
      tools={
        <>
          <SearchField label="Filter findings" value={search.q ?? ''} onSearch={onSearch} />
          <FacetDrawer {...facetProps} />
          <Choices search={search} />
          <ActionMenu label="Export" items={exportsOf(search)} />
        </>
      }
    >
      <FacetLayout {...facetProps}>
        <FilterChips
          chips={setFilters(search).map(({ id, text, change }) => ({ id, text, remove: () => setSearch(change) }))}
          clear={() => setSearch(noFilters)}
        />
        <FindingsTable search={search} data={data} />
      </FacetLayout>
    </Page>
  );
};

const FindingsTable = ({ search, data }: { readonly search: FindingsSearch; readonly data: FindingRows }) => {
  const by = search.by ?? 'fix';
  const mayWrite = useMay('findings:write');
  const panel = usePanel();
  const [selection, setSelection] = useState(nothingSelected);
  const select = useCallback((row: FindingRow) => setSelection((current) => toggleRow(current, row)), []);
  const { toggle } = data;
  const columns = useMemo(
    () => findingColumns({ by, selection, onSelect: mayWrite ? select : undefined, onToggle: toggle }),
    [by, selection, mayWrite, select, toggle],
  );
  if (data.error !== null && data.rows.length === 0) {
    return <Failure what="The findings could not be fetched" error={data.error} retry={data.refetch} />;
  }
  if (data.pending) return <Skeleton label="findings" lines={12} />;
  if (data.rows.length === 0) return <NoFindings search={search} />;
  const open = (row: FindingRow): void => {
    if (row.kind === 'group') toggle(row.group.key);
    else if (row.kind === 'finding') panel.open({ kind: 'finding', id: row.finding.id });
  };
  return (
    <>
      <NewRows steady={data.steady} />
      <DataTable
        label="Findings"
        columns={columns}
        rows={data.rows}
        rowKey={keyOf}
        look={(row) => ({
          tall: row.kind === 'group' || (row.kind === 'finding' && row.groupKey === undefined),
          level: row.kind === 'group' || (row.kind === 'finding' && row.groupKey === undefined) ? 1 : 2,
          expanded: row.kind === 'group' ? row.expanded : undefined,
          current: row.kind === 'finding' && panel.target?.kind === 'finding' && panel.target.id === row.finding.id,
        })}
        fullRow={(row) => (row.kind === 'note' ? <Note row={row} search={search} /> : undefined)}
        onOpen={open}
        onExpand={(row, expand) => {
          if (row.kind === 'group') toggle(row.group.key, expand);
        }}
        onSelect={select}
        onEnd={data.fetchMore}
      />
      <BulkBar
        selection={selection}
        rows={data.rows}
        by={by}
        filter={filterOf(search)}
        clear={() => setSelection(nothingSelected)}
        onChanged={data.steady.release}
      />
    </>
  );
};

const keyOf = (row: FindingRow): string => row.key;

type NoteProps = { readonly row: FindingRow & { kind: 'note' }; readonly search: FindingsSearch };

const Note = ({ row, search }: NoteProps) => {
  if (row.note === 'loading') return <p className={styles.note}>Fetching {plural(row.group.findings, 'finding')}…</p>;
  if (row.note === 'failed') return <p className={styles.note}>They could not be fetched. Close and open the group.</p>;
  const by = search.by ?? 'fix';
  const to = `/findings${stringifySearch({ ...search, ...(by === 'none' ? {} : groupFilter(by, row.group.key)), by: 'none' })}`;
  return (
    <p className={styles.note}>
      <AnyLink to={to}>Show all {plural(row.group.findings, 'finding')}</AnyLink>
    </p>
  );
};

const Choices = ({ search }: { readonly search: FindingsSearch }) => {
  const setSearch = useSetSearch();
  const by = search.by ?? 'fix';
  return (
    <>
      <ChoiceMenu
        label="Group"
        value={by}
        options={groupings.map((value) => ({ value, label: groupingNames[value] }))}
        onChange={(value) => setSearch({ by: value === 'fix' ? undefined : value })}
      />
      {by === 'none' ? (
        <ChoiceMenu
          label="Sort"
          value={search.sort ?? 'risk'}
          options={sorts}
          onChange={(value) => setSearch({ sort: value === 'risk' ? undefined : value })}
        />
      ) : null}
      <ChoiceMenu
        label="Risk"
        value={String(search.minRisk ?? 0)}
        options={riskSteps}
        onChange={(value) => setSearch({ minRisk: value === '0' ? undefined : Number(value) })}
      />
    </>
  );
};

const groupingNames: Readonly<Record<Grouping, string>> = {
  fix: 'by fix',
  vulnerability: 'by vulnerability',
  asset: 'by asset',
  package: 'by package',
  none: 'none',
};

const sorts = [
  { value: 'risk', label: 'by risk' },
  { value: 'newest', label: 'newest first' },
  { value: 'cvss', label: 'by CVSS' },
] as const;

const riskSteps = [
  { value: '0', label: 'any' },
  { value: '20', label: '≥ 20' },
  { value: '50', label: '≥ 50' },
  { value: '80', label: '≥ 80' },
] as const;

const exportsOf = (search: FindingsSearch) =>
  (['csv', 'jsonl'] as const).map((format) => ({
    label: format === 'csv' ? 'As CSV' : 'As JSON lines',
    href: api.url('findings.export', { query: { ...filterOf(search), format } }),
  }));

const nouns: Readonly<Record<Exclude<Grouping, 'none'>, readonly [string, string]>> = {
  fix: ['closed by', 'fix'],
  vulnerability: ['from', 'vulnerability'],
  asset: ['on', 'asset'],
  package: ['in', 'package'],
};
const plurals: Readonly<Record<string, string>> = { fix: 'fixes', vulnerability: 'vulnerabilities' };

const headline = (search: FindingsSearch, { totals }: FindingRows): string => {
  if (totals === undefined) return 'Findings';
  const by = search.by ?? 'fix';
  const findings = `${formatTotal(totals.findings, by === 'none' && totals.more)} ${totals.findings === 1 ? 'finding' : 'findings'}`;
  if (by === 'none' || totals.groups === 0) return findings;
  const [word, noun] = nouns[by];
  return `${findings}, ${word} ${plural(totals.groups, noun, plurals[noun] ?? `${noun}s`)}`;
};

const subline = (search: FindingsSearch, { totals }: FindingRows): string => {
  if (totals === undefined || totals.findings === 0) return 'Most exploitable here first.';
  if ((search.by ?? 'fix') === 'fix' && totals.groups > 5) {
    return `Grouped by what you would do. The first 5 fixes carry ${formatShare(totals.topFiveShare)} of the risk.`;
  }
  return 'Most exploitable here first: likelihood × exposure × use × impact.';
};

const NoFindings = ({ search }: { readonly search: FindingsSearch }) => {
  const setSearch = useSetSearch();
  const { data: trust } = useQuery(apiQuery('trust.get'));
  if (setFilters(search).length > 0) {
    return (
      <Empty
        title="Nothing matches these filters"
        actions={
          <button type="button" className={buttonClass()} onClick={() => setSearch(noFilters)}>
            Clear all filters
          </button>
        }
      >
        Take one away, or look under another status.
      </Empty>
    );
  }
  if (trust?.feeds.state === 'none') {
    return (
      <Empty
        title="Nothing can be found without feeds"
        actions={
          <AnyLink to="/settings/feeds" className={buttonClass('primary')}>
            Get feeds
          </AnyLink>
        }
      >
        Packages are being listed already. Advisories say which of them are vulnerable; once they are here, every stored
        list is matched at once, and nothing is scanned again.
      </Empty>
    );
  }
  return (
    <Empty
      title={trust?.hosts.total === 0 ? 'No host reports yet' : 'No open findings'}
      actions={
        trust?.hosts.total === 0 ? (
          <AnyLink to="/sensors/add" className={buttonClass('primary')}>
            Add a host
          </AnyLink>
        ) : undefined
      }
    >
      {trust?.hosts.total === 0
        ? 'Findings appear a few seconds after the first host is connected.'
        : 'Everything that was scanned is free of known vulnerabilities, or they are accepted. The status filter shows those.'}
    </Empty>
  );
};

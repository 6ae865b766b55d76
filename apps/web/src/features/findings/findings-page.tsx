import { vexFormats } from '@parapet/contract/api';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { ActionMenu, ChoiceMenu } from '../../components/choice-menu.tsx';
import { FacetDrawer, FacetLayout, FilterChips } from '../../components/facets.tsx';
import { SearchField } from '../../components/field.tsx';
import { Page } from '../../components/page.tsx';
import { api, steadyQuery } from '../../lib/api.ts';
import { formatShare, formatTotal, plural } from '../../lib/format.ts';
import { useSetSearch, useTextFilter } from '../../lib/view-state.ts';
import { vexFormatNames } from '../../lib/words.ts';
import {
  chosenFacets,
  type FindingsSearch,
  filterOf,
  type Grouping,
  groupings,
  noFilters,
  setFilters,
  toggleFacet,
} from './filters.ts';
import { FindingsTable } from './findings-table.tsx';
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
  const onSearch = useTextFilter();
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

const exportsOf = (search: FindingsSearch) => [
  ...(['csv', 'jsonl'] as const).map((format) => ({
    label: format === 'csv' ? 'As CSV' : 'As JSON lines',
    href: api.url('findings.export', { query: { ...filterOf(search), format } }),
  })),
  ...vexFormats.map((format) => ({
    label: `As VEX (${vexFormatNames[format]})`,
    href: api.url('findings.vex', { query: { ...filterOf(search), format } }),
  })),
];

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

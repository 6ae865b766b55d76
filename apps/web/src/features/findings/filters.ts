import type { FindingFilter } from '@parapet/contract/api';
import { severityNames } from '../../components/severity.tsx';
import { toggled } from '../../lib/search-params.ts';
import { exposureNames, findingStatusNames, useNames } from '../../lib/words.ts';

export const groupings = ['fix', 'vulnerability', 'asset', 'package', 'none'] as const;
export type Grouping = (typeof groupings)[number];

/** The search part of the findings page. */
export type FindingsSearch = Partial<FindingFilter> & {
  readonly by?: Grouping;
  readonly sort?: 'risk' | 'newest' | 'cvss';
};

/** What goes to the console: only filters, and open findings unless another status is asked for. */
export const filterOf = (search: FindingsSearch): Partial<FindingFilter> => {
  const {
    q,
    kind,
    severity,
    exposure,
    use,
    exploited,
    fixable,
    assetId,
    within,
    vulnerability,
    package: name,
    fix,
    minRisk,
  } = search;
  const filter = {
    q,
    kind,
    severity,
    exposure,
    use,
    exploited,
    fixable,
    assetId,
    within,
    vulnerability,
    package: name,
    fix,
    minRisk,
  };
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  return { status: search.status ?? ['open'], ...given };
};

/** The filter of one group, by its key. */
export const groupFilter = (by: Exclude<Grouping, 'none'>, key: string): Partial<FindingFilter> => {
  switch (by) {
    case 'fix':
      return { fix: key };
    case 'vulnerability':
      return { vulnerability: key };
    case 'asset':
      return { assetId: key };
    case 'package':
      return { package: key };
  }
};

/** Which facet values are on. */
export const chosenFacets = (search: FindingsSearch): Readonly<Record<string, readonly string[] | undefined>> => ({
  kind: search.kind,
  severity: search.severity,
  exposure: search.exposure,
  use: search.use,
  exploited: search.exploited,
  status: search.status ?? ['open'],
  fixable: search.fixable === undefined ? undefined : [String(search.fixable)],
});

/** The change to the URL when a facet value is clicked. */
export const toggleFacet = (
  search: FindingsSearch,
  facet: string,
  value: string,
): Readonly<Record<string, unknown>> => {
  if (facet === 'fixable') return { fixable: String(search.fixable) === value ? undefined : value === 'true' };
  const next = toggled(chosenFacets(search)[facet], value);
  if (facet === 'status' && next?.length === 1 && next[0] === 'open') return { status: undefined };
  return { [facet]: next };
};

/** Everything that narrows the list, as `[parameter, text, value to keep]`. */
export const setFilters = (
  search: FindingsSearch,
): readonly { readonly id: string; readonly text: string; readonly change: Readonly<Record<string, unknown>> }[] => {
  const lists = [
    ['severity', search.severity, severityNames],
    ['exposure', search.exposure, exposureNames],
    ['use', search.use, useNames],
    ['exploited', search.exploited, exploitedNames],
    ['status', search.status, findingStatusNames],
    ['kind', search.kind, {}],
  ] as const;
  const fromLists = lists.flatMap(([name, values, names]) =>
    (values ?? []).map((value) => ({
      id: `${name}:${value}`,
      text: `${labels[name]}: ${(names as Readonly<Record<string, string>>)[value] ?? value}`,
      change: toggleFacet(search, name, value),
    })),
  );
  const single = singles
    .filter((name) => search[name] !== undefined)
    .map((name) => ({ id: name, text: singleText(name, search), change: { [name]: undefined } }));
  return [...fromLists, ...single];
};

/** The change to the URL that removes all filters. */
export const noFilters: Readonly<Record<string, undefined>> = Object.fromEntries(
  [
    'q',
    'kind',
    'status',
    'severity',
    'exposure',
    'use',
    'exploited',
    'fixable',
    'assetId',
    'within',
    'vulnerability',
    'package',
    'fix',
    'minRisk',
  ].map((name) => [name, undefined]),
);

const singles = ['q', 'fixable', 'assetId', 'within', 'vulnerability', 'package', 'fix', 'minRisk'] as const;

const labels = {
  severity: 'Risk',
  exposure: 'Exposed to',
  use: 'In use',
  exploited: 'Exploited',
  status: 'Status',
  kind: 'Kind',
} as const;

const exploitedNames = { kev: 'now (KEV)', 'epss-high': 'EPSS over 50 %', exploit: 'exploit is public' } as const;

const singleText = (name: (typeof singles)[number], search: FindingsSearch): string => {
  switch (name) {
    case 'q':
      return `Text: ${search.q}`;
    case 'fixable':
      return search.fixable === true ? 'Has a fix' : 'No fix yet';
    case 'assetId':
      return 'One asset';
    case 'within':
      return 'One asset and what runs on it';
    case 'vulnerability':
      return `Vulnerability: ${search.vulnerability}`;
    case 'package':
      return `Package: ${search.package}`;
    case 'fix':
      return 'One fix';
    case 'minRisk':
      return `Risk ≥ ${search.minRisk}`;
  }
};

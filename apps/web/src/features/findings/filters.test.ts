import { FindingFilter } from '@parapet/contract/api';
import { describe, expect, test } from 'vitest';
import { chosenFacets, filterOf, groupFilter, noFilters, setFilters, toggleFacet } from './filters.ts';

describe('the filter sent to the console', () => {
  test('open findings unless another status is asked for', () => {
    expect(filterOf({})).toEqual({ status: ['open'] });
    expect(filterOf({ status: ['closed'], by: 'asset', sort: 'newest' })).toEqual({ status: ['closed'] });
  });

  test('only what is set, nothing of the view', () =>
    expect(filterOf({ q: 'ssl', minRisk: 50, by: 'none' })).toEqual({ q: 'ssl', minRisk: 50, status: ['open'] }));

  test('clearing clears every filter of the contract', () =>
    expect(Object.keys(noFilters).toSorted()).toEqual(Object.keys(FindingFilter).toSorted()));
});

describe('facets', () => {
  test('a click sets, a second click takes back', () => {
    expect(toggleFacet({}, 'severity', 'high')).toEqual({ severity: ['high'] });
    expect(toggleFacet({ severity: ['high'] }, 'severity', 'high')).toEqual({ severity: undefined });
  });

  test('open is on by default and leaves the URL when it is all there is', () => {
    expect(chosenFacets({}).status).toEqual(['open']);
    expect(toggleFacet({}, 'status', 'accepted')).toEqual({ status: ['open', 'accepted'] });
    expect(toggleFacet({ status: ['open', 'accepted'] }, 'status', 'accepted')).toEqual({ status: undefined });
  });

  test('having a fix is yes, no or either', () => {
    expect(toggleFacet({}, 'fixable', 'true')).toEqual({ fixable: true });
    expect(toggleFacet({ fixable: true }, 'fixable', 'false')).toEqual({ fixable: false });
    expect(toggleFacet({ fixable: false }, 'fixable', 'false')).toEqual({ fixable: undefined });
  });
});

test('every set filter is a chip that removes just itself', () => {
  const chips = setFilters({ severity: ['high', 'low'], q: 'ssl', exposure: ['internet'] });
  expect(chips.map((chip) => chip.text)).toEqual(['Risk: High', 'Risk: Low', 'Exposed to: Internet', 'Text: ssl']);
  expect(chips[0]?.change).toEqual({ severity: ['low'] });
  expect(chips[3]?.change).toEqual({ q: undefined });
});

test.each([
  ['fix', { fix: 'k' }],
  ['vulnerability', { vulnerability: 'k' }],
  ['asset', { assetId: 'k' }],
  ['package', { package: 'k' }],
] as const)('the key of a group by %s is its filter', (by, filter) => expect(groupFilter(by, 'k')).toEqual(filter));

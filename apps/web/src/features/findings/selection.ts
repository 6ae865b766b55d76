import type { FindingFilter } from '@parapet/contract/api';
import { type Grouping, groupFilter } from './filters.ts';
import type { FindingRow } from './rows.ts';

/** Chosen rows: whole groups by key, single findings by id. */
export type Selection = { readonly groups: ReadonlySet<string>; readonly findings: ReadonlySet<string> };

export const nothingSelected: Selection = { groups: new Set(), findings: new Set() };

export const isSelected = (selection: Selection, row: FindingRow): boolean =>
  row.kind === 'group'
    ? selection.groups.has(row.group.key)
    : row.kind === 'finding' &&
      (selection.findings.has(row.finding.id) || (row.groupKey !== undefined && selection.groups.has(row.groupKey)));

/** Adds or removes a row. A finding of a chosen group cannot be left out of it: the group is taken back first. */
export const toggleRow = (selection: Selection, row: FindingRow): Selection => {
  if (row.kind === 'group') return { ...selection, groups: flip(selection.groups, row.group.key) };
  if (row.kind !== 'finding') return selection;
  if (row.groupKey !== undefined && selection.groups.has(row.groupKey)) {
    return { ...selection, groups: flip(selection.groups, row.groupKey) };
  }
  return { ...selection, findings: flip(selection.findings, row.finding.id) };
};

export type Target = { readonly ids: string[] } | { readonly filter: Partial<FindingFilter> };

/** What to send for a selection: one call for the ids (at most 1,000 each), one for each chosen group. */
export const targetsOf = (selection: Selection, by: Grouping, filter: Partial<FindingFilter>): readonly Target[] => {
  const ids = [...selection.findings];
  const groups =
    by === 'none' ? [] : [...selection.groups].map((key) => ({ filter: { ...filter, ...groupFilter(by, key) } }));
  const chunks = Array.from({ length: Math.ceil(ids.length / 1000) }, (_, index) => ({
    ids: ids.slice(index * 1000, (index + 1) * 1000),
  }));
  return [...chunks, ...groups];
};

/** How many findings are chosen, where the groups' sizes are known. */
export const countSelected = (selection: Selection, rows: readonly FindingRow[]): number => {
  const inGroups = rows.reduce(
    (sum, row) => (row.kind === 'group' && selection.groups.has(row.group.key) ? sum + row.group.findings : sum),
    0,
  );
  return inGroups + selection.findings.size;
};

const flip = (set: ReadonlySet<string>, value: string): ReadonlySet<string> => {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
};

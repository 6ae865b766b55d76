import type { FindingGroup, FindingSummary } from '@parapet/contract/api';
import { describe, expect, test } from 'vitest';
import { type FindingRow, groupedRows, plainRows } from './rows.ts';
import { countSelected, isSelected, nothingSelected, targetsOf, toggleRow } from './selection.ts';

const finding = (id: string): FindingSummary => ({ id }) as FindingSummary;
const group = (key: string, findings: number): FindingGroup => ({ key, findings }) as FindingGroup;
const keys = (rows: readonly FindingRow[]): readonly string[] => rows.map((row) => row.key);
const at = (rows: readonly FindingRow[], index: number): FindingRow => rows[index] as FindingRow;

describe('rows', () => {
  test('closed groups are one row each', () =>
    expect(keys(groupedRows([group('a', 2), group('b', 1)], new Map()))).toEqual(['group:a', 'group:b']));

  test('an open group shows that it waits, then its findings, then that there are more', () => {
    const loading = groupedRows([group('a', 2)], new Map([['a', { state: 'loading' }]]));
    expect(keys(loading)).toEqual(['group:a', 'loading:a']);
    const ready = groupedRows(
      [group('a', 60), group('b', 1)],
      new Map([['a', { state: 'ready', findings: [finding('1'), finding('2')], complete: false }]]),
    );
    expect(keys(ready)).toEqual(['group:a', 'finding:a:1', 'finding:a:2', 'more:a', 'group:b']);
  });

  test('the same finding may stand in two groups', () => {
    const members = { state: 'ready', findings: [finding('1')], complete: true } as const;
    const rows = groupedRows(
      [group('a', 1), group('b', 1)],
      new Map([
        ['a', members],
        ['b', members],
      ]),
    );
    expect(new Set(keys(rows)).size).toBe(rows.length);
  });
});

describe('selection', () => {
  const rows = groupedRows(
    [group('a', 2), group('b', 5)],
    new Map([['a', { state: 'ready', findings: [finding('1'), finding('2')], complete: true }]]),
  );

  test('a chosen group holds its findings', () => {
    const chosen = toggleRow(nothingSelected, at(rows, 0));
    expect(isSelected(chosen, at(rows, 1))).toBe(true);
    expect(countSelected(chosen, rows)).toBe(2);
    expect(toggleRow(chosen, at(rows, 1))).toEqual(nothingSelected);
  });

  test('what is sent: ids in one call, each group by its filter', () => {
    const chosen = toggleRow(toggleRow(nothingSelected, at(rows, 1)), at(rows, 3));
    expect(countSelected(chosen, rows)).toBe(6);
    expect(targetsOf(chosen, 'fix', { status: ['open'] })).toEqual([
      { ids: ['1'] },
      { filter: { status: ['open'], fix: 'b' } },
    ]);
  });

  test('no call carries more than 1,000 ids', () => {
    const many = plainRows(Array.from({ length: 1500 }, (_, index) => finding(String(index))));
    const chosen = many.reduce(toggleRow, nothingSelected);
    expect(targetsOf(chosen, 'none', {}).map((target) => ('ids' in target ? target.ids.length : 0))).toEqual([
      1000, 500,
    ]);
  });
});

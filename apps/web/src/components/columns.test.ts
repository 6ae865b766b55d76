import { expect, test } from 'vitest';
import { type Column, columnTemplate, shownColumns, sortRows } from './columns.ts';

type Row = { readonly name: string; readonly memory?: number };
const columns: readonly Column<Row>[] = [
  { id: 'name', header: 'Name', width: '1fr', value: (row) => row.name, cell: (row) => row.name },
  { id: 'memory', header: 'Memory', width: '72px', from: 700, value: (row) => row.memory, cell: () => '' },
  { id: 'mark', header: 'Mark', width: '20px', from: 900, cell: () => '' },
];
const rows: readonly Row[] = [{ name: 'host-10', memory: 3 }, { name: 'host-9' }, { name: 'host-2', memory: 7 }];
const names = (sorted: readonly Row[]): string => sorted.map((row) => row.name).join();

test('columns give way where there is no room', () => {
  expect(columnTemplate(shownColumns(columns, 500))).toBe('1fr');
  expect(columnTemplate(shownColumns(columns, 700))).toBe('1fr 72px');
  expect(columnTemplate(shownColumns(columns, 1200))).toBe('1fr 72px 20px');
});

test('names sort as people count', () =>
  expect(names(sortRows(rows, columns, { by: 'name', direction: 'up' }))).toBe('host-2,host-9,host-10'));

test('rows without a value come last in both directions', () => {
  expect(names(sortRows(rows, columns, { by: 'memory', direction: 'up' }))).toBe('host-10,host-2,host-9');
  expect(names(sortRows(rows, columns, { by: 'memory', direction: 'down' }))).toBe('host-2,host-10,host-9');
});

test('a column without values leaves the order', () =>
  expect(sortRows(rows, columns, { by: 'mark', direction: 'up' })).toBe(rows));

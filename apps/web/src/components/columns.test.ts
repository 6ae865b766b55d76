import { expect, test } from 'vitest';
import { type Column, columnTemplate, shownColumns } from './columns.ts';

const columns: readonly Column<string>[] = [
  { id: 'name', header: 'Name', width: '1fr', cell: (name) => name },
  { id: 'memory', header: 'Memory', width: '72px', from: 700, cell: () => '' },
  { id: 'mark', header: 'Mark', width: '20px', from: 900, cell: () => '' },
];

test('columns give way where there is no room', () => {
  expect(columnTemplate(shownColumns(columns, 500))).toBe('1fr');
  expect(columnTemplate(shownColumns(columns, 700))).toBe('1fr 72px');
  expect(columnTemplate(shownColumns(columns, 1200))).toBe('1fr 72px 20px');
});

test('a column can stand for others while there is no room', () => {
  const short: Column<string> = { id: 'short', header: 'Name', width: '2fr', until: 480, cell: (name) => name };
  const shown = (width: number): readonly string[] => shownColumns([short, ...columns], width).map(({ id }) => id);
  expect(shown(479)).toEqual(['short', 'name']);
  expect(shown(480)).toEqual(['name']);
});

// @vitest-environment happy-dom
import { act } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Column } from './columns.ts';
import { DataTable, type DataTableProps } from './data-table.tsx';

type Row = { readonly id: string };
const columns: readonly Column<Row>[] = [
  { id: 'name', header: 'Name', width: '1fr', sortable: true, cell: (row) => <a href={`/${row.id}`}>{row.id}</a> },
];

// A document without layout: the scrolled part and its rows are given sizes.
for (const [name, value] of [
  ['clientHeight', 600],
  ['clientWidth', 900],
  ['offsetHeight', 36],
] as const) {
  Object.defineProperty(HTMLDivElement.prototype, name, { configurable: true, get: () => value });
}

let root: Root;
let container: HTMLElement;
beforeEach(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  container = document.createElement('div');
  document.body.append(container);
  root = createRoot(container);
});
afterEach(() => {
  act(() => root.unmount());
  container.remove();
});

const render = (props: Partial<DataTableProps<Row>>): void =>
  act(() =>
    root.render(
      <DataTable
        label="Things"
        columns={columns}
        rows={Array.from({ length: 5000 }, (_, index) => ({ id: `row${index}` }))}
        rowKey={(row) => row.id}
        {...props}
      />,
    ),
  );
const bodyRows = (): readonly HTMLElement[] => [...container.querySelectorAll<HTMLElement>('[role="row"][data-key]')];
const press = (element: Element | undefined, key: string): void =>
  act(() => void element?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })));

test('draws what is in view and tells the whole', () => {
  render({});
  expect(bodyRows().length).toBeGreaterThan(5);
  expect(bodyRows().length).toBeLessThan(100);
  expect(container.querySelector('[role="treegrid"]')?.getAttribute('aria-rowcount')).toBe('5001');
});

test('has the columns that there is room for from its first picture on', () => {
  const more = [880, 920].map(
    (from) => ({ ...columns[0], id: `from ${from}`, header: `From ${from}`, from }) as Column<Row>,
  );
  render({ columns: [...columns, ...more] });
  const heads = [...container.querySelectorAll('[role="columnheader"]')].map((head) => head.textContent);
  expect(heads).toEqual(['Name', 'From 880']);
});

test('keys open, expand and choose; only one row is a tab stop', () => {
  const onOpen = vi.fn();
  const onExpand = vi.fn();
  const onSelect = vi.fn();
  render({ onOpen, onExpand, onSelect });
  const [first] = bodyRows();
  press(first, 'Enter');
  press(first, 'ArrowRight');
  press(first, 'ArrowLeft');
  press(first, 'x');
  expect(onOpen).toHaveBeenCalledWith({ id: 'row0' });
  expect(onExpand.mock.calls.map(([, expand]) => expand)).toEqual([true, false]);
  expect(onSelect).toHaveBeenCalledOnce();
  expect(bodyRows().filter((row) => row.tabIndex === 0)).toHaveLength(1);
});

test('a key pressed in a control of a row is the control’s', () => {
  const onOpen = vi.fn();
  render({ onOpen });
  press(bodyRows()[0]?.querySelector('a') ?? undefined, 'Enter');
  expect(onOpen).not.toHaveBeenCalled();
});

test('a click on a row opens it, a click on a link in it does not', () => {
  const onOpen = vi.fn();
  render({ onOpen });
  const [first] = bodyRows();
  const link = first?.querySelector('a');
  link?.addEventListener('click', (event) => event.preventDefault());
  act(() => link?.click());
  expect(onOpen).not.toHaveBeenCalled();
  act(() => first?.click());
  expect(onOpen).toHaveBeenCalledOnce();
});

test('a header sorts, and turns the order around', () => {
  const onSort = vi.fn();
  render({ onSort });
  act(() => container.querySelector<HTMLElement>('[role="columnheader"] button')?.click());
  expect(onSort).toHaveBeenLastCalledWith({ by: 'name', direction: 'up' });
  render({ onSort, sort: { by: 'name', direction: 'up' } });
  expect(container.querySelector('[aria-sort]')?.getAttribute('aria-sort')).toBe('ascending');
  act(() => container.querySelector<HTMLElement>('[role="columnheader"] button')?.click());
  expect(onSort).toHaveBeenLastCalledWith({ by: 'name', direction: 'down' });
});

test('asks for more only when the end is near', () => {
  const onEnd = vi.fn();
  render({ onEnd });
  expect(onEnd).not.toHaveBeenCalled();
  render({ onEnd, rows: [{ id: 'a' }, { id: 'b' }] });
  expect(onEnd).toHaveBeenCalled();
});

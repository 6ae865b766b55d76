import { expect, test } from 'vitest';
import { keepOrder } from './steady-rows.ts';

type Row = { readonly id: string; readonly risk: number };
const keyOf = (row: Row): string => row.id;
const rows = (...ids: readonly string[]): readonly Row[] => ids.map((id, index) => ({ id, risk: 100 - index }));
const ids = (list: readonly Row[]): string => list.map(keyOf).join('');

test('rows stay where they are while others overtake them', () => {
  const kept = keepOrder(rows('a', 'b', 'c'), rows('c', 'a', 'b'), keyOf);
  expect(ids(kept.rows)).toBe('abc');
  expect(kept.arrived + kept.left).toBe(0);
});

test('content changes in place', () => {
  const kept = keepOrder([{ id: 'a', risk: 1 }], [{ id: 'a', risk: 9 }], keyOf);
  expect(kept.rows).toEqual([{ id: 'a', risk: 9 }]);
});

test('new rows wait and are counted, gone rows stay and are counted', () => {
  const kept = keepOrder(rows('a', 'b', 'c'), rows('x', 'a', 'y', 'c'), keyOf);
  expect(ids(kept.rows)).toBe('abc');
  expect(kept).toMatchObject({ arrived: 2, left: 1 });
});

test('a further page joins at the end', () => {
  const kept = keepOrder(rows('a', 'b'), rows('a', 'b', 'c', 'd'), keyOf);
  expect(ids(kept.rows)).toBe('abcd');
  expect(kept.arrived).toBe(0);
});

test('a further page joins also after something new came', () => {
  const kept = keepOrder(rows('a', 'b'), rows('x', 'a', 'b', 'c'), keyOf);
  expect(ids(kept.rows)).toBe('abc');
  expect(kept.arrived).toBe(1);
});

test('a list of which nothing is left keeps what is read', () => {
  const kept = keepOrder(rows('a', 'b'), rows('x'), keyOf);
  expect(ids(kept.rows)).toBe('ab');
  expect(kept).toMatchObject({ arrived: 1, left: 2 });
});

test('an empty list takes what comes', () => expect(ids(keepOrder([], rows('a', 'b'), keyOf).rows)).toBe('ab'));

import type { ProcessItem } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { processRows } from './process-rows.ts';

const process = (pid: number, parentPid?: number, second = 0): ProcessItem => ({
  id: `p${pid}`,
  pid,
  ...(parentPid === undefined ? {} : { parentPid }),
  name: `n${pid}`,
  executable: '',
  arguments: [],
  user: 'root',
  root: true,
  startedAt: new Date(second * 1000).toISOString(),
  listening: [],
});
const shape = (processes: readonly ProcessItem[], closed: readonly string[] = []): string =>
  processRows(processes, new Set(closed))
    .map((row) => `${'.'.repeat(row.depth)}${row.process.pid}`)
    .join(' ');

test('children lie under their parent, oldest first', () =>
  expect(shape([process(3, 1, 9), process(2, 1, 5), process(1), process(4, 2)])).toBe('1 .2 ..4 .3'));

test('a process whose parent is unknown is a root', () => expect(shape([process(7, 5), process(8, 7)])).toBe('7 .8'));

test('a closed process hides what is under it and says how many there are', () => {
  const processes = [process(1), process(2, 1), process(3, 2)];
  expect(shape(processes, ['p2'])).toBe('1 .2');
  expect(processRows(processes, new Set(['p2']))[1]?.children).toBe(1);
});

test('loops are cut, nothing is lost and nothing is shown twice', () => {
  const rows = processRows([process(1, 1), process(2, 3), process(3, 2), process(4, 3)], new Set());
  expect(rows.map((row) => row.process.pid).toSorted()).toEqual([1, 2, 3, 4]);
});

test('closing the parent in a loop does not bring its children back as roots', () =>
  expect(shape([process(2, 3), process(3, 2)], ['p2'])).toBe('2 3'));

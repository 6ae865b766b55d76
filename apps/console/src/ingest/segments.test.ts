import { expect, test } from 'vitest';
import { containerRecord, hostRecord, listenerRecord } from '../testing/records.ts';
import type { InventoryItem } from './frame-reader.ts';
import { cutSegments } from './segments.ts';

const put = (record: Extract<InventoryItem, { kind: 'put' }>['put']['record']): InventoryItem => ({
  kind: 'put',
  put: { record, hash: 1n },
});
const begin: InventoryItem = { kind: 'snapshot-begin', bootId: 'b', takenAt: 1 };
const end: InventoryItem = { kind: 'snapshot-end' };
const shape = (items: readonly InventoryItem[]): string[] =>
  cutSegments(items).map(
    ({ begin: from, puts, end: until }) =>
      `${from === undefined ? '' : '['}${puts.map((one) => one.record.key).join(' ')}${until ? ']' : ''}`,
  );

test('records without a mark are one segment, the latest version of each', () => {
  const segments = cutSegments([put(hostRecord({ hostname: 'a' })), put(hostRecord({ hostname: 'b' }))]);
  expect(segments).toHaveLength(1);
  expect(segments[0]?.puts.map((one) => one.record)).toMatchObject([{ hostname: 'b' }]);
});

test('marks of a snapshot cut, also when it is empty', () => {
  expect(shape([put(listenerRecord(1)), begin, put(hostRecord()), end, put(listenerRecord(2))])).toEqual([
    'host|tcp|0.0.0.0|1',
    '[host]',
    'host|tcp|0.0.0.0|2',
  ]);
  expect(shape([begin, end])).toEqual(['[]']);
  expect(shape([end])).toEqual([']']);
  expect(shape([])).toEqual([]);
});

test('a key that ends and begins again is two spans', () => {
  expect(
    shape([put(listenerRecord(1)), put(listenerRecord(1, { endedAt: 5 })), put(listenerRecord(1, { startedAt: 9 }))]),
  ).toHaveLength(2);
});

test('a container that stopped still is, so its next version replaces it', () => {
  const stopped = containerRecord('docker:a', { state: 'exited', endedAt: 5 });
  expect(shape([put(stopped), put(containerRecord('docker:a'))])).toHaveLength(1);
});

test('a container that stopped and was started again lived twice', () => {
  const stopped = containerRecord('docker:a', { state: 'exited', startedAt: 2000, endedAt: 5000 });
  const again = containerRecord('docker:a', { startedAt: 6000 });
  expect(shape([put(stopped), put(again)])).toHaveLength(2);
});

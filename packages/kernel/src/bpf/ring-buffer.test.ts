import { expect, test } from 'vitest';
import { createRecords } from './ring-buffer.ts';

test('a record that lies in one piece is the ring’s own bytes', () => {
  const ring = Uint8Array.from({ length: 16 }, (_, index) => index);
  const record = createRecords(ring)(8, 8);
  expect([...record]).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
  expect(record.buffer).toBe(ring.buffer);
});

test('a record that goes on at the beginning of the ring is put together', () => {
  const ring = Uint8Array.from({ length: 16 }, (_, index) => index);
  const recordAt = createRecords(ring);
  expect([...recordAt(12, 9)]).toEqual([12, 13, 14, 15, 0, 1, 2, 3, 4]);
  expect([...recordAt(14, 3)]).toEqual([14, 15, 0]);
  // Its header was the last of the ring.
  expect([...recordAt(0, 4)]).toEqual([0, 1, 2, 3]);
});

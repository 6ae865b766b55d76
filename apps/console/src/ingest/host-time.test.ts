import { expect, test } from 'vitest';
import { createHostTime } from './host-time.ts';

const now = Date.UTC(2026, 5, 1);

test('a small skew is left alone, a large one is taken off', () => {
  expect(
    createHostTime(now, 1999)
      .past(now - 5000)
      .getTime(),
  ).toBe(now - 5000);
  expect(
    createHostTime(now, -3000)
      .past(now - 5000)
      .getTime(),
  ).toBe(now - 2000);
  expect(
    createHostTime(now, 3000)
      .past(now - 5000)
      .getTime(),
  ).toBe(now - 8000);
});

test('nothing lies in the future or in another age, and no end before its start', () => {
  const time = createHostTime(now, 0);
  expect(time.past(now + 1).getTime()).toBe(now);
  expect(time.past(8.64e15).getTime()).toBe(now);
  expect(time.past(0).toISOString()).toBe('2000-01-01T00:00:00.000Z');
  expect(time.end(0, new Date(now - 10)).getTime()).toBe(now - 10);
});

import { expect, test } from 'vitest';
import { curveOf } from './memory-curve.ts';

const every10Seconds = (values: readonly number[]) => values.map((value, index) => ({ atMs: index * 10_000, value }));

test('what stays the same has no slope', () => {
  const curve = curveOf(every10Seconds(Array.from({ length: 360 }, () => 50)));
  expect(curve).toMatchObject({ firstThird: 50, lastThird: 50, perHour: 0, max: 50 });
  expect(curve.shape).toEqual(Array.from({ length: 12 }, () => 50));
});

test('what grows by 12 an hour has that slope, whatever its peaks', () => {
  const curve = curveOf(every10Seconds(Array.from({ length: 360 }, (_, index) => 50 + index / 30)));
  expect(curve.perHour).toBeCloseTo(12, 6);
  expect(curve.lastThird - curve.firstThird).toBeCloseTo(8, 6);
});

test('few samples, and none', () => {
  expect(curveOf([{ atMs: 5, value: 3 }])).toMatchObject({ firstThird: 3, lastThird: 3, perHour: 0, max: 3 });
  expect(curveOf([])).toMatchObject({ perHour: 0, max: 0, shape: [] });
});

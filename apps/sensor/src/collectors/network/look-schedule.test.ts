import { expect, it } from 'vitest';
import { createLookSchedule, longestMs, restMs, shortestMs } from './look-schedule.ts';

it('slows down at rest and is quick again after a change', () => {
  const schedule = createLookSchedule();
  const rest = Array.from({ length: 10 }, () => schedule.next({ costMs: 1, changed: false }));
  expect(rest).toEqual(rest.toSorted((one, other) => one - other));
  expect(rest.at(-1)).toBe(restMs);
  expect(schedule.next({ costMs: 1, changed: true })).toBe(shortestMs);
});

it('keeps to its share of the processor, and looks again at last', () => {
  const schedule = createLookSchedule();
  schedule.next({ costMs: 1_000_000, changed: true });
  expect(schedule.next({ costMs: 100, changed: false })).toBe(10_000);
  expect(schedule.next({ costMs: 100, changed: true })).toBe(2500);
  expect(schedule.next({ costMs: 1_000_000, changed: true })).toBe(2500);
  expect(schedule.next({ costMs: 1_000_000, changed: true })).toBe(longestMs);
});

import { expect, it } from 'vitest';
import { createRateLimit } from './rate-limit.ts';

it('a limit lets a burst through, then so many a second', () => {
  const limit = createRateLimit({ perSecond: 10, burst: 3 });
  const passed = (nowMs: number): number => [1, 2, 3, 4, 5].filter(() => limit.take(nowMs)).length;
  expect(passed(0)).toBe(3);
  expect(passed(0)).toBe(0);
  expect(passed(100)).toBe(1);
  expect(passed(50)).toBe(0);
  expect(passed(60_000)).toBe(3);
});

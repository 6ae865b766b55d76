import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { alignedInterval } from './aligned-interval.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nowMs = (): number => Math.floor(Number(process.hrtime.bigint()) / 1e6);

it('comes due together with all whose period divides its own, whenever they were begun', () => {
  const moments = new Map<string, number[]>();
  const begin = (name: string, everyMs: number): (() => void) => {
    moments.set(name, []);
    return alignedInterval(() => moments.get(name)?.push(nowMs()), everyMs);
  };
  const stops = [begin('often', 25)];
  vi.advanceTimersByTime(13);
  stops.push(begin('seldom', 50));
  vi.advanceTimersByTime(29);
  stops.push(begin('least', 500));
  vi.advanceTimersByTime(10_000);
  for (const stop of stops) stop();
  const often = new Set(moments.get('often'));
  expect(often.size).toBeGreaterThan(398);
  expect(moments.get('seldom')?.length).toBeGreaterThan(198);
  expect(moments.get('least')?.length).toBeGreaterThan(18);
  expect([...(moments.get('seldom') ?? []), ...(moments.get('least') ?? [])].filter((at) => !often.has(at))).toEqual(
    [],
  );
  expect(vi.getTimerCount()).toBe(0);
});

it('asks for its period after each turn', () => {
  const gaps: number[] = [];
  let last = nowMs();
  let periodMs = 25;
  const stop = alignedInterval(
    () => {
      gaps.push(nowMs() - last);
      last = nowMs();
      periodMs = Math.min(100, periodMs * 2);
    },
    () => periodMs,
  );
  vi.advanceTimersByTime(2000);
  stop();
  expect(gaps.slice(3, 10)).toEqual([100, 100, 100, 100, 100, 100, 100]);
});

it('goes on after a turn that failed, and stops inside of one', () => {
  let turns = 0;
  const stop = alignedInterval(() => {
    turns += 1;
    if (turns === 3) stop();
    if (turns === 1) throw new Error('a turn that fails');
  }, 10);
  expect(() => vi.advanceTimersByTime(15)).toThrow('a turn that fails');
  vi.advanceTimersByTime(1000);
  expect(turns).toBe(3);
});

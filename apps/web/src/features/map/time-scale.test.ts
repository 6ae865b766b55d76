import { describe, expect, it } from 'vitest';
import { bucketCount, scaleOf, shareOf, ticksOf, timeAt } from './time-scale.ts';

const now = Date.parse('2026-01-10T12:34:56Z');

describe('the time strip', () => {
  it('ends at the bucket of now and moves in whole buckets', () => {
    const scale = scaleOf('24h', now, undefined);
    expect(scale.toMs - scale.fromMs).toBe(86_400_000);
    expect(scale.toMs).toBeGreaterThanOrEqual(now);
    expect(scale.toMs - now).toBeLessThan(scale.bucketMs);
    expect(scale.bucketMs * bucketCount).toBe(86_400_000);
    expect(scaleOf('24h', now + 1_000, undefined)).toEqual(scale);
  });

  it('goes where the shown moment is', () => {
    const scale = scaleOf('1h', now, '2026-01-03T00:00:00Z');
    expect(shareOf(scale, Date.parse('2026-01-03T00:00:00Z'))).toBeCloseTo(0.5, 1);
  });

  it('is live at its end', () => {
    const scale = scaleOf('24h', now, undefined);
    expect(timeAt(scale, 1, now)).toBeUndefined();
    expect(timeAt(scale, 0, now)).toBe(scale.fromMs);
    expect(timeAt(scale, -3, now)).toBe(scale.fromMs);
  });

  it('has some round ticks', () => {
    for (const range of ['1h', '6h', '24h', '7d', '30d'] as const) {
      const ticks = ticksOf(scaleOf(range, now, undefined));
      expect(ticks.length).toBeGreaterThanOrEqual(3);
      expect(ticks.length).toBeLessThanOrEqual(10);
    }
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settlingMs, throttleOnceSettled } from './settling.ts';

describe('the limit of processor time', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('holds once the sensor has settled, not before, and is set once', () => {
    let set = 0;
    const throttle = (): void => {
      set += 1;
    };
    throttleOnceSettled({ throttle }, { warn: () => undefined });
    vi.advanceTimersByTime(settlingMs - 1);
    expect(set).toBe(0);
    vi.advanceTimersByTime(1);
    expect(set).toBe(1);
    vi.advanceTimersByTime(3_600_000);
    expect(set).toBe(1);
  });

  it('is told in the log where the kernel refuses it, and ends nothing', () => {
    const told: unknown[] = [];
    const refuse = (): never => {
      throw new Error('read-only file system');
    };
    throttleOnceSettled({ throttle: refuse }, { warn: (_text, detail) => void told.push(detail) });
    vi.advanceTimersByTime(settlingMs);
    expect(told).toEqual([{ error: 'read-only file system' }]);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../log.ts';
import { createSettledState } from './settled-state.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const start = (refuse: () => boolean = () => false) => {
  const written: number[] = [];
  const state = createSettledState<number>({
    file: {
      write: async (value) => {
        if (refuse()) throw new Error('no space');
        written.push(value);
      },
    },
    ...{ name: 'place.json', placeOf: String, log: silentLog },
  });
  const offer = async (value: number, afterMs: number): Promise<void> => {
    vi.advanceTimersByTime(afterMs);
    state.offer(value);
    await Promise.resolve();
    await Promise.resolve();
  };
  return { written, state, offer };
};

describe('a place that is written down', () => {
  it('is one of which all was told two seconds ago', async () => {
    const { written, offer } = start();
    await offer(1, 0);
    await offer(2, 1000);
    expect(written).toEqual([]);
    await offer(3, 1000);
    expect(written).toEqual([1]);
    await offer(4, 2000);
    expect(written).toEqual([1, 3]);
  });

  it('is not written again while it stays, but now and then', async () => {
    const { written, offer } = start();
    for (let turns = 0; turns < 10; turns += 1) await offer(1, 2000);
    expect(written).toEqual([1]);
    await offer(1, 300_000);
    expect(written).toEqual([1, 1]);
  });

  it('is tried again where the disk refused it, and the last one is written at once', async () => {
    let isFull = true;
    const { written, offer, state } = start(() => isFull);
    for (let turns = 0; turns < 3; turns += 1) await offer(1, 2000);
    expect(written).toEqual([]);
    isFull = false;
    await offer(1, 2000);
    expect(written).toEqual([1]);
    await state.last(7);
    expect(written).toEqual([1, 7]);
  });
});

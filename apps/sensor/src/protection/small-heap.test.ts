import { describe, expect, it } from 'vitest';
import { createHeapKeeping } from './small-heap.ts';

const mebibyte = 1024 * 1024;

describe('a thorough collection of garbage', () => {
  const keeping = () => {
    const heap = { heldMib: 20, leavesMib: 15, atMs: 0, collections: 0 };
    const ask = createHeapKeeping({
      heldBytes: () => heap.heldMib * mebibyte,
      collect: () => {
        heap.collections += 1;
        heap.heldMib = heap.leavesMib;
      },
      elapsedMs: () => heap.atMs,
    });
    return { heap, ask };
  };

  it('happens when first asked, and again only once the heap grew from what was left', () => {
    const { heap, ask } = keeping();
    expect(ask()).toBe(true);
    heap.atMs = 3_600_000;
    heap.heldMib = 17.9;
    expect(ask()).toBe(false);
    heap.heldMib = 18;
    expect(ask()).toBe(true);
    expect(heap.collections).toBe(2);
  });

  it('happens once a minute at most, however fast the heap grows', () => {
    const { heap, ask } = keeping();
    for (; heap.atMs < 600_000; heap.atMs += 15_000) {
      heap.heldMib = 40;
      ask();
    }
    expect(heap.collections).toBe(10);
  });

  it('measures growth from what is in use now, so a heap that is larger for good is left alone', () => {
    const { heap, ask } = keeping();
    heap.leavesMib = 30;
    heap.heldMib = 32;
    expect(ask()).toBe(true);
    heap.atMs = 3_600_000;
    heap.heldMib = 32;
    expect(ask()).toBe(false);
  });

  it('is done by the engine: what nothing holds is gone and its room is given back', () => {
    const ask = createHeapKeeping();
    const used = (): number => process.memoryUsage().heapUsed;
    let held: unknown[] | undefined = Array.from({ length: 400_000 }, (_, at) => ({ at }));
    const before = used();
    expect(held).toHaveLength(400_000);
    held = undefined;
    expect(ask()).toBe(true);
    expect(before - used()).toBeGreaterThan(8 * mebibyte);
    expect(globalThis).not.toHaveProperty('gc');
  });
});

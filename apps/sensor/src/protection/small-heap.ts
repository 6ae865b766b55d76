import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Makes the engine hold a small heap rather than be quick. To be called once a program's modules are loaded: Node's own modules come
 * with code made in advance, which the engine takes only while such flags are as they were when that code was made. Set earlier,
 * or on the command line, they double the processor time of loading and cost 1 MB for the code that was refused.
 */
export const keepHeapSmall = (): void => {
  setFlagsFromString('--optimize-for-size');
  // Collect garbage after little growth: a little more work for a heap that stays near what is in use.
  setFlagsFromString('--heap-growing-percent=15');
  // Machine code of the two quick compilers is 2 MB for what seldom runs; what runs often still gets the best one's.
  setFlagsFromString('--no-sparkplug');
  setFlagsFromString('--no-maglev');
};

export type HeapKeeping = {
  /** Bytes that the engine holds, used or not. */
  readonly heldBytes: () => number;
  /** Collects all garbage, drops code that has not run for a while and closes the gaps. */
  readonly collect: () => void;
  readonly elapsedMs: () => number;
};

/** The heap may grow by so much until all of its garbage is collected. */
const growthBytes = 3 * 1024 * 1024;
/** A thorough collection takes some 80 ms of processor time, so one a minute is 0.0014 cores. */
const leastEveryMs = 60_000;

/**
 * A thorough collection where it pays: to be asked from time to time; says whether it collected. By itself the engine looks for
 * garbage in what lives long only some growth later, and leaves the gaps.
 */
export const createHeapKeeping = (heap: HeapKeeping = engineHeap()): (() => boolean) => {
  let keptBytes = 0;
  let lastAt = Number.NEGATIVE_INFINITY;
  return () => {
    const now = heap.elapsedMs();
    if (heap.heldBytes() < keptBytes + growthBytes || now - lastAt < leastEveryMs) return false;
    lastAt = now;
    heap.collect();
    keptBytes = heap.heldBytes();
    return true;
  };
};

const engineHeap = (): HeapKeeping => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  setFlagsFromString('--no-expose-gc');
  return {
    heldBytes: () => getHeapStatistics().total_heap_size,
    collect: () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' }),
    elapsedMs: () => performance.now(),
  };
};

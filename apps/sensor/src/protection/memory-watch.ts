import { getHeapStatistics } from 'node:v8';
import { readSmall } from '../proc/read-small.ts';

/** What would be full: the group's memory as far as it cannot be taken back, or the heap of this process. */
export type MemoryPressure = { readonly detail: string };

/** Past this share of a limit the sensor ends itself in good order, before the kernel or the engine does it without a word. */
const ceilingShare = 0.9;

/** The reason to start anew now, if memory asks for it. `memoryBytes` is the group's limit. */
export const memoryPressure = (
  memoryBytes: number | undefined,
  now: () => MemoryUse = readMemoryUse,
): MemoryPressure | undefined => {
  const use = now();
  if (memoryBytes !== undefined && use.anonymousBytes > memoryBytes * ceilingShare) {
    return { detail: `It used ${mebibytes(use.anonymousBytes)} of the ${mebibytes(memoryBytes)} that it may.` };
  }
  if (use.heapBytes > use.heapLimitBytes * ceilingShare) {
    return { detail: `Its heap held ${mebibytes(use.heapBytes)} of the ${mebibytes(use.heapLimitBytes)} that it may.` };
  }
  return undefined;
};

export type MemoryUse = {
  readonly anonymousBytes: number;
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
};

const readMemoryUse = (): MemoryUse => {
  const { used_heap_size, heap_size_limit } = getHeapStatistics();
  const anonymous = /^RssAnon:\s+(\d+) kB/m.exec(readSmall('/proc/self/status')?.text ?? '')?.[1];
  return {
    anonymousBytes: Number(anonymous ?? 0) * 1024,
    heapBytes: used_heap_size,
    heapLimitBytes: heap_size_limit,
  };
};

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;

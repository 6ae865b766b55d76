import { setTimeout as delay } from 'node:timers/promises';

/**
 * Does work that holds locks in slices, until one is not full or the signal is aborted, and rests after each as long as it took: ingest
 * and people go first, so at most half of the time is taken. `step` says how many rows it did. Returns how many they were in all.
 */
export const inSlices = async (
  step: () => Promise<number>,
  sliceRows: number,
  signal?: AbortSignal,
): Promise<number> => {
  let rows = 0;
  for (let count = sliceRows; count >= sliceRows && signal?.aborted !== true; rows += count) {
    const startedAt = performance.now();
    count = await step();
    if (count >= sliceRows)
      await delay(performance.now() - startedAt, undefined, signal === undefined ? {} : { signal }).catch(
        () => undefined,
      );
  }
  return rows;
};

/**
 * A share of a core for work that comes in storms and may be left out: looking at a process takes a tenth of a millisecond, and 10,000 may
 * begin in a second. Processor time counts, so a host that is busy with other things takes nothing from it.
 */
export type ReadingBudget = {
  /** `undefined` when there is nothing left for now. */
  readonly spend: <T>(work: () => T) => T | undefined;
};

export const createReadingBudget = (share: number): ReadingBudget => {
  let windowAt = Number.NEGATIVE_INFINITY;
  let spentMs = 0;
  return {
    spend: (work) => {
      const now = performance.now();
      if (now - windowAt >= windowMs) {
        windowAt = now;
        spentMs = 0;
      }
      if (spentMs >= share * windowMs) return undefined;
      const before = process.threadCpuUsage();
      const result = work();
      const { user, system } = process.threadCpuUsage(before);
      spentMs += (user + system) / 1000;
      return result;
    },
  };
};

const windowMs = 200;

import { createRateLimit, type RateLimit } from '../rate-limit.ts';

/** A rate for each workload: of more events than so many a second those beyond are refused. */
export type RateLimits = { readonly take: (workload: string) => boolean };

/** More workloads than a host runs; the one that has been silent longest is forgotten, and begins anew. */
const maxWorkloads = 4096;

/** Each workload has so many events a second, and at once what a second may have. */
export const createRateLimits = (perSecond: number, elapsedMs: () => number): RateLimits => {
  const limits = new Map<string, RateLimit>();
  return {
    take: (workload) => {
      const limit = limits.get(workload) ?? createRateLimit({ perSecond, burst: perSecond });
      // Taken out and put in again, the map is in the order in which workloads were last heard.
      limits.delete(workload);
      limits.set(workload, limit);
      const [oldest] = limits.keys();
      if (limits.size > maxWorkloads && oldest !== undefined) limits.delete(oldest);
      return limit.take(elapsedMs());
    },
  };
};

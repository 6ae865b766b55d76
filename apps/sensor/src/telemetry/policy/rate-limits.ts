/** A rate for each workload: of more events than so many a second those beyond are refused. */
export type RateLimits = { readonly take: (workload: string) => boolean };

/** More workloads than a host runs; the one that has been silent longest is forgotten, and begins anew. */
const maxWorkloads = 4096;

/** Token buckets that hold what a second may have. */
export const createRateLimits = (perSecond: number, elapsedMs: () => number): RateLimits => {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  return {
    take: (workload) => {
      const now = elapsedMs();
      const bucket = buckets.get(workload) ?? { tokens: perSecond, atMs: now };
      const tokens = Math.min(perSecond, bucket.tokens + ((now - bucket.atMs) * perSecond) / 1000);
      const isAllowed = tokens >= 1;
      // Taken out and put in again, the map is in the order in which workloads were last heard.
      buckets.delete(workload);
      buckets.set(workload, { tokens: isAllowed ? tokens - 1 : tokens, atMs: now });
      const [oldest] = buckets.keys();
      if (buckets.size > maxWorkloads && oldest !== undefined) buckets.delete(oldest);
      return isAllowed;
    },
  };
};

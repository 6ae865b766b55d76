import type { Clock } from '@parapet/core';

export type RateLimit = {
  /** Takes one from the key's bucket; false when it is empty. */
  readonly take: (key: string) => boolean;
};

/** Token buckets by key. At most `maxKeys` are kept; beyond that all unknown keys share one bucket, so that a flood of addresses cannot grow it. */
export const createRateLimit = (deps: {
  readonly clock: Clock;
  readonly perMinute: number;
  readonly burst: number;
  readonly maxKeys?: number;
}): RateLimit => {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  const maxKeys = deps.maxKeys ?? 10_000;
  const fillPerMs = deps.perMinute / 60_000;
  const level = (bucket: { tokens: number; atMs: number }, now: number): number =>
    Math.min(deps.burst, bucket.tokens + Math.max(0, now - bucket.atMs) * fillPerMs);
  const forgetFull = (now: number): void => {
    for (const [key, bucket] of buckets) if (level(bucket, now) >= deps.burst) buckets.delete(key);
  };
  return {
    take: (asked) => {
      const now = deps.clock.now();
      if (buckets.size >= maxKeys && !buckets.has(asked)) forgetFull(now);
      const key = buckets.has(asked) || buckets.size < maxKeys ? asked : '';
      const bucket = buckets.get(key);
      const tokens = bucket === undefined ? deps.burst : level(bucket, now);
      buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: now });
      return tokens >= 1;
    },
  };
};

/** Lets `perSecond` through in the long run and up to `burst` at once. */
export type RateLimit = { readonly take: (nowMs: number) => boolean };

export const createRateLimit = (limits: { readonly perSecond: number; readonly burst: number }): RateLimit => {
  let left = limits.burst;
  let filledAtMs = Number.NEGATIVE_INFINITY;
  return {
    take: (nowMs) => {
      const passedMs = Math.max(0, nowMs - filledAtMs);
      left = Math.min(limits.burst, left + (passedMs * limits.perSecond) / 1000);
      filledAtMs = nowMs;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
};

import { bootClockNs } from '@parapet/kernel';

/** Microseconds since the Unix epoch of a moment of the kernel's clock. Both are compared anew now and then: ours may be set. */
export const createWallTime = (): ((atNs: bigint) => number) => {
  let offsetUs = 0;
  let comparedAt = Number.NEGATIVE_INFINITY;
  return (atNs) => {
    const now = performance.now();
    if (now - comparedAt > 1000) {
      comparedAt = now;
      offsetUs = Math.round(Date.now() * 1000 - Number(bootClockNs()) / 1000);
    }
    return offsetUs + Math.round(Number(atNs) / 1000);
  };
};

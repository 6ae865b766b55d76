import { checked } from './kernel-error.ts';
import { libc } from './libc.ts';

/** Nanoseconds since boot, time asleep included (CLOCK_BOOTTIME, clock_gettime(2)): the clock of process starts and of probes. */
export const bootClockNs = (): bigint => {
  checked('clock_gettime', libc().clock_gettime(CLOCK_BOOTTIME, time));
  return view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true);
};

const CLOCK_BOOTTIME = 7;
const time = new Uint8Array(16);
const view = new DataView(time.buffer);

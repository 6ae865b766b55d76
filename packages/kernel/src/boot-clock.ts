import { checked } from './kernel-error.ts';
import { libc } from './libc.ts';

/** Nanoseconds since boot, time asleep included (CLOCK_BOOTTIME, clock_gettime(2)): the clock of process starts and of probes. */
export const bootClockNs = (): bigint => {
  checked('clock_gettime', libc().clock_gettime(CLOCK_BOOTTIME, time));
  return view.getBigInt64(0, true) * 1_000_000_000n + view.getBigInt64(8, true);
};

/**
 * Nanoseconds asleep since boot: between the clock of the kernel's messages (CLOCK_MONOTONIC) and the one of starts. The same number until the host
 * sleeps again, so that what two sources tell of one moment can be compared.
 */
export const asleepNs = (): bigint => {
  let measured = measureAsleep();
  // Interrupted between the two clocks it measures too much.
  for (let attempt = 1; attempt < 3 && measured !== known; attempt += 1) {
    const again = measureAsleep();
    if (again < measured) measured = again;
  }
  if (known === undefined || measured - known > unchangedNs || known - measured > unchangedNs) known = measured;
  return known;
};

const measureAsleep = (): bigint => {
  const monotonicNs = process.hrtime.bigint();
  return bootClockNs() - monotonicNs;
};
let known: bigint | undefined;
const unchangedNs = 1_000_000n;

const CLOCK_BOOTTIME = 7;
const time = new Uint8Array(16);
const view = new DataView(time.buffer);

import { readSmall } from './read-small.ts';

/** Linux reports ticks to user space at this rate whatever the kernel's own (`USER_HZ`). */
const ticksPerSecond = 100;

/** Turns start ticks into wall time. The boot's wall time is fixed once per run, so that a process never seems to start anew. */
export const createHostTimes = (
  procPath: string,
  nowMs: number,
): { readonly startedAt: (startTicks: number) => number } => {
  const uptimeSeconds = Number(readSmall(`${procPath}/uptime`)?.text.split(' ')[0] ?? 0);
  const bootedAt = Math.round(nowMs - uptimeSeconds * 1000);
  return { startedAt: (startTicks) => bootedAt + Math.round((startTicks * 1000) / ticksPerSecond) };
};

/** The id of this boot; empty when the kernel does not tell. */
export const readBootId = (procPath: string): string =>
  readSmall(`${procPath}/sys/kernel/random/boot_id`)?.text.trim().slice(0, 64) ?? '';

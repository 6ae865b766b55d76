import { readSmall } from './read-small.ts';
import { parseStat } from './stat.ts';

/** When a process of this host started, in clock ticks after boot; `undefined` when there is none. */
export const readStartTicks = (pid: number): number | undefined =>
  parseStat(readSmall(`/proc/${pid}/stat`)?.text ?? '')?.startTicks;

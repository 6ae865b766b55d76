import { setTimeout as delay } from 'node:timers/promises';

/** Waits so long; resolves at once when the signal aborts. Leaves no listener with the signal, which may live as long as the program. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);

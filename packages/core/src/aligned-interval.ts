/**
 * Calls `turn` again and again, at whole multiples of its period on the clock that all programs of this machine share: intervals whose
 * periods are multiples of each other come due together, so that an idle program is woken once for all of them. A wake-up costs
 * some 0.1 ms of processor time, however little is done. The first turn, and one whose period was changed, comes half a period early or
 * late at most. Keeps no program alive. Returns the way to stop.
 */
export const alignedInterval = (turn: () => void, periodMs: number | (() => number)): (() => void) => {
  const period = typeof periodMs === 'number' ? (): number => periodMs : periodMs;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const schedule = (): void => {
    if (isStopped) return;
    const everyMs = period();
    const nowMs = monotonicMs();
    timer = setTimeout(run, (Math.round(nowMs / everyMs) + 1) * everyMs - nowMs);
    timer.unref();
  };
  const run = (): void => {
    try {
      turn();
    } finally {
      schedule();
    }
  };
  schedule();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
};

/** In whole milliseconds, as the event loop counts them: with parts of one, timers for the same moment would fire one apart. */
const monotonicMs = (): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + Math.floor(nanoseconds / 1e6);
};

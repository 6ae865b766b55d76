import { monitorEventLoopDelay } from 'node:perf_hooks';

export type EventLoopWatch = Disposable & {
  /** 99 % of the loop's turns were late by less, in milliseconds, over the last one to two minutes. */
  readonly lagMsP99: () => number;
};

const windowMs = 60_000;
const resolutionMs = 20;

export const watchEventLoop = (): EventLoopWatch => {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let previous = 0;
  const current = (): number => {
    const p99 = histogram.percentile(99) / 1e6;
    // The histogram measures the timer's whole period.
    return Number.isFinite(p99) ? Math.max(0, p99 - resolutionMs) : 0;
  };
  const timer = setInterval(() => {
    previous = current();
    histogram.reset();
  }, windowMs);
  timer.unref();
  return {
    lagMsP99: () => Math.round(Math.max(previous, current()) * 10) / 10,
    [Symbol.dispose]: () => {
      clearInterval(timer);
      histogram.disable();
    },
  };
};

import type { BlindSpan } from '../collector.ts';

/** Makes one blind span of a row of overruns: they come in bursts, and a span for each would say less. */
export type OverrunSpans = {
  readonly overran: (now: number) => void;
  /** Called at each read; ends the span once there was no overrun for a while. */
  readonly read: (now: number) => void;
  readonly close: (now: number) => void;
};

const quietMs = 5000;

export const createOverrunSpans = (open: (since: number) => BlindSpan, startedAt: number): OverrunSpans => {
  let span: BlindSpan | undefined;
  let lastRead = startedAt;
  let lastOverrun = startedAt;
  const end = (at: number): void => {
    span?.end(at);
    span = undefined;
  };
  return {
    overran: (now) => {
      // What was lost came after the last read, when the buffer was still empty.
      span ??= open(lastRead);
      lastOverrun = now;
    },
    read: (now) => {
      if (span !== undefined && now - lastOverrun >= quietMs) end(lastOverrun);
      lastRead = now;
    },
    close: end,
  };
};

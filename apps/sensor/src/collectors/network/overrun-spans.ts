import type { BlindSpan } from '../collector.ts';

/** Makes one blind span of a row of overruns: they come in bursts, and a span for each would say less. */
export type OverrunSpans = {
  /** `since`: when the last complete news came, if that is not the last read. */
  readonly overran: (now: number, since?: number) => void;
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
    overran: (now, since = lastRead) => {
      // What was lost came after the last read, when the buffer was still empty.
      span ??= open(since);
      lastOverrun = now;
    },
    read: (now) => {
      if (span !== undefined && now - lastOverrun >= quietMs) end(lastOverrun);
      lastRead = now;
    },
    close: end,
  };
};

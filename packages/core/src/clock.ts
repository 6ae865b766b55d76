/** The source of time, passed in so that tests decide what time it is. */
export type Clock = {
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Milliseconds that only go forward, whatever is done to the clock: for how long something took. `now` where absent. */
  readonly monotonic?: () => number;
};

/** A moment in a sentence that the console makes for people, to the minute: `2026-11-28 14:29 UTC`. */
export const utcText = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

/** How time passes by a clock, for durations and time limits. */
export const elapsedBy = (clock: Clock): (() => number) => clock.monotonic ?? clock.now;

/** A clock that a test moves by hand. */
export const createManualClock = (
  startMs = 0,
): Clock & { advance: (ms: number) => void; set: (ms: number) => void } => {
  let current = startMs;
  return {
    now: () => current,
    advance: (ms) => {
      current += ms;
    },
    set: (ms) => {
      current = ms;
    },
  };
};

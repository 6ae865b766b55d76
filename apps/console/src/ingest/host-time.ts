/** Turns times of a sensor's clock into ours, and takes the sting out of impossible ones. */
export type HostTime = {
  readonly now: Date;
  /** A moment in the past: corrected by the skew, never after now, never before the year 2000. */
  readonly past: (sensorMs: number) => Date;
  /** The end of a span: never before its start. */
  readonly end: (sensorMs: number, start: Date) => Date;
};

/** Below this the difference may as well be travel time. */
const correctedFromMs = 2000;
const earliestMs = Date.UTC(2000, 0, 1);

export const createHostTime = (nowMs: number, skewMs: number): HostTime => {
  const correction = Math.abs(skewMs) > correctedFromMs ? skewMs : 0;
  const past = (sensorMs: number): Date => new Date(Math.max(earliestMs, Math.min(nowMs, sensorMs - correction)));
  return {
    now: new Date(nowMs),
    past,
    end: (sensorMs, start) => {
      const end = past(sensorMs);
      return end.getTime() < start.getTime() ? start : end;
    },
  };
};

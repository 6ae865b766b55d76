/** Decides how much is drawn while the picture moves, so that it keeps up with the hand on any machine. */
export type Motion = {
  /** A person moves the camera. */
  readonly moved: (nowMs: number) => void;
  /** Tells of a frame; returns the share of edges to draw in it. */
  readonly frame: (nowMs: number) => number;
  readonly isMoving: (nowMs: number) => boolean;
};

/** Rest begins this long after the last movement; then all is drawn again. */
export const restMs = 140;
const slowFrameMs = 34;
const quickFrameMs = 19;
const leastDetail = 0.06;

/** Learns from the time between frames while moving; a quick machine always draws everything. */
export const createMotion = (): Motion => {
  let movedAt = Number.NEGATIVE_INFINITY;
  let lastMs: number | undefined;
  let meanMs = 16;
  let detail = 1;
  const isMoving = (nowMs: number): boolean => nowMs - movedAt < restMs;
  return {
    moved: (nowMs) => {
      movedAt = nowMs;
    },
    isMoving,
    frame: (nowMs) => {
      if (!isMoving(nowMs)) {
        lastMs = undefined;
        return 1;
      }
      const tookMs = lastMs === undefined ? meanMs : Math.min(200, nowMs - lastMs);
      lastMs = nowMs;
      meanMs += (tookMs - meanMs) * 0.35;
      if (meanMs > slowFrameMs) detail = Math.max(leastDetail, detail * 0.62);
      else if (meanMs < quickFrameMs) detail = Math.min(1, detail * 1.12);
      return detail;
    },
  };
};

/** Decides how much is drawn while the picture moves, so that it keeps up with the hand on any machine. */
export type Motion = {
  /** A person moves the camera. */
  readonly moved: (nowMs: number) => void;
  /** Tells of a frame; returns how to draw it. */
  readonly frame: (nowMs: number) => FrameDetail;
  readonly isMoving: (nowMs: number) => boolean;
  /** Tells how long a draw of everything took while nothing moved, so that the first moving frame need not find out. */
  readonly learn: (wholeDrawMs: number) => void;
};

export type FrameDetail = {
  /** The share of the edges to draw. */
  readonly edges: number;
  /** The share of the pixels of each side to draw; the browser stretches them. */
  readonly pixels: number;
};

/** Rest begins this long after the last movement; then all is drawn again. */
export const restMs = 140;
export const slowFrameMs = 34;
const quickFrameMs = 19;
/** One such frame is felt: nobody waits for a second. */
const stuckFrameMs = 90;
/** A draw that long makes a stuck frame: the page and the browser's own work come on top. */
const stuckDrawMs = 60;
const leastDetail = 0.06;
/** With fewer edges than this and still slow, what costs are the pixels. */
const coarseBelow = 0.3;
const coarsePixels = 0.5;
export const wholeDetail: FrameDetail = { edges: 1, pixels: 1 };

/** Learns from the time between frames while moving; a quick machine always draws everything. */
export const createMotion = (): Motion => {
  let movedAt = Number.NEGATIVE_INFINITY;
  let lastMs: number | undefined;
  let meanMs = 16;
  let detail = 1;
  /** Until rest, once it is: changing back and forth would cost more than it gains. */
  let isCoarse = false;
  const isMoving = (nowMs: number): boolean => nowMs - movedAt < restMs;
  const lower = (share: number): void => {
    detail = Math.max(leastDetail, detail * share);
  };
  return {
    learn: (wholeDrawMs) => {
      if (wholeDrawMs > stuckDrawMs) lower(0.25);
      else if (wholeDrawMs > slowFrameMs) lower(0.62);
    },
    moved: (nowMs) => {
      movedAt = nowMs;
    },
    isMoving,
    frame: (nowMs) => {
      if (!isMoving(nowMs)) {
        lastMs = undefined;
        isCoarse = false;
        return wholeDetail;
      }
      const tookMs = lastMs === undefined ? meanMs : Math.min(200, nowMs - lastMs);
      lastMs = nowMs;
      meanMs += (tookMs - meanMs) * 0.35;
      if (tookMs > stuckFrameMs) lower(0.25);
      else if (meanMs > slowFrameMs) lower(0.62);
      else if (meanMs < quickFrameMs) detail = Math.min(1, detail * 1.12);
      isCoarse ||= detail < coarseBelow;
      return { edges: detail, pixels: isCoarse ? coarsePixels : 1 };
    },
  };
};

import { slowFrameMs } from './motion.ts';

/** Finds out what a draw of everything costs on this machine, before anybody moves the picture. */
export type DrawTrial = {
  /** Tells that a picture of so many marks is drawn whole and lies still. */
  readonly offer: (marks: number) => void;
  readonly dispose: () => void;
};

export type DrawTrialDeps = {
  /** Draws everything once more; false where that is not the moment, because a person moves the picture. */
  readonly draw: () => boolean;
  /** Calls back when what was asked for is drawn. */
  readonly whenDrawn: (done: () => void) => void;
  readonly onCost: (drawMs: number) => void;
  readonly nowMs: () => number;
};

/** So few are drawn in time on any machine. */
export const leastMarks = 300;
/** A picture is tried again when it has grown that much. */
const growth = 1.5;
/** The quickest of these counts: a page that opens has other work, which says nothing about the machine. */
const tries = 3;

/**
 * The first draw is no measure, since it compiles programs and uploads data; so one more is made when all is still, and its end
 * awaited without holding up the page.
 */
export const createDrawTrial = ({ draw, whenDrawn, onCost, nowMs }: DrawTrialDeps): DrawTrial => {
  let tried = leastMarks / growth;
  let isRunning = false;
  let isDisposed = false;
  const attempt = (marks: number, left: number, best: number): void => {
    const begin = nowMs();
    if (isDisposed || !draw()) {
      isRunning = false;
      return;
    }
    whenDrawn(() => {
      const drawMs = Math.min(best, nowMs() - begin);
      if (left > 1 && drawMs > slowFrameMs) {
        attempt(marks, left - 1, drawMs);
        return;
      }
      isRunning = false;
      tried = marks;
      if (!isDisposed) onCost(drawMs);
    });
  };
  return {
    offer: (marks) => {
      if (isRunning || marks < tried * growth) return;
      isRunning = true;
      whenDrawn(() => attempt(marks, tries, Number.POSITIVE_INFINITY));
    },
    dispose: () => {
      isDisposed = true;
    },
  };
};

import type { CollectorContext } from '../collector.ts';
import type { StoreBoard } from './store-board.ts';

/** Looks at the stores now and then, and soon after somebody met a container that they did not have. */
export type StoreWatch = {
  /** Resolves when the stores were read once. */
  readonly firstView: Promise<void>;
  readonly lookSoon: () => void;
  readonly stop: () => void;
};

/** Where nothing changed a look is some file times. */
const lookEveryMs = 10_000;
/** An engine writes a container down before it starts it, in several steps. */
const soonMs = 500;
/** The share of the time that looking may take, since a busy node's stores change all the time. */
const lookShare = 0.02;

export const startStoreWatch = (deps: {
  readonly board: StoreBoard;
  readonly context: Pick<CollectorContext, 'log'>;
}): StoreWatch => {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let isLooking = false;
  let isWanted = false;
  let restUntil = 0;
  let stopped = false;

  const schedule = (waitMs: number): void => {
    if (stopped) return;
    const at = Math.max(performance.now() + waitMs, restUntil);
    if (at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => void look(), at - performance.now());
  };

  const look = async (): Promise<void> => {
    dueAt = Number.POSITIVE_INFINITY;
    isLooking = true;
    const begun = performance.now();
    try {
      await deps.board.look();
    } catch (error) {
      deps.context.log.warn('the stores of images could not be read', { error });
    }
    isLooking = false;
    restUntil = performance.now() + (performance.now() - begun) / lookShare;
    schedule(isWanted ? soonMs : lookEveryMs);
    isWanted = false;
  };

  const firstView = look();
  return {
    firstView,
    lookSoon: () => {
      if (isLooking) isWanted = true;
      else schedule(soonMs);
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
};

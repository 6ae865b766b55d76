/** When to look at the sockets again: soon while things change, seldom at rest, and never so often that it costs too much. */
export type LookSchedule = {
  /** Milliseconds to wait after a look that took `costMs` of processor time. */
  readonly next: (look: { readonly costMs: number; readonly changed: boolean }) => number;
};

/** One second while connections come and go, up to five at rest. */
export const shortestMs = 1000;
export const restMs = 5000;
/** A host with very many sockets is looked at less often rather than taking its processor. */
export const longestMs = 15_000;
/**
 * Of one core, at rest and while connections come and go. Ends of connections are told by the kernel in between, so a longer
 * wait delays and does not lose.
 */
const share = { rest: 0.01, busy: 0.04 } as const;

export const createLookSchedule = (): LookSchedule => {
  let waitMs = shortestMs;
  let costBefore = 0;
  return {
    next: ({ costMs, changed }) => {
      // One dear look (cold code, a crowded machine) is no measure yet.
      const lasting = Math.min(costMs, costBefore);
      costBefore = costMs;
      waitMs = changed ? shortestMs : Math.min(restMs, waitMs * 1.5);
      return Math.min(longestMs, Math.max(waitMs, lasting / (changed ? share.busy : share.rest)));
    },
  };
};

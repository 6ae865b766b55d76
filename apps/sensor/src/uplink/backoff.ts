/** Growing waits between tries, each with jitter so that a fleet does not come back all at once. */
export type Backoff = {
  /** The wait before the next try, in milliseconds. */
  readonly next: () => number;
  readonly reset: () => void;
};

export const createBackoff = (
  options: { readonly minMs: number; readonly maxMs: number },
  random: () => number = Math.random,
): Backoff => {
  let ceiling = options.minMs;
  return {
    next: () => {
      const wait = ceiling / 2 + (random() * ceiling) / 2;
      ceiling = Math.min(options.maxMs, ceiling * 2);
      return Math.round(wait);
    },
    reset: () => {
      ceiling = options.minMs;
    },
  };
};

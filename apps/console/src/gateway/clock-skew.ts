/** Measures how far a peer's clock is ahead of ours from messages that carry its time. */
export type ClockSkew = {
  /** A message that says `sentAtMs` arrived at `receivedAtMs`. */
  readonly observe: (sentAtMs: number, receivedAtMs: number) => void;
  /** Peer clock minus ours; 0 before anything was observed. */
  readonly skewMs: () => number;
};

/** Travel time only ever makes a clock look slow, so the greatest of the last differences is the nearest to the truth. */
const kept = 8;

export const createClockSkew = (): ClockSkew => {
  const differences: number[] = [];
  return {
    observe: (sentAtMs, receivedAtMs) => {
      differences.push(sentAtMs - receivedAtMs);
      if (differences.length > kept) differences.shift();
    },
    skewMs: () => (differences.length === 0 ? 0 : Math.max(...differences)),
  };
};

/** Things that are due at moments of the simulated time, taken in their order. */
export type Timeline = {
  readonly at: (atMs: number, act: (atMs: number) => void) => void;
  /** Does all that is due up to the moment, what that makes due in turn included. */
  readonly runUntil: (untilMs: number) => void;
};

type Entry = { readonly atMs: number; readonly order: number; readonly act: (atMs: number) => void };

export const createTimeline = (): Timeline => {
  // A host has some dozens of things ahead, so a sorted list does.
  const entries: Entry[] = [];
  let order = 0;
  return {
    at: (atMs, act) => {
      order += 1;
      const entry = { atMs, order, act };
      const before = entries.findLastIndex((other) => other.atMs <= atMs);
      entries.splice(before + 1, 0, entry);
    },
    runUntil: (untilMs) => {
      for (let next = entries[0]; next !== undefined && next.atMs <= untilMs; next = entries[0]) {
        entries.shift();
        next.act(next.atMs);
      }
    },
  };
};

/** A case that failed: what was expected and what came out, short enough for a line. */
export type Miss = { readonly case: string; readonly expected: string; readonly actual: string };

/** The score of one part of a set. */
export type PartScore = {
  readonly part: string;
  readonly total: number;
  readonly passed: number;
  readonly misses: readonly Miss[];
};

/** What a set's runner gives. */
export type SetScore = {
  readonly parts: readonly PartScore[];
  /** Parts of the set that nothing here can answer yet. */
  readonly notCovered: readonly string[];
};

/** Collects the outcomes of one part. */
export const createPart = (part: string) => {
  const misses: Miss[] = [];
  let total = 0;
  return {
    /** Counts a case; `actual` is only written down when it differs. */
    check: (name: string, expected: string, actual: string): void => {
      total += 1;
      if (expected !== actual)
        misses.push({ case: name.slice(0, 300), expected: expected.slice(0, 300), actual: actual.slice(0, 300) });
    },
    score: (): PartScore => ({ part, total, passed: total - misses.length, misses }),
  };
};

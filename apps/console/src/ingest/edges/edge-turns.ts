/**
 * Hosts that are stored in one transaction settle edges one at a time, as transactions do by the lock of their zone, which
 * they hold together. Those that only refresh what they know need no more than that nobody settles meanwhile.
 */
export type EdgeTurns = <T>(purpose: 'settle' | 'refresh', work: () => Promise<T>) => Promise<T>;

export const createEdgeTurns = (): EdgeTurns => {
  /** Ends with the last that settles. */
  let settling: Promise<unknown> = Promise.resolve();
  /** Those that refresh since then. */
  let refreshing: Promise<unknown>[] = [];
  return (purpose, work) => {
    const before = purpose === 'settle' ? Promise.all([settling, ...refreshing]) : settling;
    const mine = before.then(work);
    const over = mine.catch(() => undefined);
    if (purpose === 'settle') {
      settling = over;
      refreshing = [];
    } else refreshing.push(over);
    return mine;
  };
};

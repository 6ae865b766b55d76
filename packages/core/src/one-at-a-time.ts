/** Does pieces of work one after the other, in the order in which they were handed in. Whoever hands in bounds how many wait. */
export type OneAtATime = <T>(work: () => Promise<T>) => Promise<T>;

export const createOneAtATime = (): OneAtATime => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    // What failed is the matter of whoever handed it in.
    last = mine.catch(() => undefined);
    return mine;
  };
};

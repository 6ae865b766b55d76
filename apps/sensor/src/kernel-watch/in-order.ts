/** Events of which some are made of what comes later, handed over in their order all the same. */
export type InOrder<E> = {
  readonly add: (event: E) => void;
  /** Keeps the place of an event that is made of what comes later. */
  readonly wait: <V>(make: (value: V | undefined) => E) => { readonly settle: (value: V | undefined) => void };
  readonly waiting: () => number;
  /** Hands over all that waits, made of nothing. */
  readonly finish: () => void;
};

/** Hands events over in the order in which their places were taken; when too many wait, the first goes as it is. */
export const createInOrder = <E>(maxEvents: number, hand: (event: E) => void): InOrder<E> => {
  let places: { take: (() => E) | undefined; readonly giveUp: () => E }[] = [];
  let at = 0;
  const advance = (limit: number): void => {
    for (let next = places[at]; next !== undefined; next = places[at]) {
      const take = next.take ?? (places.length - at > limit ? next.giveUp : undefined);
      if (take === undefined) break;
      at += 1;
      hand(take());
    }
    if (at === places.length || at > maxEvents) {
      places = places.slice(at);
      at = 0;
    }
  };
  return {
    add: (event) => {
      const take = (): E => event;
      places.push({ take, giveUp: take });
      advance(maxEvents);
    },
    wait: (make) => {
      const place: (typeof places)[number] = { take: undefined, giveUp: () => make(undefined) };
      places.push(place);
      advance(maxEvents);
      return {
        settle: (value) => {
          place.take = () => make(value);
          advance(maxEvents);
        },
      };
    },
    waiting: () => places.length - at,
    finish: () => advance(-1),
  };
};

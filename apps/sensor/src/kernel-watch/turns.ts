/** Things that are done in the order in which they came, where one may have to wait for what it needs. */
export type Turns = {
  /** `turn` says `false` when it must wait, and is called again a moment later. It must not wait where `canWait` is false. */
  readonly add: (turn: (canWait: boolean) => unknown) => void;
  readonly waiting: () => number;
  /** All that wait, now. */
  readonly finish: () => void;
};

const againAfterMs = 5;

/** With more than `limit` behind it the first does not wait any longer. */
export const createTurns = (limit: number): Turns => {
  let turns: ((canWait: boolean) => unknown)[] = [];
  let at = 0;
  let again: NodeJS.Timeout | undefined;
  const advance = (most: number): void => {
    for (let turn = turns[at]; turn !== undefined; turn = turns[at]) {
      if (turn(turns.length - at <= most) === false) break;
      at += 1;
    }
    if (at === turns.length || at > limit) {
      turns = turns.slice(at);
      at = 0;
    }
    if (turns.length === 0) return;
    again ??= setTimeout(() => {
      again = undefined;
      advance(limit);
    }, againAfterMs).unref();
  };
  return {
    add: (turn) => {
      turns.push(turn);
      // What waits is asked again by itself: asking with each that comes would cost more than the wait.
      if (again === undefined || turns.length - at > limit) advance(limit);
    },
    waiting: () => turns.length - at,
    finish: () => {
      advance(-1);
      clearTimeout(again);
    },
  };
};

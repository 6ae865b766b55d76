import { type Clock, messageOf } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Log } from '../logging/log.ts';
import type { TaskDispatcher } from '../tasks/task-dispatcher.ts';
import { turnRollouts } from './turn-rollouts.ts';
import { applyUpgradeState } from './upgrade-states.ts';

export type RolloutScheduler = AsyncDisposable & {
  readonly start: () => void;
  /** Something changed that may move a rollout on. */
  readonly wake: () => void;
  /** Moves all rollouts on once. */
  readonly turn: () => Promise<void>;
};

const everyMs = 15_000;
const wakeMs = 300;

/** Keeps rollouts going: sends what is next and takes in what sensors say of it. */
export const createRolloutScheduler = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly dispatcher: TaskDispatcher;
  readonly live: LiveFeed;
  readonly log: Log;
}): RolloutScheduler => {
  const { db, clock, dispatcher, live, log } = deps;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let started = false;
  let stopped = false;

  const turn = async (): Promise<void> => {
    const { send, changed } = await turnRollouts(db, new Date(clock.now()));
    for (const { hostId, ...order } of send) dispatcher.send({ hostId, order });
    for (const hostId of changed) live.publish({ kind: 'sensors', hostId });
  };
  const schedule = (delayMs: number): void => {
    if (stopped || !started) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      running = running
        .then(turn)
        .catch((error: unknown) => log.error({ error: messageOf(error) }, 'rollouts could not be moved on'))
        .finally(() => schedule(everyMs));
    }, delayMs);
    timer.unref();
  };

  dispatcher.onState(async (state) => {
    if (!(await applyUpgradeState(db, state, new Date(clock.now())))) return;
    live.publish({ kind: 'sensors', hostId: state.hostId });
    if (state.state !== 'accepted' && state.state !== 'running') schedule(wakeMs);
  });

  return {
    start: () => {
      started = true;
      schedule(wakeMs);
    },
    wake: () => schedule(wakeMs),
    turn,
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};

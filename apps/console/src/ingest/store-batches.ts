import { type Clock, messageOf, pause } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Transact } from '../database/pipeline.ts';
import type { Log } from '../logging/log.ts';
import { applyBatch, applyGroup, type BatchFrame, type BatchInput, type BatchOutcome } from './apply-batch.ts';
import { createHostTime } from './host-time.ts';
import { ingestLimits } from './ingest-limits.ts';
import { skipFrame } from './skip-frame.ts';
import { classifyStoreFailure } from './store-failure.ts';
import type { HoldingSummary } from './stored-records.ts';

/** A sensor's stream as far as storing concerns it. */
export type StoredLane = {
  readonly owner: {
    readonly hostId: string;
    readonly runId: string;
    readonly bootId: string;
    readonly skewMs: () => number;
  };
  holding: HoldingSummary | undefined;
  /** Transactions that it still has for itself. */
  alone: number;
  closed: boolean;
};

/** The frames of one sensor that are stored together. */
export type Batch<L extends StoredLane> = {
  readonly lane: L;
  readonly frames: readonly BatchFrame[];
  readonly oldestMs: number;
};

export type BatchStore<L extends StoredLane> = {
  /**
   * Stores all in one transaction; when that fails each for itself, so that nobody's frame keeps others from being stored.
   * `settle` is told of each when it is committed, `giveUp` when the console failed at it. Neither is when the console stops,
   * or when the store is away and nobody waits any more.
   */
  readonly store: (
    batches: readonly Batch<L>[],
    told: {
      readonly settle: (batch: Batch<L>, outcome: BatchOutcome) => void;
      readonly giveUp: (batch: Batch<L>, error: unknown) => void;
    },
  ) => Promise<void>;
  readonly awaySinceMs: () => number | undefined;
};

/** A conflict that lasts this long is no conflict: something in the frame asks too much of the database. */
const maxBusyTries = 20;
const retryMs = { first: 250, most: 10_000 } as const;
const lookEveryMs = 1000;

/** Brings frames into the database, whatever happens to it meanwhile. */
export const createBatchStore = <L extends StoredLane>(deps: {
  readonly db: Database;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly log: Log;
  readonly stopping: AbortSignal;
  /** Whether something is being stored, which will find out that the store is back. */
  readonly isBusy: () => boolean;
  /** The store went away or came back. */
  readonly onWindow: () => void;
}): BatchStore<L> => {
  const { clock, log, stopping, transact } = deps;
  let awaySinceMs: number | undefined;
  /** Streams that try the same transaction again while the store is away. */
  let retrying = 0;

  const store: BatchStore<L>['store'] = async (waiting, { settle, giveUp }) => {
    // Others lock sensors in this order too: two that lock in different ones would wait for each other.
    const batches = waiting.toSorted((a, b) => (a.lane.owner.hostId < b.lane.owner.hostId ? -1 : 1));
    const together = batches.length === 1 ? undefined : await attemptGroup(batches);
    for (const [at, batch] of batches.entries()) {
      if (batch.lane.alone > 0) batch.lane.alone -= 1;
      try {
        const outcome = together?.[at] ?? (await persist(batch.lane, batch.frames));
        if (outcome !== undefined) settle(batch, outcome);
      } catch (error) {
        giveUp(batch, error);
      }
    }
  };

  const attemptGroup = async (batches: readonly Batch<L>[]): Promise<readonly BatchOutcome[] | undefined> => {
    try {
      const outcomes = await transact((trx) =>
        applyGroup(
          trx,
          batches.map(({ lane, frames }) => inputOf(lane, frames)),
        ),
      );
      setAway(false);
      return outcomes;
    } catch (error) {
      log.debug({ streams: batches.length, error: messageOf(error) }, 'Streams are stored one by one.');
      for (const { lane } of batches) lane.holding = undefined;
      return undefined;
    }
  };

  /** Tries until it is stored; `undefined` when the console stops or the store is away and nobody waits any more. */
  const persist = async (lane: L, frames: readonly BatchFrame[]): Promise<BatchOutcome | undefined> => {
    let delayMs: number = retryMs.first;
    for (let busy = 0; !stopping.aborted; ) {
      try {
        const outcome = await attempt(lane, frames);
        setAway(false);
        return outcome;
      } catch (error) {
        lane.holding = undefined;
        const failure = classifyStoreFailure(error);
        if (failure === 'busy' && busy < maxBusyTries) {
          busy += 1;
          await pause(10 + Math.random() * 40 * busy, stopping);
          continue;
        }
        if (failure !== 'away') return isolate(lane, frames, error);
        if (awaySinceMs === undefined) log.warn({ error: messageOf(error) }, 'The database is away; sensors wait.');
        setAway(true);
        if (lane.closed) return undefined;
        retrying += 1;
        await pause(delayMs, stopping);
        retrying -= 1;
        delayMs = Math.min(delayMs * 2, retryMs.most);
      }
    }
    return undefined;
  };

  const attempt = (lane: L, frames: readonly BatchFrame[]): Promise<BatchOutcome> =>
    transact((trx) => applyBatch(trx, inputOf(lane, frames)));

  const inputOf = (lane: L, frames: readonly BatchFrame[]): BatchInput => ({
    hostId: lane.owner.hostId,
    runId: lane.owner.runId,
    bootId: lane.owner.bootId,
    time: createHostTime(clock.now(), lane.owner.skewMs()),
    frames,
    holding: lane.holding,
  });

  /** The data itself cannot be stored. Frame by frame, so that only the one at fault is given up; that is counted as a loss. */
  const isolate = async (lane: L, frames: readonly BatchFrame[], error: unknown): Promise<BatchOutcome | undefined> => {
    const [first, ...rest] = frames;
    if (first === undefined) return undefined;
    const { hostId, runId } = lane.owner;
    if (rest.length > 0) {
      const outcome = await persist(lane, [first]);
      return outcome?.kind === 'stored' ? persist(lane, rest) : outcome;
    }
    log.error({ hostId, epoch: first.epoch, seq: first.seq, error: messageOf(error) }, 'A frame could not be stored.');
    lane.alone = ingestLimits.aloneAfterRefusal;
    return skipFrame(deps.db, { hostId, runId, frame: first, nowMs: clock.now() });
  };

  const setAway = (away: boolean): void => {
    if (away === (awaySinceMs !== undefined)) return;
    awaySinceMs = away ? clock.now() : undefined;
    if (!away) log.info({}, 'The database is back.');
    deps.onWindow();
    if (away) void lookForStore();
  };

  /** When all who had something to store are gone nobody would find out that the store is back, and no one gets credit until then. */
  const lookForStore = async (): Promise<void> => {
    const since = awaySinceMs;
    while (awaySinceMs !== undefined && awaySinceMs === since && !stopping.aborted) {
      await pause(lookEveryMs, stopping);
      if (retrying > 0 || deps.isBusy()) continue;
      const isBack = await sql`select 1`.execute(deps.db).then(
        () => true,
        () => false,
      );
      if (isBack && awaySinceMs === since) setAway(false);
    }
  };

  return { store, awaySinceMs: () => awaySinceMs };
};

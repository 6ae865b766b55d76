import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { digestText, type FrameHeader, type Position } from '@parapet/contract/wire';
import { type Clock, messageOf, type Problem } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Transact } from '../database/pipeline.ts';
import type { Log } from '../logging/log.ts';
import { applyBatch, applyGroup, type BatchFrame, type BatchInput, type BatchOutcome } from './apply-batch.ts';
import type { ChangeFeed } from './change-feed.ts';
import { readInventoryFrame } from './frame-reader.ts';
import { createHostTime } from './host-time.ts';
import { createFigureCounter, type IngestFigures } from './ingest-figures.ts';
import { ingestLimits } from './ingest-limits.ts';
import { skipFrame } from './skip-frame.ts';
import { classifyStoreFailure } from './store-failure.ts';
import { type HoldingSummary, readHolding } from './stored-records.ts';

/** One sensor's inventory stream, from the frame that arrived to its acknowledgement. */
export type InventoryStream = {
  /** Takes a frame whose header was verified; the caller has checked that it is the next one. */
  readonly push: (data: Buffer, header: FrameHeader) => void;
  /** How many frames beyond the acknowledged one the sensor may send. 0 while the store is away. */
  readonly window: () => number;
  /** The digest of what is stored at a position, as 16 hex digits; `undefined` when that is not where the store is. */
  readonly digestAt: (position: Position) => string | undefined;
  /** Forgets frames that wait; what is being stored is finished. */
  readonly close: () => void;
};

export type StreamOwner = {
  readonly hostId: string;
  readonly runId: string;
  readonly bootId: string;
  readonly skewMs: () => number;
  /** Everything up to this position is stored durably. */
  readonly onStored: (position: Position) => void;
  readonly onResync: (reason: string) => void;
  /** A frame that cannot be read: the connection must end. */
  readonly onMalformed: (code: string, message: string) => void;
  readonly onUnknown: (messages: number) => void;
  /** The window changed without anything being stored: the store went away or came back. */
  readonly onWindow: () => void;
};

/** Where the store stands with a stream when a connection begins. */
export type StoredStream = Position & { readonly snapshotOpen: boolean };

export type Ingest = {
  readonly open: (owner: StreamOwner, stored: StoredStream) => InventoryStream;
  readonly figures: () => IngestFigures;
  /**
   * While held nothing more is stored, acknowledged or granted: frames that are here wait, and sensors keep what they have.
   * A transaction that runs is finished.
   */
  readonly hold: (held: boolean) => void;
  /** Finishes what is being stored and takes nothing more. */
  readonly stop: () => Promise<void>;
};

type Waiting = { readonly data: Buffer; readonly header: FrameHeader; readonly receivedAtMs: number };

type Lane = {
  readonly owner: StreamOwner;
  queue: Waiting[];
  position: Position;
  holding: HoldingSummary | undefined;
  snapshotOpen: boolean;
  /** Known once something was stored. */
  zone: string | undefined;
  /** Transactions that it still has for itself. */
  alone: number;
  busy: boolean;
  closed: boolean;
};

/** The frames of one sensor that are stored together. */
type Batch = { readonly lane: Lane; readonly frames: readonly BatchFrame[]; readonly oldestMs: number };

/** A conflict that lasts this long is no conflict: something in the frame asks too much of the database. */
const maxBusyTries = 20;
const retryMs = { first: 250, most: 10_000 } as const;
const lookEveryMs = 1000;

/**
 * Stores the frames of all sensors: fairly, some frames of each sensor in turn, those that wait together in one transaction, a
 * few at a time. Nothing is acknowledged before its transaction is committed. While the store is away nothing is lost: frames wait, no more credit
 * is granted, and the same transaction is tried again.
 */
export const createIngest = (deps: {
  readonly db: Database;
  /** For what is stored; transactions of `db` when absent. */
  readonly transact?: Transact | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly changes: ChangeFeed;
}): Ingest => {
  const { clock, log } = deps;
  const transact: Transact = deps.transact ?? ((work) => deps.db.transaction().execute(work));
  const lanes = new Set<Lane>();
  /** Sensors whose turn it is, in order. */
  const turn = new Set<Lane>();
  const counter = createFigureCounter(clock);
  const stopping = new AbortController();
  let queued = 0;
  let awaySinceMs: number | undefined;
  /** Streams that try the same transaction again while the store is away. */
  let retrying = 0;
  let held = false;
  let running = 0;
  let idle: (() => void) | undefined;

  const schedule = (lane: Lane): void => {
    if (!lane.busy && !lane.closed && lane.queue.length > 0) turn.add(lane);
    for (const next of turn) {
      if (held || running >= ingestLimits.writers || stopping.signal.aborted) return;
      turn.delete(next);
      void work(next);
    }
  };

  /** Stores what a sensor sent, and what others that wait sent as far as it may go with it. */
  const work = async (first: Lane): Promise<void> => {
    const lanes = [first];
    first.busy = true;
    running += 1;
    try {
      await storeNext(first, lanes);
    } catch (error) {
      for (const lane of lanes) {
        log.error({ hostId: lane.owner.hostId, error: messageOf(error) }, 'A stream stopped for an unforeseen reason.');
        lane.owner.onMalformed('internal', 'The console could not handle this frame.');
      }
    } finally {
      running -= 1;
      for (const lane of lanes) {
        lane.busy = false;
        schedule(lane);
      }
      if (running === 0) idle?.();
    }
  };

  const storeNext = async (first: Lane, lanes: Lane[]): Promise<void> => {
    const batches: Batch[] = [];
    const broken: { readonly lane: Lane; readonly problem: Problem }[] = [];
    let records = 0;
    for (let lane: Lane | undefined = first; lane !== undefined; lane = nextOf(lanes, records)) {
      const oldestMs = lane.queue[0]?.receivedAtMs ?? clock.now();
      const read = await readBatch(lane);
      if (read.frames.length > 0) batches.push({ lane, frames: read.frames, oldestMs });
      if (read.broken !== undefined) broken.push({ lane, problem: read.broken });
      records += read.records;
    }
    if (batches.length > 0) await storeAll(batches);
    for (const { lane, problem } of broken) if (!lane.closed) lane.owner.onMalformed(problem.code, problem.message);
  };

  /**
   * The next sensor in turn that goes into the same transaction: one of the same zone, whose edges are settled under one lock
   * anyway, so that no two transactions wait for each other's zones.
   */
  const nextOf = (lanes: Lane[], records: number): Lane | undefined => {
    const [first] = lanes;
    if (first?.zone === undefined || first.alone > 0) return undefined;
    if (lanes.length >= ingestLimits.groupStreams || records >= ingestLimits.groupRecords) return undefined;
    for (const lane of turn) {
      const fits = lane.zone === first.zone && lane.alone === 0;
      if (!fits || lanes.some(({ owner }) => owner.hostId === lane.owner.hostId)) continue;
      turn.delete(lane);
      lane.busy = true;
      lanes.push(lane);
      return lane;
    }
    return undefined;
  };

  /** Takes frames from the queue and reads them, others having their turn in between, up to what one transaction stores. */
  const readBatch = async (
    lane: Lane,
  ): Promise<{ frames: readonly BatchFrame[]; records: number; broken: Problem | undefined }> => {
    const frames: BatchFrame[] = [];
    let records = 0;
    while (frames.length < ingestLimits.batchFrames && records < ingestLimits.batchRecords) {
      const next = lane.queue.shift();
      if (next === undefined) break;
      queued -= 1;
      const { epoch, seq } = next.header;
      const body = readInventoryFrame(next.data, next.header);
      if (!body.ok) return { frames, records, broken: body.error };
      if (body.value.unknownMessages > 0) lane.owner.onUnknown(body.value.unknownMessages);
      frames.push({ epoch, seq, body: body.value });
      records += body.value.items.length;
      await setImmediate();
    }
    return { frames, records, broken: undefined };
  };

  /** All in one transaction. When that fails, each for itself: nobody's frame keeps others from being stored. */
  const storeAll = async (batches: readonly Batch[]): Promise<void> => {
    const together = batches.length === 1 ? undefined : await attemptGroup(batches);
    for (const [at, batch] of batches.entries()) {
      const outcome = together?.[at] ?? (await persist(batch.lane, batch.frames));
      if (batch.lane.alone > 0) batch.lane.alone -= 1;
      if (outcome !== undefined) settle(batch, outcome);
    }
  };

  const attemptGroup = async (batches: readonly Batch[]): Promise<readonly BatchOutcome[] | undefined> => {
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

  const settle = ({ lane, frames, oldestMs }: Batch, outcome: BatchOutcome): void => {
    if (outcome.kind === 'resync') {
      lane.holding = undefined;
      queued -= lane.queue.length;
      lane.queue = [];
      lane.owner.onResync(outcome.reason);
      return;
    }
    lane.position = outcome.position;
    lane.holding = outcome.holding;
    lane.snapshotOpen = outcome.snapshotOpen;
    lane.zone = outcome.zone ?? lane.zone;
    counter.stored(frames.length, outcome.records, clock.now() - oldestMs);
    lane.owner.onStored(outcome.position);
    deps.changes.publish(outcome.change);
  };

  /** Tries until it is stored; `undefined` when the console stops or the store is away and nobody waits any more. */
  const persist = async (lane: Lane, frames: readonly BatchFrame[]): Promise<BatchOutcome | undefined> => {
    let delayMs: number = retryMs.first;
    for (let busy = 0; !stopping.signal.aborted; ) {
      try {
        const outcome = await attempt(lane, frames);
        setAway(false);
        return outcome;
      } catch (error) {
        lane.holding = undefined;
        const failure = classifyStoreFailure(error);
        if (failure === 'busy' && busy < maxBusyTries) {
          busy += 1;
          await pause(10 + Math.random() * 40 * busy, stopping.signal);
          continue;
        }
        if (failure !== 'away') return isolate(lane, frames, error);
        if (awaySinceMs === undefined) log.warn({ error: messageOf(error) }, 'The database is away; sensors wait.');
        setAway(true);
        if (lane.closed) return undefined;
        retrying += 1;
        await pause(delayMs, stopping.signal);
        retrying -= 1;
        delayMs = Math.min(delayMs * 2, retryMs.most);
      }
    }
    return undefined;
  };

  const attempt = (lane: Lane, frames: readonly BatchFrame[]): Promise<BatchOutcome> =>
    transact((trx) => applyBatch(trx, inputOf(lane, frames)));

  const inputOf = (lane: Lane, frames: readonly BatchFrame[]): BatchInput => ({
    hostId: lane.owner.hostId,
    runId: lane.owner.runId,
    bootId: lane.owner.bootId,
    time: createHostTime(clock.now(), lane.owner.skewMs()),
    frames,
    holding: lane.holding,
  });

  /** The data itself cannot be stored. Frame by frame, so that only the one at fault is given up; that is counted as a loss. */
  const isolate = async (
    lane: Lane,
    frames: readonly BatchFrame[],
    error: unknown,
  ): Promise<BatchOutcome | undefined> => {
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
    for (const lane of lanes) lane.owner.onWindow();
    if (away) void lookForStore();
  };

  /** When all who had something to store are gone nobody would find out that the store is back, and no one gets credit until then. */
  const lookForStore = async (): Promise<void> => {
    const since = awaySinceMs;
    while (awaySinceMs !== undefined && awaySinceMs === since && !stopping.signal.aborted) {
      await pause(lookEveryMs, stopping.signal);
      if (retrying > 0 || running > 0) continue;
      const isBack = await sql`select 1`.execute(deps.db).then(
        () => true,
        () => false,
      );
      if (isBack && awaySinceMs === since) setAway(false);
    }
  };

  return {
    open: (owner, stored) => {
      const lane: Lane = {
        owner,
        queue: [],
        position: { epoch: stored.epoch, seq: stored.seq },
        holding: undefined,
        snapshotOpen: stored.snapshotOpen,
        zone: undefined,
        alone: 0,
        busy: false,
        closed: false,
      };
      lanes.add(lane);
      void readHolding(deps.db, owner.hostId).then(
        (holding) => {
          if (!lane.busy && lane.position.epoch === stored.epoch && lane.position.seq === stored.seq)
            lane.holding ??= holding;
        },
        () => undefined,
      );
      return {
        push: (data, header) => {
          lane.queue.push({ data, header, receivedAtMs: clock.now() });
          queued += 1;
          schedule(lane);
        },
        window: () => {
          if (held || awaySinceMs !== undefined || stopping.signal.aborted) return 0;
          const share = Math.floor(ingestLimits.totalFrames / Math.max(1, lanes.size));
          return Math.max(2, Math.min(ingestLimits.windowFrames, share));
        },
        digestAt: ({ epoch, seq }) => {
          const { holding, position } = lane;
          const comparable = !lane.snapshotOpen && epoch === position.epoch && seq === position.seq && seq > 0;
          return comparable && holding !== undefined ? digestText(holding.digest) : undefined;
        },
        close: () => {
          lane.closed = true;
          queued -= lane.queue.length;
          lane.queue = [];
          lanes.delete(lane);
        },
      };
    },
    figures: () => ({ ...counter.read(), queuedFrames: queued, storeAwaySinceMs: awaySinceMs }),
    hold: (wanted) => {
      if (held === wanted) return;
      held = wanted;
      for (const lane of lanes) {
        lane.owner.onWindow();
        schedule(lane);
      }
    },
    stop: async () => {
      stopping.abort();
      if (running > 0) {
        await new Promise<void>((resolve) => {
          idle = resolve;
        });
      }
    },
  };
};

/** Ends early when the console stops. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);

import { setImmediate } from 'node:timers/promises';
import { digestText, type FrameHeader, type Position } from '@parapet/contract/wire';
import { type Clock, messageOf, type Problem } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { Transact } from '../database/pipeline.ts';
import type { Log } from '../logging/log.ts';
import type { BatchFrame, BatchOutcome } from './apply-batch.ts';
import type { ChangeFeed } from './change-feed.ts';
import { readInventoryFrame } from './frame-reader.ts';
import { createFigureCounter, type IngestFigures } from './ingest-figures.ts';
import { ingestLimits } from './ingest-limits.ts';
import { type Batch, createBatchStore, type StoredLane } from './store-batches.ts';
import { readHolding } from './stored-records.ts';

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

type Lane = StoredLane & {
  readonly owner: StreamOwner;
  queue: Waiting[];
  position: Position;
  snapshotOpen: boolean;
  /** Known once something was stored. */
  zone: string | undefined;
  busy: boolean;
};

/**
 * Stores the frames of all sensors: fairly, some frames of each sensor in turn, those that wait together in one transaction, a
 * few at a time. Nothing is acknowledged before its transaction is committed. While the store is away nothing is lost: frames
 * wait, no more credit is granted, and the same transaction is tried again.
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
  const lanes = new Set<Lane>();
  /** Sensors whose turn it is, in order. */
  const turn = new Set<Lane>();
  const counter = createFigureCounter(clock);
  const stopping = new AbortController();
  let queued = 0;
  let held = false;
  let running = 0;
  let idle: (() => void) | undefined;
  const store = createBatchStore<Lane>({
    ...{ db: deps.db, clock, log, stopping: stopping.signal },
    transact: deps.transact ?? ((work) => deps.db.transaction().execute(work)),
    isBusy: () => running > 0,
    onWindow: () => {
      for (const lane of lanes) lane.owner.onWindow();
    },
  });

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
    const members = [first];
    first.busy = true;
    running += 1;
    try {
      await storeNext(first, members);
    } catch (error) {
      for (const lane of members) giveUp(lane, error);
    } finally {
      running -= 1;
      for (const lane of members) {
        lane.busy = false;
        schedule(lane);
      }
      if (running === 0) idle?.();
    }
  };

  const giveUp = (lane: Lane, error: unknown): void => {
    log.error({ hostId: lane.owner.hostId, error: messageOf(error) }, 'A stream stopped for an unforeseen reason.');
    lane.owner.onMalformed('internal', 'The console could not handle this frame.');
  };

  const storeNext = async (first: Lane, members: Lane[]): Promise<void> => {
    const batches: Batch<Lane>[] = [];
    const broken: { readonly lane: Lane; readonly problem: Problem }[] = [];
    let records = 0;
    for (let lane: Lane | undefined = first; lane !== undefined; lane = nextOf(members, records)) {
      const oldestMs = lane.queue[0]?.receivedAtMs ?? clock.now();
      const read = await readBatch(lane);
      if (read.frames.length > 0) batches.push({ lane, frames: read.frames, oldestMs });
      if (read.broken !== undefined) broken.push({ lane, problem: read.broken });
      records += read.records;
    }
    if (batches.length > 0) await store.store(batches, { settle, giveUp: ({ lane }, error) => giveUp(lane, error) });
    for (const { lane, problem } of broken) if (!lane.closed) lane.owner.onMalformed(problem.code, problem.message);
  };

  /**
   * The next sensor in turn that goes into the same transaction: one of the same zone, whose edges are settled under one lock
   * anyway, so that no two transactions wait for each other's zones.
   */
  const nextOf = (members: Lane[], records: number): Lane | undefined => {
    const [first] = members;
    if (first?.zone === undefined || first.alone > 0) return undefined;
    if (members.length >= ingestLimits.groupStreams || records >= ingestLimits.groupRecords) return undefined;
    for (const lane of turn) {
      const fits = lane.zone === first.zone && lane.alone === 0;
      if (!fits || members.some(({ owner }) => owner.hostId === lane.owner.hostId)) continue;
      turn.delete(lane);
      lane.busy = true;
      members.push(lane);
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

  const settle = ({ lane, frames, oldestMs }: Batch<Lane>, outcome: BatchOutcome): void => {
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
          if (held || store.awaySinceMs() !== undefined || stopping.signal.aborted) return 0;
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
    figures: () => ({ ...counter.read(), queuedFrames: queued, storeAwaySinceMs: store.awaySinceMs() }),
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

import {
  digestText,
  emptyDigest,
  encodeFrame,
  frameLimits,
  type Position,
  type RecordKind,
  recordHash,
} from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import type { InventoryStore } from './inventory-store.ts';
import type { RecordLine } from './line-queue.ts';

/**
 * The inventory channel: packs what the store holds into numbered frames, keeps each until it is acknowledged, and starts a
 * new epoch with a snapshot when the two ends cannot go on where they were.
 */
export type InventoryStream = {
  /** Agrees with what the console has stored. Either the unacknowledged frames are sent again, or a new epoch begins. */
  readonly resume: (stored: Position) => Promise<void>;
  /** Starts a new epoch with a snapshot. */
  readonly restart: () => Promise<void>;
  /** The console's word on what it stored and how far frames may go. */
  readonly grant: (flow: { readonly epoch: number; readonly acked: number; readonly limit: number }) => void;
  /** Records had to be dropped, so that only a `restart` puts the console right. */
  readonly needsRestart: () => boolean;
  /** The next frame to send within the credit; `undefined` when there is none. It counts as sent. */
  readonly next: () => Buffer | undefined;
  /** The connection is gone: what was sent but not acknowledged must be sent again. */
  readonly disconnected: () => void;
  /** The last frame known to be stored. */
  readonly acknowledged: () => Position;
  /** The last frame handed out, with the digest of live records as of it. Within a snapshot there is no such position: sequence 0. */
  readonly sent: () => { readonly position: Position; readonly digest: string };
  readonly unacknowledgedFrames: () => number;
};

/** What is kept unacknowledged, whatever credit the console grants. */
const windowFrames = 64;
/** The first try at a frame's JSON; text of this kind shrinks 5 to 10 times. */
const frameJsonBytes = 192 * 1024;

export const createInventoryStream = (deps: {
  readonly store: InventoryStore;
  readonly clock: Clock;
  readonly bootId: string;
  /** Keeps the epoch so that no later run uses it again; called before its first frame. */
  readonly saveEpoch: (epoch: number) => Promise<void>;
  /** The last epoch of earlier runs. */
  readonly lastEpoch: number;
  /** Told of each frame that is known to be stored, in order. */
  readonly onAcknowledged?: (frame: Buffer) => void;
}): InventoryStream => {
  const { store, clock } = deps;
  let reserved = deps.lastEpoch;
  /** 0 until the first epoch of this run has begun. */
  let epoch = 0;
  let nextSeq = 1;
  let acked: Position = { epoch: deps.lastEpoch, seq: 0 };
  let limit: Position = { epoch: 0, seq: 0 };
  /** Frames the latest grant left room for. */
  let spare = 0;
  /** The highest frame sent on this connection in this epoch. */
  let sentInEpoch = 0;
  /** The epoch before this one, as far as it was sent on this connection. */
  let left = { epoch: 0, sent: 0 };
  let snapshot: 'to-begin' | 'open' | 'done' = 'to-begin';
  let snapshotPuts = 0;
  let needsRestart = false;
  let digest = emptyDigest;
  const hashes = new Map<string, bigint>();
  let frames: StreamFrame[] = [];
  let sentCount = 0;
  let sent = { position: acked, digest: digestText(emptyDigest) };

  store.onOverflow(() => {
    needsRestart = true;
  });

  const restart = async (above = 0): Promise<void> => {
    // Reserved before the wait, so that two restarts at once never share a number.
    reserved = Math.max(reserved, above) + 1;
    needsRestart = false;
    const next = reserved;
    await deps.saveEpoch(next);
    if (next < reserved) return;
    store.putBack(frames.flatMap((frame) => frame.lines));
    frames = [];
    sentCount = 0;
    // The console starts a new epoch with the credit that is left of its latest grant; one frame it always takes.
    const unused = sentInEpoch === 0 ? spare : limit.seq - sentInEpoch;
    limit = { epoch: next, seq: spare === 0 ? 0 : Math.max(1, unused) };
    left = { epoch, sent: sentInEpoch };
    sentInEpoch = 0;
    epoch = next;
    nextSeq = 1;
    snapshot = 'to-begin';
    digest = emptyDigest;
    hashes.clear();
    acked = { epoch, seq: 0 };
    sent = { position: acked, digest: digestText(emptyDigest) };
  };

  const acknowledge = (ofEpoch: number, seq: number): void => {
    if (ofEpoch !== epoch) return;
    const stored = frames.findIndex((frame) => frame.seq > Math.min(seq, nextSeq - 1));
    const count = stored === -1 ? frames.length : stored;
    if (count === 0) return;
    acked = { epoch, seq: frames[count - 1]?.seq ?? acked.seq };
    if (deps.onAcknowledged !== undefined) for (const { data } of frames.slice(0, count)) deps.onAcknowledged(data);
    frames = frames.slice(count);
    sentCount = Math.max(0, sentCount - count);
  };

  /** Lays the lines over the digest, in order, as the console will. */
  const account = (lines: readonly RecordLine[]): void => {
    for (const { kind, key, json, live } of lines) {
      const id = idOf(kind, key);
      digest ^= hashes.get(id) ?? 0n;
      if (live) {
        const hash = recordHash(kind, key, json);
        hashes.set(id, hash);
        digest ^= hash;
      } else hashes.delete(id);
    }
  };

  const encode = (lines: readonly RecordLine[], ends: boolean): Buffer | undefined => {
    const texts = lines.map((line) => `{"kind":"put","record":${line.json}}`);
    if (snapshot === 'to-begin') {
      texts.unshift(JSON.stringify({ kind: 'snapshot-begin', bootId: deps.bootId, takenAt: clock.now() }));
    }
    if (ends) texts.push(JSON.stringify({ kind: 'snapshot-end', records: snapshotPuts + lines.length }));
    try {
      return encodeFrame({ channel: 'inventory', epoch, seq: nextSeq, body: Buffer.from(texts.join('\n')) });
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  };

  const pack = (): StreamFrame | undefined => {
    let lines = store.take(frameJsonBytes, frameLimits.lines - 2);
    for (;;) {
      const ends = snapshot !== 'done' && store.snapshotRemaining() === 0;
      if (lines.length === 0 && snapshot !== 'to-begin' && !ends) return undefined;
      const data = encode(lines, ends);
      if (data !== undefined) {
        account(lines);
        snapshotPuts += lines.length;
        snapshot = ends ? 'done' : snapshot === 'to-begin' ? 'open' : snapshot;
        const seq = nextSeq;
        nextSeq += 1;
        return {
          seq,
          data,
          lines: lines.filter((line) => line.last || line.stopped).map((line) => ({ ...line, last: true })),
          digestAfter: ends || snapshot === 'done' ? digestText(digest) : undefined,
        };
      }
      // A single record always fits, see `fitRecord`.
      const half = Math.max(1, lines.length >> 1);
      store.putBack(lines.slice(half));
      lines = lines.slice(0, half);
    }
  };

  const nextUnsent = (): StreamFrame | undefined => {
    if (sentCount < frames.length) return frames[sentCount];
    if (frames.length >= windowFrames) return undefined;
    if (snapshot === 'to-begin') {
      store.beginSnapshot();
      snapshotPuts = 0;
    }
    const packed = pack();
    if (packed !== undefined) frames.push(packed);
    return packed;
  };

  return {
    resume: async (stored) => {
      const goesOn =
        epoch > 0 && !needsRestart && stored.epoch === epoch && stored.seq >= acked.seq && stored.seq < nextSeq;
      if (!goesOn) {
        await restart(stored.epoch);
        return;
      }
      acknowledge(stored.epoch, stored.seq);
      sentCount = 0;
    },
    restart: () => restart(),
    grant: (flow) => {
      spare = Math.max(0, flow.limit - flow.acked);
      if (flow.epoch === epoch) {
        acknowledge(flow.epoch, flow.acked);
        limit = { epoch, seq: Math.max(limit.seq, flow.limit) };
      } else if (acked.seq === 0) {
        // Said before the console saw this epoch: what it leaves counts from the new beginning.
        const unused = flow.epoch === left.epoch && left.sent > 0 ? flow.limit - left.sent : spare;
        limit = { epoch, seq: Math.max(limit.seq, unused) };
      }
    },
    needsRestart: () => needsRestart,
    next: () => {
      if (epoch === 0 || limit.epoch !== epoch) return undefined;
      const reached = frames[sentCount]?.seq ?? nextSeq;
      if (reached > limit.seq) return undefined;
      const frame = nextUnsent();
      if (frame === undefined) return undefined;
      sentCount += 1;
      sentInEpoch = frame.seq;
      sent = {
        position: { epoch, seq: frame.digestAfter === undefined ? 0 : frame.seq },
        digest: frame.digestAfter ?? digestText(emptyDigest),
      };
      return frame.data;
    },
    disconnected: () => {
      sentCount = 0;
      spare = 0;
      sentInEpoch = 0;
      left = { epoch: 0, sent: 0 };
      limit = { epoch, seq: 0 };
    },
    acknowledged: () => acked,
    sent: () => sent,
    unacknowledgedFrames: () => frames.length,
  };
};

type StreamFrame = {
  readonly seq: number;
  readonly data: Buffer;
  /** The lines that nothing later repeats. */
  readonly lines: readonly RecordLine[];
  /** Absent while a snapshot is under way. */
  readonly digestAfter: string | undefined;
};

const idOf = (kind: RecordKind, key: string): string => `${kind} ${key}`;

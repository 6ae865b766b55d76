import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFrame, type Position } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import { openLossLedger, type SpoolLosses } from './loss-ledger.ts';
import { encodeFrameRecord, openName, segmentHeader, withFrame } from './segment.ts';
import { readFrameRecord, recoverSegments, type Segment, seal } from './segment-file.ts';

/**
 * Telemetry on its way to the console, on disk: numbered frames in segments, oldest first. What was appended survives a
 * killed sensor at once and a power cut after the next `sync`. Beyond its limits the oldest segments go, and are counted.
 *
 * Reads and writes are small and go to the page cache; only `sync` waits for the disk, in the thread pool.
 */
export type Spool = {
  /** Numbers a frame and writes it. What the disk refuses is told to `onLost` as well. */
  readonly append: (frame: NewFrame) => void;
  /** Resolves when everything appended so far is on the disk. */
  readonly sync: () => Promise<void>;
  /** Goes on after what the console has. Its word may be ahead of us, when this folder was lost: then a new epoch begins. */
  readonly resume: (stored: Position) => void;
  /** The next frame that was not handed out since `resume`. */
  readonly next: () => Buffer | undefined;
  /** Everything up to here is on the console's disk. */
  readonly acknowledge: (position: Position) => void;
  /** The last frame appended; sequence 0 when none was in this epoch. */
  readonly position: () => Position;
  /** The last frame handed out since `resume`. */
  readonly sent: () => Position;
  readonly figures: () => SpoolFigures;
  /** What was ever lost here, over all runs. */
  readonly losses: () => SpoolLosses;
  /** Counts events that could not even be appended. */
  readonly lose: (cause: SpoolLoss['cause'], events: number) => void;
  /** Writes to the disk and closes; frames stay for the next start. */
  readonly close: () => Promise<void>;
};

export type NewFrame = {
  /** NDJSON as the telemetry channel carries it. */
  readonly body: Buffer;
  readonly events: number;
  /** When the first and the last event in it happened, by the host's clock. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
};

export type SpoolFigures = {
  readonly bytes: number;
  /** Events that wait to be acknowledged; segments count as a whole. */
  readonly events: number;
  /** Of the oldest event that waits. */
  readonly oldestAtMs: number | undefined;
};

export type SpoolLoss = {
  readonly cause: 'spool full' | 'spool too old' | 'spool damaged' | 'disk refused' | 'too large';
  readonly events: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
};

export type SpoolOptions = {
  readonly folder: string;
  readonly clock: Clock;
  readonly limits: { readonly bytes: number; readonly ageMs: number; readonly segmentBytes: number };
  /** Told of each loss besides the count that is kept: when the lost events happened. */
  readonly onLost?: (loss: SpoolLoss) => void;
};

export const defaultSpoolLimits = {
  bytes: 512 * 1024 * 1024,
  ageMs: 7 * 24 * 3_600_000,
  segmentBytes: 4 * 1024 * 1024,
} as const;

/** Opens the spool of a folder that is ours alone; what a crash tore off is cut away and counted as far as it can be. */
export const openSpool = (options: SpoolOptions): Spool => {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const { segments, epoch, lastSeq } = recoverSegments(options.folder);
  return createSpool(options, segments, epoch ?? newEpoch(options.clock), lastSeq);
};

/** Grows with time, so that a folder that was lost does not repeat the numbers of the one before it. 32 bits last until 2106. */
const newEpoch = (clock: Clock): number => Math.floor(clock.now() / 1000);

/** Where the next frame to send lies. */
type Cursor = { fd: number; segment: Segment; at: number; seq: number; eventsRead: number };

const createSpool = (options: SpoolOptions, segments: Segment[], firstEpoch: number, firstLastSeq: number): Spool => {
  const { folder, limits, clock } = options;
  const ledger = openLossLedger(join(folder, 'lost.json'), clock.now());
  const onLost = (loss: SpoolLoss): void => {
    ledger.count(loss.cause, loss.events);
    options.onLost?.(loss);
  };
  let epoch = firstEpoch;
  let lastSeq = firstLastSeq;
  let active: { segment: Segment; fd: number } | undefined;
  let cursor: Cursor | undefined;
  let acked: Position = { epoch: 0, seq: 0 };
  let sent: Position = { epoch: 0, seq: 0 };
  let totalBytes = segments.reduce((sum, { bytes }) => sum + bytes, 0);

  const isAfter = (a: Position, b: Position): boolean => a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
  const endOf = ({ summary }: Segment): Position => ({ epoch: summary.epoch, seq: summary.lastSeq });

  const closeCursor = (): void => {
    if (cursor !== undefined) closeSync(cursor.fd);
    cursor = undefined;
  };

  const sealActive = (): void => {
    if (active === undefined) return;
    // Its new name says that it is complete: that must not be on the disk before the content.
    const { segment, fd } = active;
    active = undefined;
    try {
      fdatasyncSync(fd);
      Object.assign(segment, seal(segment, folder));
    } catch {
      // It keeps its open name and is looked through at the next start; if it is gone, reading it will count it as lost.
    } finally {
      closeSync(fd);
    }
  };

  const openSegment = (): { segment: Segment; fd: number } => {
    const path = join(folder, openName(epoch, lastSeq + 1));
    const fd = openSync(path, 'wx', 0o600);
    try {
      if (writeSync(fd, segmentHeader) !== segmentHeader.length) throw new Error('the disk is full');
    } catch (error) {
      // A full disk makes the name and refuses the content. Left there, the name would be taken when there is room again.
      closeSync(fd);
      unlinkSync(path);
      throw error;
    }
    const summary = { epoch, firstSeq: lastSeq + 1, lastSeq, events: 0, firstAtMs: 0, lastAtMs: 0 };
    const segment = { summary, path, bytes: segmentHeader.length, isOurs: true };
    segments.push(segment);
    totalBytes += segment.bytes;
    return { segment, fd };
  };

  const remove = (segment: Segment): void => {
    if (cursor?.segment === segment) closeCursor();
    if (active?.segment === segment) sealActive();
    segments.splice(segments.indexOf(segment), 1);
    totalBytes -= segment.bytes;
    try {
      unlinkSync(segment.path);
    } catch {
      // Gone already, or the disk refuses: what comes to light again at the next start, the console knows by its number.
    }
  };

  const evict = (cause: SpoolLoss['cause']): void => {
    const [oldest] = segments;
    if (oldest === undefined) return;
    const { events, firstAtMs, lastAtMs } = oldest.summary;
    remove(oldest);
    if (isAfter(endOf(oldest), acked)) onLost({ cause, events, firstAtMs, lastAtMs });
  };

  const keepLimits = (): void => {
    while (totalBytes > limits.bytes && segments.length > 1) evict('spool full');
    const eldest = clock.now() - limits.ageMs;
    while (segments.length > 1 && (segments[0]?.summary.lastAtMs ?? eldest) < eldest) evict('spool too old');
  };

  const write = (record: Buffer): boolean => {
    active ??= openSegment();
    const { fd, segment } = active;
    try {
      const written = writeSync(fd, record, 0, record.length, segment.bytes);
      if (written === record.length) return true;
    } catch {
      // Told below as lost; the torn bytes are cut off, so that the next record follows the last whole one.
    }
    ftruncateSync(fd, segment.bytes);
    return false;
  };

  const append: Spool['append'] = (frame) => {
    const { body, ...about } = frame;
    const encoded = encodeFrame({ channel: 'telemetry', epoch, seq: lastSeq + 1, body });
    const record = encodeFrameRecord(encoded, about);
    if (!tryWrite(record)) {
      onLost({ cause: 'disk refused', events: about.events, firstAtMs: about.firstAtMs, lastAtMs: about.lastAtMs });
      return;
    }
    const segment = active?.segment;
    if (segment === undefined) return;
    lastSeq += 1;
    segment.summary = withFrame(segment.summary, about);
    segment.bytes += record.length;
    totalBytes += record.length;
    if (segment.bytes >= limits.segmentBytes) sealActive();
    keepLimits();
  };

  /** A disk that is full or gone refuses to open a segment as well. */
  const tryWrite = (record: Buffer): boolean => {
    try {
      return write(record);
    } catch {
      return false;
    }
  };

  const firstAfter = (position: Position): Segment | undefined =>
    segments.find(
      (segment) => segment.summary.lastSeq >= segment.summary.firstSeq && isAfter(endOf(segment), position),
    );

  const openCursor = (): Cursor | undefined => {
    for (;;) {
      const segment = firstAfter(sent);
      if (segment === undefined) return undefined;
      const start = { segment, at: segmentHeader.length, seq: segment.summary.firstSeq, eventsRead: 0 };
      try {
        return { ...start, fd: openSync(segment.path, 'r') };
      } catch {
        giveUp(start);
      }
    }
  };

  /** What is left of a segment that cannot be read any further is lost. */
  const giveUp = ({ segment, eventsRead }: Omit<Cursor, 'fd'>): void => {
    const { events, firstAtMs, lastAtMs } = segment.summary;
    if (active?.segment === segment) sealActive();
    closeCursor();
    sent = endOf(segment);
    onLost({ cause: 'spool damaged', events: Math.max(0, events - eventsRead), firstAtMs, lastAtMs });
  };

  const next: Spool['next'] = () => {
    for (;;) {
      cursor ??= openCursor();
      if (cursor === undefined) return undefined;
      const here = cursor;
      if (here.seq > here.segment.summary.lastSeq) {
        if (here.segment === segments.at(-1)) return undefined;
        closeCursor();
        continue;
      }
      const record = readFrameRecord(here.fd, here.at);
      if (record === undefined) {
        giveUp(here);
        continue;
      }
      const position = { epoch: here.segment.summary.epoch, seq: here.seq };
      here.at = record.end;
      here.seq += 1;
      here.eventsRead += record.about.events;
      if (!isAfter(position, sent)) continue;
      sent = position;
      return numberFrame(record.frame, position);
    }
  };

  /**
   * The console has more of this epoch than we ever wrote: the folder was lost and the clock went back. What this run wrote
   * gets new numbers, by its files' names; what earlier runs left may have been stored under the old ones.
   */
  const renumber = (stored: Position): void => {
    sealActive();
    epoch = Math.max(newEpoch(clock), stored.epoch + 1);
    lastSeq = 0;
    for (const segment of segments.filter(({ isOurs }) => isOurs)) {
      const { firstSeq, lastSeq: last } = segment.summary;
      segment.summary = { ...segment.summary, epoch, firstSeq: lastSeq + 1, lastSeq: lastSeq + 1 + last - firstSeq };
      lastSeq = segment.summary.lastSeq;
      Object.assign(segment, seal(segment, folder));
    }
  };

  return {
    append,
    next,
    sync: async () => {
      ledger.save();
      const path = active?.segment.path;
      if (path !== undefined) await syncFile(path);
    },
    resume: (stored) => {
      closeCursor();
      if (isAfter(stored, { epoch, seq: lastSeq })) renumber(stored);
      sent = stored;
    },
    acknowledge: (position) => {
      if (!isAfter(position, acked)) return;
      acked = position;
      for (const segment of [...segments])
        if (segment !== active?.segment && !isAfter(endOf(segment), acked)) remove(segment);
    },
    position: () => ({ epoch, seq: lastSeq }),
    sent: () => sent,
    figures: () => ({
      bytes: totalBytes,
      events: segments
        .filter((segment) => isAfter(endOf(segment), acked))
        .reduce((sum, { summary }) => sum + summary.events, 0),
      oldestAtMs: firstAfter(acked)?.summary.firstAtMs,
    }),
    losses: ledger.losses,
    lose: (cause, events) => onLost({ cause, events, firstAtMs: clock.now(), lastAtMs: clock.now() }),
    close: async () => {
      closeCursor();
      sealActive();
      ledger.save();
    },
  };
};

/** Through a descriptor of its own: the one that is written to may be closed, and its number used again, while the disk works. */
const syncFile = async (path: string): Promise<void> => {
  try {
    await using handle = await open(path, 'r');
    await handle.datasync();
  } catch (error) {
    // Sealed or removed meanwhile: a sealed segment is on the disk.
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
};

/** Which frame this is, is said by the segment's name, so that a file can be given new numbers without rewriting it. */
const numberFrame = (frame: Buffer, { epoch, seq }: Position): Buffer => {
  frame.writeUInt32BE(epoch, 4);
  frame.writeBigUInt64BE(BigInt(seq), 8);
  return frame;
};

import { closeSync, ftruncateSync, openSync, readdirSync, readSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  decodeHead,
  parseName,
  type RecordHead,
  recordHeadBytes,
  type SegmentSummary,
  sealedName,
  segmentHeader,
  withFrame,
} from './segment.ts';

/** A segment on the disk. */
export type Segment = {
  summary: SegmentSummary;
  path: string;
  bytes: number;
  /** Made by this run, so that nothing of it can have reached the console before the first `resume`. */
  readonly isOurs: boolean;
};

/** The segments of a folder, oldest first. What a crash left open is cut after its last whole record and sealed. */
export const recoverSegments = (
  folder: string,
): { readonly segments: Segment[]; readonly epoch: number | undefined; readonly lastSeq: number } => {
  const segments: Segment[] = [];
  for (const name of readdirSync(folder)) {
    const parsed = parseName(name);
    if (parsed === undefined) continue;
    const path = join(folder, name);
    const segment = parsed.sealed
      ? { summary: parsed.summary, path, bytes: statSync(path).size, isOurs: false }
      : sealTorn(folder, path, parsed.summary);
    if (segment !== undefined) segments.push(segment);
  }
  segments.sort((a, b) => a.summary.epoch - b.summary.epoch || a.summary.firstSeq - b.summary.firstSeq);
  const last = segments.at(-1)?.summary;
  return { segments, epoch: last?.epoch, lastSeq: last?.lastSeq ?? 0 };
};

/** Gives it the name that says what is in it. */
export const seal = (segment: Segment, folder: string): Segment => {
  const path = join(folder, sealedName(segment.summary));
  renameSync(segment.path, path);
  return { ...segment, path };
};

/** `undefined` where there is no whole, undamaged record. */
export const readRecord = (
  fd: number,
  at: number,
): { readonly head: RecordHead; readonly frame: Buffer } | undefined => {
  const headBytes = Buffer.alloc(recordHeadBytes);
  if (readSync(fd, headBytes, 0, recordHeadBytes, at) < recordHeadBytes) return undefined;
  const head = decodeHead(headBytes);
  if (head === undefined) return undefined;
  const frame = Buffer.alloc(head.frameBytes);
  const read = readSync(fd, frame, 0, head.frameBytes, at + recordHeadBytes);
  return read < head.frameBytes || crc32(frame) !== head.frameCrc ? undefined : { head, frame };
};

/** Keeps the whole records of a segment that was being written, and seals it. */
const sealTorn = (folder: string, path: string, empty: SegmentSummary): Segment | undefined => {
  const fd = openSync(path, 'r+');
  let summary = empty;
  let at = segmentHeader.length;
  try {
    for (;;) {
      const record = readRecord(fd, at);
      if (record === undefined) break;
      summary = withFrame(summary, record.head);
      at += recordHeadBytes + record.head.frameBytes;
    }
    ftruncateSync(fd, at);
  } finally {
    closeSync(fd);
  }
  if (summary.lastSeq < summary.firstSeq) {
    unlinkSync(path);
    return undefined;
  }
  return seal({ summary, path, bytes: at, isOurs: false }, folder);
};

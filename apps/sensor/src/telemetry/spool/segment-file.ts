import { closeSync, ftruncateSync, openSync, readdirSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readRecord, recordHeadBytes } from '@parapet/core';
import {
  decodeFrameRecord,
  type FrameSummary,
  maxRecordBytes,
  parseName,
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

export type FrameRecord = {
  readonly about: FrameSummary;
  readonly frame: Buffer;
  /** Where the next record begins. */
  readonly end: number;
};

/** `undefined` where there is no whole, undamaged record. */
export const readFrameRecord = (fd: number, at: number): FrameRecord | undefined => {
  const content = readRecord(fd, at, maxRecordBytes);
  return content === undefined
    ? undefined
    : { ...decodeFrameRecord(content), end: at + recordHeadBytes + content.length };
};

/** Keeps the whole records of a segment that was being written, and seals it. */
const sealTorn = (folder: string, path: string, empty: SegmentSummary): Segment | undefined => {
  const fd = openSync(path, 'r+');
  let summary = empty;
  let at = segmentHeader.length;
  try {
    for (;;) {
      const record = readFrameRecord(fd, at);
      if (record === undefined) break;
      summary = withFrame(summary, record.about);
      at = record.end;
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

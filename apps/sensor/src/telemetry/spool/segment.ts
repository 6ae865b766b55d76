import { encodeRecord, recordFileHeader } from '@parapet/core';

/**
 * A segment of the spool: a file of records, each the summary of a frame (u32 events, u64 first and u64 last event in
 * milliseconds, big-endian) and the frame as the wire carries it. A file under its open name grows; a sealed one is complete,
 * and its name says what is in it, so that nothing has to be read when the sensor starts.
 */
export const segmentHeader = recordFileHeader('PSPL', 1);

export type FrameSummary = { readonly events: number; readonly firstAtMs: number; readonly lastAtMs: number };

const summaryBytes = 20;
/** Frames are at most 64 KiB; anything more is no record of ours. */
export const maxRecordBytes = summaryBytes + 64 * 1024;

export const encodeFrameRecord = (frame: Buffer, about: FrameSummary): Buffer => {
  const summary = Buffer.alloc(summaryBytes);
  summary.writeUInt32BE(about.events, 0);
  summary.writeBigUInt64BE(BigInt(about.firstAtMs), 4);
  summary.writeBigUInt64BE(BigInt(about.lastAtMs), 12);
  return encodeRecord(summary, frame);
};

export const decodeFrameRecord = (content: Buffer): { readonly about: FrameSummary; readonly frame: Buffer } => ({
  about: {
    events: content.readUInt32BE(0),
    firstAtMs: Number(content.readBigUInt64BE(4)),
    lastAtMs: Number(content.readBigUInt64BE(12)),
  },
  frame: content.subarray(summaryBytes),
});

/** What a segment holds. `lastSeq` is below `firstSeq` while it is empty. */
export type SegmentSummary = {
  readonly epoch: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly events: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
};

export const openName = (epoch: number, firstSeq: number): string => `${epoch}-${firstSeq}.open`;

export const sealedName = (summary: SegmentSummary): string =>
  `${summary.epoch}-${summary.firstSeq}-${summary.lastSeq}-${summary.events}-${summary.firstAtMs}-${summary.lastAtMs}.sealed`;

/** Reads a name; anything else in the folder is not ours and is left alone. */
export const parseName = (name: string): { readonly sealed: boolean; readonly summary: SegmentSummary } | undefined => {
  const match = /^(\d{1,10})-(\d{1,16})(?:-(\d{1,16})-(\d{1,16})-(\d{1,16})-(\d{1,16}))?\.(open|sealed)$/.exec(name);
  if (match === null) return undefined;
  const [epoch = 0, firstSeq = 0, lastSeq, events, firstAtMs, lastAtMs] = match
    .slice(1, 7)
    .map((digits) => (digits === undefined ? undefined : Number(digits)));
  const sealed = match[7] === 'sealed';
  if (sealed !== (lastSeq !== undefined)) return undefined;
  return {
    sealed,
    summary: {
      epoch,
      firstSeq,
      lastSeq: lastSeq ?? firstSeq - 1,
      events: events ?? 0,
      firstAtMs: firstAtMs ?? 0,
      lastAtMs: lastAtMs ?? 0,
    },
  };
};

/** A summary with one more frame in it. */
export const withFrame = (summary: SegmentSummary, about: FrameSummary): SegmentSummary => {
  const isFirst = summary.lastSeq < summary.firstSeq;
  return {
    ...summary,
    lastSeq: summary.lastSeq + 1,
    events: summary.events + about.events,
    firstAtMs: isFirst ? about.firstAtMs : Math.min(summary.firstAtMs, about.firstAtMs),
    lastAtMs: isFirst ? about.lastAtMs : Math.max(summary.lastAtMs, about.lastAtMs),
  };
};

import { crc32 } from 'node:zlib';

/**
 * A segment of the spool: a header of 8 bytes, then records, each a head of 32 bytes and one frame of the wire.
 *
 * ```
 *  record head:  0..3 frame bytes   4..7 events   8..15 first event   16..23 last event (ms)   24..27 crc32 of the frame   28..31 crc32 of the head
 * ```
 * Integers are big-endian. A file under its open name grows and may end in a torn record; a sealed one is complete, and its
 * name says what is in it, so that nothing has to be read when the sensor starts.
 */
export const segmentHeader = Buffer.from('PSPL\0\0\0\x01', 'latin1');
export const recordHeadBytes = 32;

export type RecordHead = {
  readonly frameBytes: number;
  readonly events: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly frameCrc: number;
};

/** Frames are at most 64 KiB; anything more is no head of ours. */
const maxFrameBytes = 64 * 1024;

export const encodeRecord = (frame: Buffer, about: Pick<RecordHead, 'events' | 'firstAtMs' | 'lastAtMs'>): Buffer => {
  const record = Buffer.allocUnsafe(recordHeadBytes + frame.length);
  record.writeUInt32BE(frame.length, 0);
  record.writeUInt32BE(about.events, 4);
  record.writeBigUInt64BE(BigInt(about.firstAtMs), 8);
  record.writeBigUInt64BE(BigInt(about.lastAtMs), 16);
  record.writeUInt32BE(crc32(frame), 24);
  record.writeUInt32BE(crc32(record.subarray(0, 28)), 28);
  frame.copy(record, recordHeadBytes);
  return record;
};

/** `undefined` when these bytes are no whole, undamaged head. */
export const decodeHead = (bytes: Buffer): RecordHead | undefined => {
  if (bytes.length < recordHeadBytes || bytes.readUInt32BE(28) !== crc32(bytes.subarray(0, 28))) return undefined;
  const frameBytes = bytes.readUInt32BE(0);
  if (frameBytes > maxFrameBytes) return undefined;
  return {
    frameBytes,
    events: bytes.readUInt32BE(4),
    firstAtMs: Number(bytes.readBigUInt64BE(8)),
    lastAtMs: Number(bytes.readBigUInt64BE(16)),
    frameCrc: bytes.readUInt32BE(24),
  };
};

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
export const withFrame = (
  summary: SegmentSummary,
  head: Pick<RecordHead, 'events' | 'firstAtMs' | 'lastAtMs'>,
): SegmentSummary => {
  const isFirst = summary.lastSeq < summary.firstSeq;
  return {
    ...summary,
    lastSeq: summary.lastSeq + 1,
    events: summary.events + head.events,
    firstAtMs: isFirst ? head.firstAtMs : Math.min(summary.firstAtMs, head.firstAtMs),
    lastAtMs: isFirst ? head.lastAtMs : Math.max(summary.lastAtMs, head.lastAtMs),
  };
};

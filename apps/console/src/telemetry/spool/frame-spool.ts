import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Position, readFrameHeader } from '@parapet/contract/wire';
import { encodeRecord, readRecord, recordFileHeader, recordHeadBytes } from '@parapet/core';

/**
 * Telemetry frames on the disk as they came, before anybody looks into them: what `append` resolved for survives a power cut.
 * Frames of all sensors share one file at a time, and one wait for the disk serves all that came meanwhile.
 */
export type FrameSpool = {
  /** Resolves when the frame is on the disk; rejects when the disk refuses. */
  readonly append: (frame: SpooledFrame) => Promise<void>;
  /** Complete segments, oldest first; whoever stored what is in one removes it. */
  readonly sealed: () => readonly SealedSegment[];
  readonly remove: (segment: SealedSegment) => void;
  /** Called when a segment was sealed. */
  readonly onSealed: (listener: () => void) => void;
  /** Seals what was written so far, however little. */
  readonly cut: () => Promise<void>;
  /** The last frame of each host in segments that were left by an earlier run. */
  readonly recovered: () => ReadonlyMap<string, Position>;
  readonly bytes: () => number;
  readonly close: () => Promise<void>;
};

export type SpooledFrame = {
  readonly hostId: string;
  readonly receivedAtMs: number;
  /** How far the sensor's clock is ahead. */
  readonly skewMs: number;
  /** As it came over the wire, header included. */
  readonly data: Buffer;
};

export type SealedSegment = { readonly number: number; readonly path: string; readonly bytes: number };

export type FrameSpoolOptions = {
  readonly folder: string;
  /** Segments up to this number were stored elsewhere: what a crash left of them is removed, and numbers go on behind it. */
  readonly storedUpTo: number;
  /** A segment is sealed at this size, default 8 MiB, or at this age, default 1 s. */
  readonly segmentBytes?: number;
  readonly segmentAgeMs?: number;
};

export const openFrameSpool = async (options: FrameSpoolOptions): Promise<FrameSpool> => {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 });
  const segments = recover(options.folder, options.storedUpTo);
  const positions = new Map<string, Position>();
  for (const segment of segments) {
    for (const { hostId, data } of readSegment(segment.path)) {
      const header = readFrameHeader(data);
      if (header.ok) keepLater(positions, hostId, { epoch: header.value.epoch, seq: header.value.seq });
    }
  }
  return createFrameSpool(options, segments, positions);
};

/** The frames of a segment in their order, up to the first that is damaged. */
export function* readSegment(path: string): Generator<SpooledFrame> {
  const fd = openSync(path, 'r');
  try {
    let at = segmentHeader.length;
    for (;;) {
      const content = readRecord(fd, at, maxRecordBytes);
      if (content === undefined) return;
      at += recordHeadBytes + content.length;
      yield decodeSpooled(content);
    }
  } finally {
    closeSync(fd);
  }
}

const segmentHeader = recordFileHeader('PTEL', 1);
/** Host id as text, time received, skew. */
const envelopeBytes = 36 + 8 + 8;
const maxRecordBytes = envelopeBytes + 64 * 1024;
const defaultSegmentBytes = 8 * 1024 * 1024;
const defaultSegmentAgeMs = 1000;

const encodeSpooled = ({ hostId, receivedAtMs, skewMs, data }: SpooledFrame): Buffer => {
  const envelope = Buffer.alloc(envelopeBytes);
  envelope.write(hostId.padEnd(36).slice(0, 36), 'latin1');
  envelope.writeBigInt64BE(BigInt(Math.round(receivedAtMs)), 36);
  envelope.writeBigInt64BE(BigInt(Math.round(skewMs)), 44);
  return encodeRecord(envelope, data);
};

const decodeSpooled = (content: Buffer): SpooledFrame => ({
  hostId: content.toString('latin1', 0, 36).trimEnd(),
  receivedAtMs: Number(content.readBigInt64BE(36)),
  skewMs: Number(content.readBigInt64BE(44)),
  data: content.subarray(envelopeBytes),
});

export const keepLater = (positions: Map<string, Position>, hostId: string, position: Position): void => {
  const known = positions.get(hostId);
  const isLater =
    known === undefined || position.epoch > known.epoch || (position.epoch === known.epoch && position.seq > known.seq);
  if (isLater) positions.set(hostId, position);
};

const nameOf = (number: number, state: 'open' | 'sealed'): string => `${String(number).padStart(12, '0')}.${state}`;

/** An open segment of an earlier run is cut after its last whole record. */
const recover = (folder: string, storedUpTo: number): SealedSegment[] => {
  const segments: SealedSegment[] = [];
  for (const name of readdirSync(folder).sort()) {
    const match = /^(\d{12})\.(open|sealed)$/.exec(name);
    if (match === null) continue;
    const number = Number(match[1]);
    const path = join(folder, name);
    if (number <= storedUpTo) {
      unlinkSync(path);
      continue;
    }
    if (match[2] === 'open') cutTorn(path);
    const sealedPath = join(folder, nameOf(number, 'sealed'));
    renameSync(path, sealedPath);
    segments.push({ number, path: sealedPath, bytes: statSync(sealedPath).size });
  }
  return segments;
};

const cutTorn = (path: string): void => {
  let end = segmentHeader.length;
  for (const { data } of readSegment(path)) end += recordHeadBytes + envelopeBytes + data.length;
  const fd = openSync(path, 'r+');
  ftruncateSync(fd, end);
  closeSync(fd);
};

type Pending = { readonly record: Buffer; readonly stored: () => void; readonly failed: (error: unknown) => void };
type Active = {
  readonly number: number;
  readonly path: string;
  readonly handle: FileHandle;
  bytes: number;
  readonly openedAt: number;
};

const createFrameSpool = (
  options: FrameSpoolOptions,
  segments: SealedSegment[],
  positions: ReadonlyMap<string, Position>,
): FrameSpool => {
  const segmentBytes = options.segmentBytes ?? defaultSegmentBytes;
  const segmentAgeMs = options.segmentAgeMs ?? defaultSegmentAgeMs;
  let nextNumber = (segments.at(-1)?.number ?? options.storedUpTo) + 1;
  let active: Active | undefined;
  let pending: Pending[] = [];
  let listener: () => void = () => {};
  let work: Promise<void> = Promise.resolve();
  let scheduled = false;

  const openActive = async (): Promise<Active> => {
    const number = nextNumber;
    nextNumber += 1;
    const path = join(options.folder, nameOf(number, 'open'));
    const handle = await open(path, 'wx', 0o600);
    await handle.write(segmentHeader);
    await syncFolder(options.folder);
    return { number, path, handle, bytes: segmentHeader.length, openedAt: performance.now() };
  };

  const seal = async (): Promise<void> => {
    if (active === undefined) return;
    const { number, path, handle, bytes } = active;
    active = undefined;
    await handle.close();
    const sealedPath = join(options.folder, nameOf(number, 'sealed'));
    renameSync(path, sealedPath);
    segments.push({ number, path: sealedPath, bytes });
    listener();
  };

  const writeAll = async (batch: readonly Pending[]): Promise<void> => {
    try {
      active ??= await openActive();
      const data = Buffer.concat(batch.map(({ record }) => record));
      await writeFully(active, data);
      await active.handle.datasync();
      active.bytes += data.length;
      for (const { stored } of batch) stored();
      if (active.bytes >= segmentBytes) await seal();
    } catch (error) {
      // What is half written lies behind the last good record: that segment ends there, the next begins anew.
      await seal().catch(() => {});
      for (const { failed } of batch) failed(error);
    }
  };

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    work = work.then(async () => {
      scheduled = false;
      const batch = pending;
      pending = [];
      if (batch.length > 0) await writeAll(batch);
    });
  };

  const cut = (): Promise<void> => {
    work = work.then(seal);
    return work;
  };
  const timer = setInterval(() => {
    if (active !== undefined && performance.now() - active.openedAt >= segmentAgeMs) void cut();
  }, segmentAgeMs / 2);
  timer.unref();

  return {
    append: (frame) =>
      new Promise((resolve, reject) => {
        pending.push({ record: encodeSpooled(frame), stored: resolve, failed: reject });
        schedule();
      }),
    sealed: () => segments,
    remove: (segment) => {
      const index = segments.indexOf(segment);
      if (index >= 0) segments.splice(index, 1);
      unlinkSync(segment.path);
    },
    onSealed: (next) => {
      listener = next;
    },
    cut,
    recovered: () => positions,
    bytes: () => segments.reduce((sum, { bytes }) => sum + bytes, active?.bytes ?? 0),
    close: async () => {
      clearInterval(timer);
      schedule();
      await cut();
    },
  };
};

const writeFully = async ({ handle, bytes }: Active, data: Buffer): Promise<void> => {
  let written = 0;
  while (written < data.length) {
    const { bytesWritten } = await handle.write(data, written, data.length - written, bytes + written);
    written += bytesWritten;
  }
};

const syncFolder = async (folder: string): Promise<void> => {
  await using handle = await open(folder, 'r');
  await handle.sync();
};

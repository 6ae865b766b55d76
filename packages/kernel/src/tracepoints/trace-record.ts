/** What the programs at tracepoints write, by byte offsets; numbers are of this machine's byte order. */
export const traceHead = {
  kind: 0,
  pid: 4,
  /** Nanoseconds of CLOCK_MONOTONIC. */
  atNs: 8,
  uid: 16,
  gid: 20,
  comm: 24,
} as const;
export const traceKinds = { start: 1 } as const;

export const startPart = {
  /** Bytes of all arguments, also of those beyond the limit; of the last one no more than the limit. */
  argumentsTotal: 40,
  argumentsLength: 44,
  filenameLength: 46,
  strings: 48,
} as const;

/** Bytes that a record holds at most of each text; powers of two. */
export const traceLimits = { filename: 512, arguments: 4096 } as const;

/** Working memory of a program; the longest string always fits behind the place where the next one begins. */
export const traceScratchBytes = 16_384;
export const traceCursorMask = traceScratchBytes / 2 - 1;

/** A process became another program. */
export type TracedStart = {
  /** Nanoseconds of CLOCK_MONOTONIC. */
  readonly monotonicNs: bigint;
  /** In the root pid namespace. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** At most 15 bytes: the beginning of the program's own name. */
  readonly comm: string;
  /** The name it was started by, at most 511 bytes; may be relative. */
  readonly filename: string;
  /** As far as they fit into 4,095 bytes; `undefined` where the program could not find them: those of 32-bit programs. */
  readonly arguments: readonly string[] | undefined;
  readonly argumentsBytes: number;
  /** At least: of the last argument 4,095 bytes count. */
  readonly argumentsTotalBytes: number;
};

/** Nanoseconds of CLOCK_MONOTONIC; exact for the first 104 days after a start of the host, then to some nanoseconds. */
export const traceTimeOf = (record: Uint8Array): number =>
  record.length < traceHead.atNs + 8
    ? 0
    : Number(Buffer.from(record.buffer, record.byteOffset, record.length).readBigUInt64LE(traceHead.atNs));

/** Reads a record; `undefined` for one that no program writes. Text is read as UTF-8, bad bytes replaced. */
export const decodeTrace = (record: Uint8Array): TracedStart | undefined => {
  if (record.length < startPart.strings) return undefined;
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.length);
  if (bytes.readUInt32LE(traceHead.kind) !== traceKinds.start) return undefined;
  const filenameEnd = startPart.strings + bytes.readUInt16LE(startPart.filenameLength);
  const packed = bytes.subarray(filenameEnd, filenameEnd + bytes.readUInt16LE(startPart.argumentsLength));
  return {
    monotonicNs: bytes.readBigUInt64LE(traceHead.atNs),
    pid: bytes.readUInt32LE(traceHead.pid),
    uid: bytes.readUInt32LE(traceHead.uid),
    gid: bytes.readUInt32LE(traceHead.gid),
    comm: beforeZero(bytes.subarray(traceHead.comm, startPart.argumentsTotal)),
    filename: beforeZero(bytes.subarray(startPart.strings, filenameEnd)),
    arguments: packed.length === 0 ? undefined : splitPacked(packed),
    argumentsBytes: packed.length,
    argumentsTotalBytes: bytes.readUInt32LE(startPart.argumentsTotal),
  };
};

const beforeZero = (bytes: Buffer): string => {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
};

const splitPacked = (packed: Buffer): readonly string[] => {
  const text = packed.toString('utf8');
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
};

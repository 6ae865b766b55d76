import { crc32, constants as zlib, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';

/**
 * The frame of the sensor protocol, carried as one binary WebSocket message of at most 64 KiB.
 *
 * ```
 *  0      1         2         3        4..7    8..15   16..19       20..23      24..
 *  magic  version   channel   flags    epoch   seq     body bytes   crc32       body (NDJSON, zstd when flag bit 0)
 * ```
 * Integers are big-endian. `epoch` and `seq` number the frames of one channel in one direction: `seq` starts at 1 in each
 * epoch and grows by one per frame. A body is one or more JSON objects, one per line.
 */
export type Frame = {
  readonly channel: Channel;
  readonly epoch: number;
  readonly seq: number;
  /** Decompressed NDJSON. */
  readonly body: Buffer;
};

/** In order of priority: a sender empties an earlier channel before a later one. */
export const channels = ['control', 'orders', 'inventory', 'telemetry', 'bulk'] as const;
export type Channel = (typeof channels)[number];

export const frameLimits = {
  /** The largest WebSocket message either side accepts. */
  frameBytes: 64 * 1024,
  headerBytes: 24,
  /** The largest body after decompression. */
  bodyBytes: 1024 * 1024,
  /** The most lines in one body. */
  lines: 4096,
} as const;

/** The newest protocol version this code speaks, and the oldest it still answers. */
export const protocolVersions = { current: 1, oldest: 1 } as const;

/** The name the sensor asks for in the TLS ClientHello, which tells its connections from browsers'. */
export const sensorServerName = 'sensors.parapet.internal';

const magic = 0x50;
const flagZstd = 1;
/** Below this size compression costs more than it saves. */
const compressFromBytes = 256;

/** Encodes a frame. Throws a RangeError when the compressed frame would exceed the limit: the caller must split its lines. */
export const encodeFrame = (frame: Frame, version: number = protocolVersions.current): Buffer => {
  const compressed =
    frame.body.length >= compressFromBytes
      ? zstdCompressSync(frame.body, { params: { [zlib.ZSTD_c_compressionLevel]: 1 } })
      : undefined;
  const useCompressed = compressed !== undefined && compressed.length < frame.body.length;
  const body = useCompressed ? compressed : frame.body;
  const total = frameLimits.headerBytes + body.length;
  if (total > frameLimits.frameBytes || frame.body.length > frameLimits.bodyBytes) {
    throw new RangeError(`A frame of ${total} bytes exceeds the limit of ${frameLimits.frameBytes}.`);
  }
  const out = Buffer.allocUnsafe(total);
  out.writeUInt8(magic, 0);
  out.writeUInt8(version, 1);
  out.writeUInt8(channels.indexOf(frame.channel), 2);
  out.writeUInt8(useCompressed ? flagZstd : 0, 3);
  out.writeUInt32BE(frame.epoch, 4);
  out.writeBigUInt64BE(BigInt(frame.seq), 8);
  out.writeUInt32BE(body.length, 16);
  out.writeUInt32BE(crc32(body), 20);
  body.copy(out, frameLimits.headerBytes);
  return out;
};

export type FrameHeader = Omit<Frame, 'body'> & { readonly compressed: boolean };

/** Decodes and verifies a frame from an untrusted peer. Failure codes: those of `readFrameHeader` and `frame-compression`. */
export const decodeFrame = (data: Buffer): Result<Frame, Problem> => {
  const header = readFrameHeader(data);
  if (!header.ok) return header;
  const { channel, epoch, seq } = header.value;
  const body = readFrameBody(data, header.value);
  return body.ok ? ok({ channel, epoch, seq, body: body.value }) : body;
};

/**
 * Verifies all of a frame but its compression, so that a receiver may hold it as it came until its turn. Failure codes:
 * `frame-too-large`, `frame-too-short`, `frame-magic`, `frame-version`, `frame-channel`, `frame-flags`, `frame-length`,
 * `frame-checksum`, `frame-sequence`.
 */
export const readFrameHeader = (data: Buffer): Result<FrameHeader, Problem> => {
  if (data.length > frameLimits.frameBytes) return refuse('frame-too-large', `${data.length} bytes`);
  if (data.length < frameLimits.headerBytes) return refuse('frame-too-short', `${data.length} bytes`);
  if (data.readUInt8(0) !== magic) return refuse('frame-magic', 'the first byte is not the protocol’s');
  const version = data.readUInt8(1);
  if (version < protocolVersions.oldest || version > protocolVersions.current) {
    return refuse('frame-version', `version ${version} is not spoken here`);
  }
  const channel = channels[data.readUInt8(2)];
  if (channel === undefined) return refuse('frame-channel', `channel ${data.readUInt8(2)} is unknown`);
  const flags = data.readUInt8(3);
  if ((flags & ~flagZstd) !== 0) return refuse('frame-flags', `flags ${flags} are unknown`);
  const epoch = data.readUInt32BE(4);
  const seq = data.readBigUInt64BE(8);
  if (seq < 1n || seq > BigInt(Number.MAX_SAFE_INTEGER))
    return refuse('frame-sequence', 'the sequence is out of range');
  const body = data.subarray(frameLimits.headerBytes);
  if (data.readUInt32BE(16) !== body.length) return refuse('frame-length', 'the length does not fit the message');
  if (data.readUInt32BE(20) !== crc32(body)) return refuse('frame-checksum', 'the checksum is wrong');
  return ok({ channel, epoch, seq: Number(seq), compressed: (flags & flagZstd) !== 0 });
};

/** The decompressed body of a frame whose header was verified; fails with `frame-compression`. */
export const readFrameBody = (data: Buffer, header: FrameHeader): Result<Buffer, Problem> => {
  const body = data.subarray(frameLimits.headerBytes);
  if (!header.compressed) return ok(body);
  try {
    return ok(zstdDecompressSync(body, { maxOutputLength: frameLimits.bodyBytes }));
  } catch {
    return refuse('frame-compression', 'the body does not decompress within the limit');
  }
};

const refuse = (code: string, detail: string): Result<never, Problem> =>
  fail(problem(code, `The frame was refused: ${detail}.`));

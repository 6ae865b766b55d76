import type { UtmpLayout } from '../utmp-records.ts';

/** A record as glibc writes it, for tests. */
export const utmpRecord = (
  layout: UtmpLayout,
  record: {
    readonly type: number;
    readonly pid?: number;
    readonly line?: string;
    readonly user?: string;
    readonly host?: string;
    readonly seconds?: number;
    readonly address?: readonly number[];
  },
): Buffer => {
  const bytes = Buffer.alloc(layout.bytes);
  bytes.writeInt16LE(record.type, 0);
  bytes.writeInt32LE(record.pid ?? 0, 4);
  bytes.write((record.line ?? '').slice(0, 32), 8);
  bytes.write((record.user ?? '').slice(0, 32), 44);
  bytes.write((record.host ?? '').slice(0, 256), 76);
  const [seconds, microseconds] = [record.seconds ?? 1_795_860_000, 42];
  if (layout.wide) {
    bytes.writeBigInt64LE(BigInt(seconds), layout.seconds);
    bytes.writeBigInt64LE(BigInt(microseconds), layout.seconds + 8);
  } else {
    bytes.writeUInt32LE(seconds, layout.seconds);
    bytes.writeInt32LE(microseconds, layout.seconds + 4);
  }
  Buffer.from(record.address ?? []).copy(bytes, layout.address);
  return bytes;
};

import { formatIpv4, formatIpv6 } from '@parapet/kernel';

/** A record of wtmp or btmp (utmp(5)) that says that somebody came, went, or was refused. */
export type UtmpRecord = {
  /** `waits`: a terminal that asks for a name; in btmp the same as `came`, a try that failed. */
  readonly kind: 'came' | 'waits' | 'went' | 'booted';
  readonly pid: number;
  /** Terminal without `/dev/`; `ssh:notty` and the like in btmp. */
  readonly line: string;
  readonly user: string;
  /** Where it came from, as the program that wrote it knew: a name, an address, a display. */
  readonly host: string;
  readonly address: string | undefined;
  readonly atUs: number;
};

/** Where glibc puts what varies with the size of `long` and `time_t` (bits/utmp.h); musl writes no such files. */
export type UtmpLayout = {
  readonly bytes: number;
  readonly seconds: number;
  readonly address: number;
  readonly wide: boolean;
};

export const utmpLayouts = {
  /** x86_64 keeps the layout of 32-bit programs. */
  x64: { bytes: 384, seconds: 340, address: 348, wide: false },
  arm64: { bytes: 400, seconds: 344, address: 360, wide: true },
} as const satisfies Readonly<Record<string, UtmpLayout>>;

export const utmpLayout = (architecture: string): UtmpLayout | undefined =>
  architecture === 'x64' || architecture === 'arm64' ? utmpLayouts[architecture] : undefined;

/** Fields that are alike everywhere. */
const at = { type: 0, pid: 4, line: 8, user: 44, host: 76, end: 332 } as const;
const types = { bootTime: 2, loginProcess: 6, userProcess: 7, deadProcess: 8, last: 9 } as const;

/** `other`: a record that is about nobody, such as a run level; `unreadable`: none of any kind. */
export const parseUtmpRecord = (bytes: Buffer, layout: UtmpLayout): UtmpRecord | 'other' | 'unreadable' => {
  const type = bytes.readInt16LE(at.type);
  const seconds = layout.wide ? Number(bytes.readBigInt64LE(layout.seconds)) : bytes.readUInt32LE(layout.seconds);
  const microseconds = layout.wide
    ? Number(bytes.readBigInt64LE(layout.seconds + 8))
    : bytes.readInt32LE(layout.seconds + 4);
  if (type < 0 || type > types.last || seconds < 0 || seconds > latestSeconds) return 'unreadable';
  const kind = kindOf(type);
  if (kind === undefined) return 'other';
  return {
    kind,
    pid: Math.max(0, bytes.readInt32LE(at.pid)),
    line: textIn(bytes, at.line, at.user - 4),
    user: textIn(bytes, at.user, at.host),
    host: textIn(bytes, at.host, at.end),
    address: addressIn(bytes.subarray(layout.address, layout.address + 16)),
    atUs: seconds * 1_000_000 + Math.min(Math.max(0, microseconds), 999_999),
  };
};

const kindOf = (type: number): UtmpRecord['kind'] | undefined => {
  switch (type) {
    case types.loginProcess:
      return 'waits';
    case types.userProcess:
      return 'came';
    case types.deadProcess:
      return 'went';
    case types.bootTime:
      return 'booted';
    default:
      return undefined;
  }
};

/** The year 2200: what is later is no time. */
const latestSeconds = 7_258_118_400;

const textIn = (bytes: Buffer, from: number, to: number): string => {
  const end = bytes.indexOf(0, from);
  return bytes.toString('utf8', from, end === -1 || end > to ? to : end);
};

/** All zero: none; only the first four bytes: IPv4. */
const addressIn = (bytes: Buffer): string | undefined => {
  if (bytes.every((byte) => byte === 0)) return undefined;
  return bytes.subarray(4).every((byte) => byte === 0) ? formatIpv4(bytes, 0) : formatIpv6(bytes, 0);
};

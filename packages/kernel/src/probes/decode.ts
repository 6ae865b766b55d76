import {
  decodeDatagram,
  decodeDns,
  decodeDnsStream,
  decodeSocket,
  type ProbedDatagram,
  type ProbedDns,
  type ProbedDnsStream,
  type ProbedSocket,
} from './decode-network.ts';
import type { ProbedCommon, ProbedProcess } from './probed-process.ts';
import {
  cgroupLevels,
  commBytes,
  dnsPart,
  dnsStreamPart,
  execPart,
  exitPart,
  head,
  modulePart,
  mountPart,
  pathLimits,
  recordKinds,
  stringsAt,
  tracePart,
} from './record.ts';

export type ProbedFork = ProbedCommon & { readonly kind: 'fork' };
export type ProbedExec = ProbedCommon & {
  readonly kind: 'exec';
  /** The name it was started by, at most 511 bytes; may be relative. */
  readonly filename: string;
  /** What ran it: another program for scripts, else equal to `filename`. */
  readonly interpreter: string;
  /** As far as they fit into 4,095 bytes; the last one may be cut, see `argumentsTotalBytes`. */
  readonly arguments: readonly string[];
  readonly argumentsBytes: number;
  readonly argumentsTotalBytes: number;
  /**
   * Where the file that runs lies, as `/proc/<pid>/exe` would tell it inside its own root; `undefined` where that is too deep or has
   * a name too long. A file from memory is one name, e.g. `memfd:x`.
   */
  readonly exePath: string | undefined;
  /** Current folder of the process, in the same form. */
  readonly folder: string | undefined;
  /** Name of the controlling terminal, e.g. `pts/0`; empty without one. */
  readonly tty: string;
  /** The file that runs. No links: it was deleted, or never had a name (memfd). */
  readonly exe: ProbedFile;
};
/** A file as the kernel has it in memory. */
export type ProbedFile = {
  /** As `stat(2)` tells it, but on btrfs, whose subvolumes have numbers of their own there. */
  readonly device: bigint;
  readonly inode: bigint;
  readonly mode: number;
  readonly links: number;
  /** When its content or properties last changed, in nanoseconds since 1970: nobody can set it. */
  readonly changedNs: bigint;
};
export type ProbedExit = ProbedCommon & {
  readonly kind: 'exit';
  readonly exitCode: number;
  /** The signal that ended it; 0 when it ended by itself. */
  readonly signal: number;
};
/** A process did what may have changed its rights; `process` is what it has now. */
export type ProbedRights = ProbedCommon & { readonly kind: 'rights' };
export type ProbedTrace = ProbedCommon & {
  readonly kind: 'trace';
  /** Whether it read or wrote the other one's memory without attaching to it. */
  readonly isMemoryOnly: boolean;
  /** As the process numbers it, in its own pid namespace. */
  readonly target: number;
};
export type ProbedModule = ProbedCommon & { readonly kind: 'module'; readonly name: string };
export type ProbedMount = ProbedCommon & {
  readonly kind: 'mount';
  /** As the process named them: a device, a folder for a bind, or any word; empty for what was made in steps. */
  readonly source: string;
  readonly target: string;
  /** Empty for binds, changes of what is mounted, and what was made in steps. */
  readonly fileSystem: string;
};
export type ProbedEvent =
  | ProbedFork
  | ProbedExec
  | ProbedExit
  | ProbedSocket
  | ProbedRights
  | ProbedTrace
  | ProbedModule
  | ProbedMount
  | ProbedDns
  | ProbedDatagram
  | ProbedDnsStream;

/** Reads a record; `undefined` for one of a kind or length that no probe writes. Text is read as UTF-8, bad bytes replaced. */
export const decodeRecord = (record: Uint8Array): ProbedEvent | undefined => {
  if (record.length < stringsAt[recordKinds.fork]) return undefined;
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.byteLength);
  const kind = bytes.readUInt16LE(head.kind);
  if (!isKnown(kind) || record.length < stringsAt[kind]) return undefined;
  const strings = new Strings(bytes, stringsAt[kind]);
  const common: ProbedCommon = {
    atNs: bytes.readBigUInt64LE(head.atNs),
    cpu: bytes.readUInt16LE(head.cpu),
    // First of all: the cgroups' names are the first strings of every record.
    process: decodeProcess(bytes, strings),
    thread: threadOf(bytes),
  };
  switch (kind) {
    case recordKinds.fork:
      return { ...common, kind: 'fork' };
    case recordKinds.exec:
      return { ...common, kind: 'exec', ...decodeExec(bytes, strings) };
    case recordKinds.exit:
      return { ...common, kind: 'exit', ...decodeExit(bytes) };
    case recordKinds.socket:
      return { ...common, kind: 'socket', ...decodeSocket(bytes) };
    case recordKinds.rights:
      return { ...common, kind: 'rights' };
    case recordKinds.trace:
      return {
        ...common,
        kind: 'trace',
        isMemoryOnly: bytes.readInt32LE(tracePart.request) === -1,
        target: bytes.readUInt32LE(tracePart.target),
      };
    case recordKinds.module:
      return { ...common, kind: 'module', name: strings.next(modulePart.nameLength) };
    case recordKinds.mount:
      return {
        ...common,
        kind: 'mount',
        source: strings.next(mountPart.sourceLength),
        fileSystem: strings.next(mountPart.fileSystemLength),
        target: strings.next(mountPart.targetLength),
      };
    case recordKinds.dns:
      return { ...common, kind: 'dns', ...decodeDns(bytes, strings.nextBytes(dnsPart.payloadLength)) };
    case recordKinds.dnsStream:
      return {
        ...common,
        kind: 'dns-stream',
        ...decodeDnsStream(bytes, strings.nextBytes(dnsStreamPart.payloadLength)),
      };
    case recordKinds.datagram:
      return { ...common, kind: 'datagram', ...decodeDatagram(bytes) };
  }
};

type RecordKind = keyof typeof stringsAt;
const isKnown = (kind: number): kind is RecordKind => kind in stringsAt;

/** A record's strings, read one after another. A host makes thousands of records a second: nothing is made here that is not handed on. */
class Strings {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, from: number) {
    this.#bytes = bytes;
    this.#at = from;
  }

  /** The next string, its length read from `lengthAt`; the final zero is left out. */
  next(lengthAt: number): string {
    const from = this.#at;
    const length = this.#bytes.readUInt16LE(lengthAt);
    this.#at += length;
    return length <= 1 ? '' : this.#bytes.toString('utf8', from, from + length - 1);
  }

  nextBytes(lengthAt: number): Buffer {
    const from = this.#at;
    this.#at += this.#bytes.readUInt16LE(lengthAt);
    return this.#bytes.subarray(from, this.#at);
  }

  /** Several strings as one text, each with its final zero. */
  nextTogether(lengthsAt: number, count: number): string {
    const from = this.#at;
    for (let index = 0; index < count; index += 1) this.#at += this.#bytes.readUInt16LE(lengthsAt + index * 2);
    return this.#bytes.toString('utf8', from, this.#at);
  }
}

/** What the kernel says where nobody signed in. */
const unset = 0xffff_ffff;

const decodeProcess = (bytes: Buffer, strings: Strings): ProbedProcess => ({
  pid: bytes.readUInt32LE(head.pid),
  startNs: bytes.readBigUInt64LE(head.startNs),
  parentPid: bytes.readUInt32LE(head.parentPid),
  parentStartNs: bytes.readBigUInt64LE(head.parentStartNs),
  uid: bytes.readUInt32LE(head.uid),
  gid: bytes.readUInt32LE(head.gid),
  effectiveUid: bytes.readUInt32LE(head.effectiveUid),
  loginUid: setOnly(bytes.readUInt32LE(head.loginUid)),
  sessionId: setOnly(bytes.readUInt32LE(head.sessionId)),
  capabilities: bytes.readBigUInt64LE(head.capabilities),
  netNamespace: bytes.readUInt32LE(head.netNamespace),
  mountNamespace: bytes.readUInt32LE(head.mountNamespace),
  pidNamespace: bytes.readUInt32LE(head.pidNamespace),
  comm: upToZero(bytes, head.comm, commBytes),
  cgroups: splitCgroups(strings.nextTogether(head.cgroupLengths, cgroupLevels)),
});

/** Most processes have one thread, and a thread that was given no name has its process’s. */
const threadOf = (bytes: Buffer): string | undefined => {
  const { comm, threadComm } = head;
  if (bytes.compare(bytes, comm, comm + commBytes, threadComm, threadComm + commBytes) === 0) return undefined;
  const name = upToZero(bytes, threadComm, commBytes);
  return name === '' || name === upToZero(bytes, comm, commBytes) ? undefined : name;
};

const setOnly = (value: number): number | undefined => (value === unset ? undefined : value);

/** The same array for the same names: a host has few cgroups. */
const splitCgroups = (names: string): readonly string[] => {
  const known = cgroupsByNames.get(names);
  if (known !== undefined) return known;
  const cgroups = names.split('\0').filter((name) => name !== '' && name !== '/');
  if (cgroupsByNames.size >= maxCgroups) cgroupsByNames.clear();
  cgroupsByNames.set(names, cgroups);
  return cgroups;
};
const cgroupsByNames = new Map<string, readonly string[]>();
const maxCgroups = 1024;

const upToZero = (bytes: Buffer, from: number, length: number): string => {
  let end = from;
  while (end < from + length && bytes[end] !== 0) end += 1;
  return bytes.toString('utf8', from, end);
};

const decodeExec = (bytes: Buffer, strings: Strings): Omit<ProbedExec, keyof ProbedCommon | 'kind'> => {
  const tty = strings.next(execPart.ttyLength);
  const filename = strings.next(execPart.filenameLength);
  const interpreter = strings.next(execPart.interpreterLength);
  const exePath = joinPath(strings.nextBytes(execPart.exePathLength));
  const folder = joinPath(strings.nextBytes(execPart.folderLength));
  const packed = strings.nextBytes(execPart.argumentsLength);
  return {
    filename,
    interpreter,
    exePath,
    folder,
    arguments: splitArguments(packed),
    argumentsBytes: packed.length,
    argumentsTotalBytes: bytes.readUInt32LE(execPart.argumentsTotal),
    tty,
    exe: {
      device: deviceOf(bytes.readUInt32LE(execPart.exeDevice)),
      inode: bytes.readBigUInt64LE(execPart.exeInode),
      mode: bytes.readUInt16LE(execPart.exeMode),
      links: bytes.readUInt32LE(execPart.exeLinks),
      changedNs:
        bytes.readBigInt64LE(execPart.exeChangeSeconds) * 1_000_000_000n +
        BigInt(bytes.readUInt32LE(execPart.exeChangeNanoseconds) & nanosecondsMask),
    },
  };
};

/** Since 6.13 the highest bit says whether somebody asked for the time. */
const nanosecondsMask = 0x7fff_ffff;

/** Within the kernel 12 bits of major and 20 of minor number (`linux/kdev_t.h`); outside as makedev(3) puts them together. */
const deviceOf = (device: number): bigint => {
  const [major, minor] = [BigInt(device >>> 20), BigInt(device & 0xf_ffff)];
  return (minor & 0xffn) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n);
};

/** See `pathLimits`. */
const joinPath = (packed: Buffer): string | undefined => {
  if (packed.length === 0 || packed[packed.length - 1] !== 0) return undefined;
  if (packed.length > 1 && packed[packed.length - 2] !== 0) return undefined;
  const names = packed.length <= 2 ? [] : packed.toString('utf8', 0, packed.length - 2).split('\0');
  if (names.some((name) => name === '' || Buffer.byteLength(name) >= pathLimits.nameBytes - 1)) return undefined;
  return `/${names.reverse().join('/')}`;
};

const splitArguments = (packed: Buffer): string[] => {
  if (packed.length === 0) return [];
  const text = packed.toString('utf8');
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
};

/** A wait status: the code in the second byte, a signal in the lower seven bits. The group's counts where one was given. */
const decodeExit = (bytes: Buffer): Omit<ProbedExit, keyof ProbedCommon | 'kind'> => {
  const status = bytes.readUInt32LE(exitPart.groupExitCode) || bytes.readUInt32LE(exitPart.exitCode);
  return { exitCode: (status >> 8) & 0xff, signal: status & 0x7f };
};

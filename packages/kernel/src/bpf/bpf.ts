import { architectureConstants } from '../architecture.ts';
import { errno } from '../constants.ts';
import { KernelError } from '../kernel-error.ts';
import { addressOf, lastErrno, libc } from '../libc.ts';
import { firstOnlineCpu } from '../online-cpus.ts';
import { instructionBytes } from './assembler.ts';
import { type BpfObject, objectOf } from './bpf-object.ts';
import { bpfCommands, type CgroupPlace, cgroupPlaces, mapTypes, programTypes } from './constants.ts';
import { enablePerfEvent, openPerfEvent } from './perf-event.ts';

export type BpfMap = BpfObject & { readonly keyBytes: number; readonly valueBytes: number };

export type MapOptions = {
  readonly type: keyof typeof mapTypes;
  /** At most 15 characters. */
  readonly name: string;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** Ring buffers: bytes, a power of two and a multiple of the page size. */
  readonly maxEntries: number;
};

/** Throws a `KernelError`. Before Linux 5.11 the memory counts against RLIMIT_MEMLOCK, which the caller raises. */
export const createMap = (options: MapOptions): BpfMap => {
  const attributes = attributesOf(48);
  attributes.view.setUint32(0, mapTypes[options.type], true);
  attributes.view.setUint32(4, options.keyBytes, true);
  attributes.view.setUint32(8, options.valueBytes, true);
  attributes.view.setUint32(12, options.maxEntries, true);
  writeName(attributes.bytes, 28, options.name);
  const fd = bpf(bpfCommands.mapCreate, attributes.bytes, `creating the map ${options.name}`);
  return { ...objectOf(fd), keyBytes: options.keyBytes, valueBytes: options.valueBytes };
};

/**
 * Reads one element; `undefined` when the key is not there. Of a map by CPU the value is that of every possible CPU, each
 * padded to 8 bytes: `valueBytes` says how much is read in all.
 */
export const lookUpElement = (map: BpfMap, key: Uint8Array, valueBytes = map.valueBytes): Buffer | undefined => {
  const value = Buffer.alloc(valueBytes);
  const attributes = elementAttributes(map, key, value);
  const result = rawBpf(bpfCommands.mapLookupElement, attributes);
  if (result >= 0) return value;
  if (lastErrno() === errno.ENOENT) return undefined;
  throw new KernelError('bpf', lastErrno(), 'reading a map');
};

export const updateElement = (map: BpfMap, key: Uint8Array, value: Uint8Array): void => {
  bpf(bpfCommands.mapUpdateElement, elementAttributes(map, key, value), 'writing a map');
};

export type ProgramOptions = {
  readonly type: keyof typeof programTypes;
  /** At most 15 characters. */
  readonly name: string;
  readonly instructions: Uint8Array;
  /** Of a program for cgroups: the only place where it may run. */
  readonly place?: CgroupPlace;
};

/**
 * Has the kernel check and load a program. Throws a `KernelError`; when the verifier refused it, the end of what it wrote
 * stands in the message.
 */
export const loadProgram = (options: ProgramOptions): BpfObject => {
  const licence = Buffer.from(programLicence);
  // A signal makes the verifier give up with EAGAIN, and Node gets some.
  for (let attempt = 0; attempt < loadAttempts; attempt += 1) {
    const fd = tryLoad(options, licence, undefined);
    if (fd >= 0) return objectOf(fd);
    if (lastErrno() !== errno.EAGAIN) break;
  }
  const code = lastErrno();
  // Only a refused program pays for the verifier's words.
  const words = Buffer.alloc(verifierLogBytes);
  const second = tryLoad(options, licence, words);
  if (second >= 0) return objectOf(second);
  throw new KernelError('bpf', code, `loading the program ${options.name}${verifierSays(words)}`);
};

/** Runs a loaded program at a raw tracepoint, e.g. `sched_process_exec`, until the returned object is closed. */
export const attachRawTracepoint = (name: string, program: BpfObject): BpfObject => {
  const text = Buffer.from(`${name}\0`);
  const attributes = attributesOf(16);
  attributes.view.setBigUint64(0, addressOf(text), true);
  attributes.view.setUint32(8, program.fd, true);
  const fd = bpf(bpfCommands.rawTracepointOpen, attributes.bytes, `attaching to the tracepoint ${name}`);
  keepAlive(text);
  return objectOf(fd);
};

/**
 * Runs a loaded program at a tracepoint, given by its number in tracefs, on all CPUs until it is closed. Before Linux 4.15 a tracepoint has
 * room for one program of the host: then it fails with EEXIST.
 */
export const attachTracepoint = (id: number, program: BpfObject): BpfObject => {
  const event = openPerfEvent({ type: 'tracepoint', config: id, cpu: firstOnlineCpu() });
  try {
    enablePerfEvent(event, program.fd);
    return event;
  } catch (error) {
    event.close();
    throw error;
  }
};

/** Runs a loaded program for all sockets of a cgroup, given by its folder's descriptor, beside those of others, until it is closed. */
export const attachToCgroup = (cgroupFd: number, place: CgroupPlace, program: BpfObject): BpfObject => {
  const attributes = attributesOf(16);
  attributes.view.setUint32(0, program.fd, true);
  attributes.view.setUint32(4, cgroupFd, true);
  attributes.view.setUint32(8, cgroupPlaces[place], true);
  return objectOf(bpf(bpfCommands.linkCreate, attributes.bytes, `attaching to ${place} of a cgroup`));
};

/**
 * How often the kernel left a program out because it was running already on that CPU, since it was loaded (Linux 5.12; 0
 * before): runs that the program itself cannot count.
 */
export const missedRuns = (program: BpfObject): number => {
  const info = Buffer.alloc(programInfo.bytes);
  const attributes = attributesOf(16);
  attributes.view.setUint32(0, program.fd, true);
  attributes.view.setUint32(4, info.length, true);
  attributes.view.setBigUint64(8, addressOf(info), true);
  bpf(bpfCommands.objectInfo, attributes.bytes, 'asking about a program');
  return Number(info.readBigUInt64LE(programInfo.recursionMisses));
};

/** `struct bpf_prog_info` as far as it is read. */
const programInfo = { bytes: 216, recursionMisses: 208 } as const;

/** The helpers that read memory are for programs under the GPL: ours may be used under it as well, see the README. */
const programLicence = 'GPL\0';
const loadAttempts = 10;
const verifierLogBytes = 256 * 1024;
const verifierWordsShown = 600;

const tryLoad = (options: ProgramOptions, licence: Buffer, words: Buffer | undefined): number => {
  const attributes = attributesOf(72);
  attributes.view.setUint32(0, programTypes[options.type], true);
  attributes.view.setUint32(4, options.instructions.length / instructionBytes, true);
  attributes.view.setBigUint64(8, addressOf(options.instructions), true);
  attributes.view.setBigUint64(16, addressOf(licence), true);
  if (words !== undefined) {
    attributes.view.setUint32(24, 1, true);
    attributes.view.setUint32(28, words.length, true);
    attributes.view.setBigUint64(32, addressOf(words), true);
  }
  writeName(attributes.bytes, 48, options.name);
  if (options.place !== undefined) attributes.view.setUint32(68, cgroupPlaces[options.place], true);
  const result = rawBpf(bpfCommands.programLoad, attributes.bytes);
  keepAlive(options.instructions, licence, words);
  return result;
};

const verifierSays = (words: Buffer): string => {
  const end = words.indexOf(0);
  const text = words.toString('latin1', 0, end < 0 ? words.length : end).trim();
  return text === '' ? '' : `; the verifier says: …${text.slice(-verifierWordsShown)}`;
};

const elementAttributes = (map: BpfMap, key: Uint8Array, value: Uint8Array): Uint8Array => {
  const attributes = attributesOf(32);
  attributes.view.setUint32(0, map.fd, true);
  attributes.view.setBigUint64(8, addressOf(key), true);
  if (value.length > 0) attributes.view.setBigUint64(16, addressOf(value), true);
  return attributes.bytes;
};

const attributesOf = (length: number): { readonly bytes: Uint8Array; readonly view: DataView } => {
  const bytes = new Uint8Array(length);
  return { bytes, view: new DataView(bytes.buffer) };
};

/** Names are for people (`bpftool`); kernels before 4.15 refuse a non-zero byte there, so they are left out on demand. */
const writeName = (bytes: Uint8Array, at: number, name: string): void => {
  bytes.set(Buffer.from(name.slice(0, 15), 'latin1'), at);
};

const rawBpf = (command: number, attributes: Uint8Array): number =>
  libc().syscall(architectureConstants().bpf, command, addressOf(attributes), attributes.length, 0, 0, 0);

const bpf = (command: number, attributes: Uint8Array, purpose: string): number => {
  const result = rawBpf(command, attributes);
  if (result < 0) throw new KernelError('bpf', lastErrno(), purpose);
  return result;
};

/** A buffer whose address went into a structure must not be collected before the call came back. */
const keepAlive = (...buffers: readonly (Uint8Array | undefined)[]): void => {
  for (const buffer of buffers) void buffer?.byteLength;
};

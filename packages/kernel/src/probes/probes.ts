import { closeSync, existsSync, openSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { alignedInterval, fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { assemble } from '../bpf/assembler.ts';
import {
  attachRawTracepoint,
  attachToCgroup,
  type BpfMap,
  createMap,
  loadProgram,
  lookUpElement,
  missedRuns,
} from '../bpf/bpf.ts';
import type { BpfObject } from '../bpf/bpf-object.ts';
import { parseBtf } from '../bpf/btf.ts';
import type { CgroupPlace } from '../bpf/constants.ts';
import { createRingBuffer, type RingBuffer } from '../bpf/ring-buffer.ts';
import { errno } from '../constants.ts';
import { attempt, KernelError } from '../kernel-error.ts';
import { possibleCpus } from '../online-cpus.ts';
import { decodeRecord, type ProbedEvent } from './decode.ts';
import { type KernelOffsets, resolveOffsets } from './offsets.ts';
import {
  counterBytes,
  counterOffsets,
  createProbeWriter,
  type ProbeEnvironment,
  type ProbeWriter,
} from './probe-writer.ts';
import {
  recentDatagrams,
  writeDatagramConnected,
  writeDatagramLeaving,
  writeDatagramReceived,
  writeDatagramReceived6,
  writeDatagramSent,
  writeDatagramSent6,
} from './programs/datagram.ts';
import { writeDnsAnswer, writeDnsQuestion } from './programs/dns.ts';
import { writeDnsStreamReceived, writeDnsStreamSent } from './programs/dns-stream.ts';
import { writeExec } from './programs/exec.ts';
import { writeExit } from './programs/exit.ts';
import { writeFork } from './programs/fork.ts';
import { writeModule } from './programs/module.ts';
import { writeSocketState } from './programs/socket-state.ts';
import { writeSystemCall } from './programs/system-call.ts';
import { scratchBytes } from './record.ts';

/**
 * What can be watched, by the raw tracepoint of the kernel that it stands on, or by its place in the root cgroup. One that is not needed may be missing: then what it
 * tells is not told, and all else is.
 */
const probeTable: Readonly<Record<ProbeName, ProbeDefinition>> = {
  exec: { tracepoint: 'sched_process_exec', write: writeExec, isNeeded: true },
  exit: { tracepoint: 'sched_process_exit', write: writeExit, isNeeded: true },
  fork: { tracepoint: 'sched_process_fork', write: writeFork, isNeeded: true },
  socket: { tracepoint: 'inet_sock_set_state', write: writeSocketState, isNeeded: true },
  module: { tracepoint: 'module_load', write: writeModule, onlyWith: '/proc/modules' },
  systemCall: { tracepoint: 'sys_exit', write: writeSystemCall },
  dnsQuestion: { tracepoint: 'net_dev_queue', write: writeDnsQuestion },
  dnsAnswer: { tracepoint: 'netif_receive_skb', write: writeDnsAnswer },
  dnsStreamSent: { cgroupPlace: 'packetSend', write: writeDnsStreamSent },
  dnsStreamReceived: { cgroupPlace: 'packetReceive', write: writeDnsStreamReceived },
  datagramConnected: {
    tracepoint: 'sock_send_length',
    write: writeDatagramConnected,
    orElse: { cgroupPlace: 'packetSend', write: writeDatagramLeaving },
  },
  datagramSent: { cgroupPlace: 'udp4Send', write: writeDatagramSent },
  datagramSent6: { cgroupPlace: 'udp6Send', write: writeDatagramSent6 },
  datagramReceived: { cgroupPlace: 'udp4Receive', write: writeDatagramReceived },
  datagramReceived6: { cgroupPlace: 'udp6Receive', write: writeDatagramReceived6 },
};
export const probeNames = [
  'exec',
  'exit',
  'fork',
  'socket',
  'module',
  'systemCall',
  'dnsQuestion',
  'dnsAnswer',
  'dnsStreamSent',
  'dnsStreamReceived',
  'datagramConnected',
  'datagramSent',
  'datagramSent6',
  'datagramReceived',
  'datagramReceived6',
] as const;
export type ProbeName = (typeof probeNames)[number];

type ProbeProgram = ({ readonly tracepoint: string } | { readonly cgroupPlace: CgroupPlace }) & {
  readonly write: (probe: ProbeWriter, offsets: KernelOffsets) => void;
};

type ProbeDefinition = ProbeProgram & {
  readonly isNeeded?: true;
  /** A kernel without this has nothing that the probe could tell. */
  readonly onlyWith?: string;
  /** What tells the same on kernels without the first place. */
  readonly orElse?: ProbeProgram;
};

export type ProbeOptions = {
  readonly probes: readonly ProbeName[];
  readonly onEvent: (event: ProbedEvent) => void;
  /** A record that could not be read, which would be a bug of ours; it is in no other count. */
  readonly onUnreadable?: () => void;
  /** Where the host's files lie: default `/`. */
  readonly rootPath?: string;
  /** Tracepoints to do without though the kernel has them, as on an older one. */
  readonly without?: readonly string[];
  /** What the kernel may keep between two reads: a power of two, default 2 MiB, some 4,000 execs with usual arguments. */
  readonly ringBytes?: number;
  /** How often the ring is read, default 25 ms. */
  readonly drainEveryMs?: number;
  /** The longest time between two readings while nothing comes, default `drainEveryMs`: it doubles with each that finds nothing. */
  readonly restEveryMs?: number;
  /** How long one reading may take, default without end: the share of a core that events may cost their reader. */
  readonly drainBudgetMs?: number;
};

/**
 * Counts since the probes were opened. Exactly `produced = handed over + lost`, once the ring is empty; `missed` are runs that
 * the kernel itself left out, which no program can see: they come on top.
 */
export type ProbeAccount = {
  readonly probe: ProbeName;
  readonly produced: number;
  readonly lost: number;
  readonly missed: number;
};

export type Probes = Disposable & {
  /** Reads what waits now. */
  readonly drain: () => void;
  readonly account: () => readonly ProbeAccount[];
  /** Probes that this kernel has no place for. */
  readonly missing: readonly ProbeName[];
  /**
   * Only these rest: they are taken out of the kernel's way, cost nothing and count nothing until they are not named any more.
   * Fails where one cannot be put back; the others are as they were asked to be.
   */
  readonly rest: (names: readonly ProbeName[]) => Result<undefined, Problem>;
  readonly close: () => void;
};

/**
 * Watches the whole host by programs of our own in the kernel, written for the kernel that runs: nothing is compiled, and
 * nothing stays behind when the process ends. Needs Linux 5.8 with BTF and root (CAP_BPF and CAP_PERFMON).
 */
export const openProbes = (options: ProbeOptions): Result<Probes, Problem> => {
  const offsets = readKernelOffsets();
  if (!offsets.ok) return offsets;
  const opened = attempt(() => openAll(options, offsets.value));
  return opened.ok ? ok(opened.value) : fail(whyRefused(opened.error));
};

const btfPath = '/sys/kernel/btf/vmlinux';
const defaultRingBytes = 2 * 1024 * 1024;
const defaultDrainMs = 25;

const readKernelOffsets = (): Result<KernelOffsets, Problem> => {
  let bytes: Buffer;
  try {
    bytes = readFileSync(btfPath);
  } catch {
    return fail(
      problem('no-btf', `This kernel does not tell its types: ${btfPath} cannot be read (CONFIG_DEBUG_INFO_BTF).`),
    );
  }
  const btf = parseBtf(bytes);
  return btf.ok ? resolveOffsets(btf.value) : btf;
};

const whyRefused = (error: Problem): Problem =>
  problem(
    error.code,
    error.code === 'eperm'
      ? `Watching the kernel needs root with CAP_BPF and CAP_PERFMON, and a kernel that is not locked down (${error.message})`
      : error.message,
  );

const openAll = (options: ProbeOptions, offsets: KernelOffsets): Probes => {
  const opened = new DisposableStack();
  try {
    const counters = opened.use(mapByProbe('parapet_count', counterBytes));
    const scratch = opened.use(mapByProbe('parapet_scratch', scratchBytes));
    const ring = opened.use(createRingBuffer('parapet_ring', options.ringBytes ?? defaultRingBytes));
    const recent = opened.use(createMap({ type: 'lruHash', name: 'parapet_recent', ...recentDatagrams }));
    const cgroups = cgroupHierarchy();
    const programs: RunningProbe[] = [];
    const missing: ProbeName[] = [];
    const wanted = options.probes.filter((name) => isPossible(probeTable[name]));
    for (const name of wanted) {
      const environment = {
        offsets,
        cgroups,
        index: probeNames.indexOf(name),
        countersFd: counters.fd,
        scratchFd: scratch.fd,
        ringFd: ring.map.fd,
        recentFd: recent.fd,
      };
      const started = start(name, environment, opened, options);
      if (started === undefined) missing.push(name);
      else programs.push({ name, ...started });
    }
    return run(options, { counters, ring, programs, missing, all: opened.move() });
  } finally {
    opened.dispose();
  }
};

const mapByProbe = (name: string, valueBytes: number): BpfMap =>
  createMap({ type: 'perCpuArray', name, keyBytes: 4, valueBytes, maxEntries: probeNames.length });

const isPossible = ({ onlyWith }: ProbeDefinition): boolean => onlyWith === undefined || existsSync(onlyWith);

/** Loads a probe and lets it run; `undefined` where it is not needed and the kernel has no place for it. */
const start = (
  name: ProbeName,
  environment: ProbeEnvironment,
  opened: DisposableStack,
  { rootPath, without = [] }: ProbeOptions,
): Omit<RunningProbe, 'name'> | undefined => {
  const definition = probeTable[name];
  const candidates: ProbeProgram[] = definition.orElse === undefined ? [definition] : [definition, definition.orElse];
  for (const written of candidates) {
    if ('tracepoint' in written && without.includes(written.tracepoint)) continue;
    const started = attempt(() => {
      const program = opened.use(load(name, written, environment));
      return { written, program, place: opened.use(place(written, program, rootPath)) };
    });
    if (started.ok) return started.value;
    if (definition.isNeeded === true) throw started.error;
  }
  return undefined;
};

const load = (name: ProbeName, written: ProbeProgram, environment: ProbeEnvironment): BpfObject => {
  const { write } = written;
  const named = `parapet_${name}`;
  const instructions = (result: 0 | 1): Uint8Array =>
    assemble((asm) => write(createProbeWriter(asm, { ...environment, result }), environment.offsets));
  return 'tracepoint' in written
    ? loadProgram({ type: 'rawTracepoint', name: named, instructions: instructions(0) })
    : loadProgram({
        type: written.cgroupPlace.startsWith('packet') ? 'cgroupPacket' : 'cgroupSocketAddress',
        name: named,
        place: written.cgroupPlace,
        instructions: instructions(1),
      });
};

const place = (written: ProbeProgram, program: BpfObject, rootPath: string | undefined): BpfObject => {
  if ('tracepoint' in written) return attachRawTracepoint(written.tracepoint, program);
  const root = openSync(unifiedRoot(rootPath ?? '/'), 'r');
  try {
    return attachToCgroup(root, written.cgroupPlace, program);
  } finally {
    closeSync(root);
  }
};

/** Of the whole host: in a container the one that is mounted may be none, or the root of its own cgroup namespace. */
const unifiedRoot = (rootPath: string): string => {
  const found = [join(rootPath, 'sys/fs/cgroup'), '/proc/1/root/sys/fs/cgroup', '/sys/fs/cgroup']
    .flatMap((path) => [path, `${path}/unified`])
    .find((path) => existsSync(path) && statfsSync(path).type === cgroup2Magic && statSync(path).ino === rootInode);
  if (found === undefined)
    throw new KernelError('bpf', errno.ENOENT, 'finding the root of the unified cgroup hierarchy');
  return found;
};
/** What kernfs numbers its first node. */
const rootInode = 1;

/** On a host of version 1, or of both, containers live in the old hierarchies; statfs(2) tells the kind of the mount. */
const cgroupHierarchy = (): ProbeEnvironment['cgroups'] =>
  statfsSync('/sys/fs/cgroup').type === cgroup2Magic ? 'unified' : 'memory';
const cgroup2Magic = 0x6367_7270;

type RunningProbe = {
  readonly name: ProbeName;
  readonly written: ProbeProgram;
  readonly program: BpfObject;
  /** Where it runs; none while it rests. */
  place: BpfObject | undefined;
};

type Opened = {
  readonly counters: BpfMap;
  readonly ring: RingBuffer;
  readonly programs: readonly RunningProbe[];
  readonly missing: readonly ProbeName[];
  readonly all: DisposableStack;
};

const run = (options: ProbeOptions, { counters, ring, programs, missing, all }: Opened): Probes => {
  const cpus = possibleCpus();
  const onRecord = (record: Uint8Array): void => {
    const event = decodeRecord(record);
    if (event === undefined) options.onUnreadable?.();
    else options.onEvent(event);
  };
  const { drainEveryMs = defaultDrainMs, restEveryMs = drainEveryMs } = options;
  let everyMs = drainEveryMs;
  const drain = (): void => {
    const records = ring.drain(onRecord, options.drainBudgetMs ?? Number.POSITIVE_INFINITY);
    if (records > 0) everyMs = drainEveryMs;
  };
  const stopDraining = alignedInterval(
    () => {
      everyMs = Math.min(restEveryMs, everyMs * 2);
      drain();
    },
    () => everyMs,
  );
  const close = (): void => {
    stopDraining();
    for (const { place } of programs) place?.close();
    all.dispose();
  };
  const rest: Probes['rest'] = (names) => {
    let failure: Problem | undefined;
    for (const probe of programs) {
      const rests = names.includes(probe.name);
      if (rests === (probe.place === undefined)) continue;
      probe.place?.close();
      probe.place = undefined;
      if (rests) continue;
      const placed = attempt(() => place(probe.written, probe.program, options.rootPath));
      if (placed.ok) probe.place = placed.value;
      else failure = placed.error;
    }
    return failure === undefined ? ok(undefined) : fail(failure);
  };
  return {
    drain,
    account: () =>
      programs.map(({ name, program }) => ({
        probe: name,
        ...sumCounters(counters, probeNames.indexOf(name), cpus),
        missed: missedRuns(program),
      })),
    missing,
    rest,
    close,
    [Symbol.dispose]: close,
  };
};

const sumCounters = (counters: BpfMap, index: number, cpus: number): { produced: number; lost: number } => {
  const key = new Uint8Array(Uint32Array.of(index).buffer);
  const values = lookUpElement(counters, key, counterBytes * cpus) ?? Buffer.alloc(counterBytes * cpus);
  const sum = (offset: number): number => {
    let total = 0;
    for (let cpu = 0; cpu < cpus; cpu += 1) total += Number(values.readBigUInt64LE(cpu * counterBytes + offset));
    return total;
  };
  return { produced: sum(counterOffsets.produced), lost: sum(counterOffsets.lost) };
};

import { readFileSync, statfsSync } from 'node:fs';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { assemble } from '../bpf/assembler.ts';
import {
  attachRawTracepoint,
  type BpfMap,
  type BpfObject,
  createMap,
  loadProgram,
  lookUpElement,
  missedRuns,
} from '../bpf/bpf.ts';
import { parseBtf } from '../bpf/btf.ts';
import { createRingBuffer, type RingBuffer } from '../bpf/ring-buffer.ts';
import { attempt } from '../kernel-error.ts';
import { decodeRecord, type ProbedEvent } from './decode.ts';
import { type KernelOffsets, resolveOffsets } from './offsets.ts';
import {
  counterBytes,
  counterOffsets,
  createProbeWriter,
  type ProbeEnvironment,
  type ProbeWriter,
} from './probe-writer.ts';
import { writeExec } from './programs/exec.ts';
import { writeExit } from './programs/exit.ts';
import { writeFork } from './programs/fork.ts';
import { writeSocketState } from './programs/socket-state.ts';
import { scratchBytes } from './record.ts';

/** What can be watched, by the raw tracepoint of the kernel that it stands on. */
const probeTable = {
  exec: { tracepoint: 'sched_process_exec', write: writeExec },
  exit: { tracepoint: 'sched_process_exit', write: writeExit },
  fork: { tracepoint: 'sched_process_fork', write: writeFork },
  socket: { tracepoint: 'inet_sock_set_state', write: writeSocketState },
} as const satisfies Readonly<
  Record<string, { tracepoint: string; write: (probe: ProbeWriter, offsets: KernelOffsets) => void }>
>;
export type ProbeName = keyof typeof probeTable;

export type ProbeOptions = {
  readonly probes: readonly ProbeName[];
  readonly onEvent: (event: ProbedEvent) => void;
  /** A record that could not be read, which would be a bug of ours; it is in no other count. */
  readonly onUnreadable?: () => void;
  /** What the kernel may keep between two reads: a power of two, default 2 MiB, some 4,000 execs with usual arguments. */
  readonly ringBytes?: number;
  /** How often the ring is read, default 25 ms. */
  readonly drainEveryMs?: number;
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
    const cgroups = cgroupHierarchy();
    const programs = options.probes.map((name) => {
      const environment = {
        offsets,
        cgroups,
        index: names.indexOf(name),
        countersFd: counters.fd,
        scratchFd: scratch.fd,
        ringFd: ring.map.fd,
      };
      return { name, program: opened.use(load(name, environment)) };
    });
    for (const { name, program } of programs) opened.use(attachRawTracepoint(probeTable[name].tracepoint, program));
    return run(options, { counters, ring, programs, all: opened.move() });
  } finally {
    opened.dispose();
  }
};

const names = Object.keys(probeTable) as ProbeName[];

const mapByProbe = (name: string, valueBytes: number): BpfMap =>
  createMap({ type: 'perCpuArray', name, keyBytes: 4, valueBytes, maxEntries: names.length });

const load = (name: ProbeName, environment: ProbeEnvironment): BpfObject =>
  loadProgram({
    type: 'rawTracepoint',
    name: `parapet_${name}`,
    instructions: assemble((asm) => probeTable[name].write(createProbeWriter(asm, environment), environment.offsets)),
  });

/** On a host of version 1, or of both, containers live in the old hierarchies; statfs(2) tells the kind of the mount. */
const cgroupHierarchy = (): ProbeEnvironment['cgroups'] =>
  statfsSync('/sys/fs/cgroup').type === cgroup2Magic ? 'unified' : 'memory';
const cgroup2Magic = 0x6367_7270;

type Opened = {
  readonly counters: BpfMap;
  readonly ring: RingBuffer;
  readonly programs: readonly { readonly name: ProbeName; readonly program: BpfObject }[];
  readonly all: DisposableStack;
};

const run = (options: ProbeOptions, { counters, ring, programs, all }: Opened): Probes => {
  const cpus = possibleCpus();
  const onRecord = (record: Uint8Array): void => {
    const event = decodeRecord(record);
    if (event === undefined) options.onUnreadable?.();
    else options.onEvent(event);
  };
  const drain = (): void => {
    ring.drain(onRecord, options.drainBudgetMs ?? Number.POSITIVE_INFINITY);
  };
  const timer = setInterval(drain, options.drainEveryMs ?? defaultDrainMs);
  timer.unref();
  const close = (): void => {
    clearInterval(timer);
    all.dispose();
  };
  return {
    drain,
    account: () =>
      programs.map(({ name, program }) => ({
        probe: name,
        ...sumCounters(counters, names.indexOf(name), cpus),
        missed: missedRuns(program),
      })),
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

/** CPUs that may ever be there, e.g. `0-1`: the kernel keeps a value for each. */
const possibleCpus = (): number => {
  const last = /(\d+)\s*$/.exec(readFileSync('/sys/devices/system/cpu/possible', 'latin1'));
  return Number(last?.[1] ?? 0) + 1;
};

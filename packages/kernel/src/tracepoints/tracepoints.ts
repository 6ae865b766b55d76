import { alignedInterval, fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { architectureConstants } from '../architecture.ts';
import { assemble } from '../bpf/assembler.ts';
import { attachTracepoint, type BpfMap, createMap, loadProgram, lookUpElement } from '../bpf/bpf.ts';
import { createPerfBuffers, type PerfBuffers } from '../bpf/perf-buffers.ts';
import { errno } from '../constants.ts';
import { attempt, KernelError } from '../kernel-error.ts';
import { addressOf, libc } from '../libc.ts';
import { onlineCpus, possibleCpus } from '../online-cpus.ts';
import { writeStarted } from './start-program.ts';
import { decodeTrace, type TracedStart, traceScratchBytes, traceTimeOf } from './trace-record.ts';
import { createTraceWriter, traceCounters } from './trace-writer.ts';
import { openTracefs, type Tracefs } from './tracefs.ts';

export type TracepointOptions = {
  readonly onStart: (start: TracedStart) => void;
  /** A record that could not be read, which would be a bug of ours. */
  readonly onUnreadable?: () => void;
  /** Where the host's files lie: default `/`. */
  readonly rootPath?: string;
  /** How often the rings are read, default 20 ms. */
  readonly drainEveryMs?: number;
  /** How long one reading may take, default without end. */
  readonly drainBudgetMs?: number;
  /** What the kernel may keep between two reads, of all CPUs together: default 2 MiB, and 64 KiB of each CPU at least. */
  readonly bufferBytes?: number;
};

/** Counts since it was opened: `produced = handed over + waiting + lost`, `lost` as far as it is known; all of it once the programs are out. */
export type TracepointAccount = { readonly produced: number; readonly lost: number };

export type Tracepoints = Disposable & {
  /** Reads all that was written until now. */
  readonly drain: () => void;
  readonly account: () => TracepointAccount;
  readonly close: () => void;
};

/**
 * Tells starts with their arguments by programs at tracepoints, for kernels that do not tell their types (Linux 4.14 to 5.7, and later ones built
 * without BTF). Needs root and tracefs; nothing stays behind when the process ends.
 */
export const openTracepoints = (options: TracepointOptions): Result<Tracepoints, Problem> => {
  const tracefs = openTracefs(options.rootPath);
  if (!tracefs.ok) return tracefs;
  using formats = tracefs.value;
  const opened = attempt(() => openAll(options, formats));
  return opened.ok ? ok(opened.value) : fail(problem(opened.error.code, whyRefused(opened.error)));
};

const whyRefused = ({ code, message }: Problem): string => {
  if (code === 'eexist')
    return `Another program of this host stands at the tracepoints, which have room for one before Linux 4.15 (${message})`;
  if (code === 'eperm' || code === 'eacces')
    return `Programs at tracepoints need root with CAP_SYS_ADMIN, and a kernel that is not locked down (${message})`;
  return `Programs at tracepoints cannot run: ${message}`;
};

const defaultBufferBytes = 2 * 1024 * 1024;
const leastBufferBytes = 64 * 1024;
const defaultDrainMs = 20;
const followEveryMs = 5000;

const openAll = (options: TracepointOptions, formats: Tracefs): Tracepoints => {
  const started = formatOrThrow(formats, 'sched', 'sched_process_exec');
  allowLockedMemory();
  const opened = new DisposableStack();
  try {
    const array = { keyBytes: 4, maxEntries: 1 } as const;
    const cpus = possibleCpus();
    const counters = opened.use(
      createMap({ type: 'perCpuArray', name: 'parapet_traced', valueBytes: traceCounters.bytes, ...array }),
    );
    const scratch = opened.use(
      createMap({ type: 'perCpuArray', name: 'parapet_trace', valueBytes: traceScratchBytes, ...array }),
    );
    const buffers = opened.use(
      createPerfBuffers({
        ...{ name: 'parapet_perf', bytesPerCpu: bytesPerCpu(options.bufferBytes ?? defaultBufferBytes, cpus) },
        ...{ possibleCpus: cpus, online: onlineCpus(), timeOf: traceTimeOf },
      }),
    );
    const programs = opened.use(new DisposableStack());
    const run = (id: number, name: string, instructions: Uint8Array): void => {
      const program = programs.use(loadProgram({ type: 'tracepoint', name, instructions }));
      programs.use(attachTracepoint(id, program));
    };
    const environment = { index: 0, countersFd: counters.fd, scratchFd: scratch.fd, buffersFd: buffers.map.fd };
    run(
      started.id,
      'parapet_started',
      assemble((asm) => writeStarted(createTraceWriter(asm, environment), started)),
    );
    return read(options, { counters, buffers, cpus, programs, all: opened.move() });
  } finally {
    opened.dispose();
  }
};

const bytesPerCpu = (bytes: number, cpus: number): number =>
  Math.max(leastBufferBytes, 2 ** Math.floor(Math.log2(bytes / cpus)));

type Opened = {
  readonly counters: BpfMap;
  readonly buffers: PerfBuffers;
  readonly cpus: number;
  readonly programs: DisposableStack;
  readonly all: DisposableStack;
};

const read = (options: TracepointOptions, { counters, buffers, cpus, programs, all }: Opened): Tracepoints => {
  let delivered = 0;
  let known = { produced: 0, lost: 0 };
  let isOpen = true;
  const onRecord = (record: Uint8Array): void => {
    delivered += 1;
    const start = decodeTrace(record);
    if (start === undefined) options.onUnreadable?.();
    else options.onStart(start);
  };
  const drain = (): void => {
    if (isOpen) buffers.drain(onRecord, options.drainBudgetMs ?? Number.POSITIVE_INFINITY);
  };
  const countersOf = (): readonly { readonly produced: number; readonly lost: number }[] => {
    const values = lookUpElement(counters, new Uint8Array(4), traceCounters.bytes * cpus);
    return Array.from({ length: cpus }, (_, cpu) => ({
      produced: Number(values?.readBigUInt64LE(cpu * traceCounters.bytes + traceCounters.produced) ?? 0n),
      lost: Number(values?.readBigUInt64LE(cpu * traceCounters.bytes + traceCounters.lost) ?? 0n),
    }));
  };
  /** Each that was counted before the rings were read to their end was handed over, or never will be. */
  const settle = (): void => {
    const produced = countersOf().reduce((sum, cpu) => sum + cpu.produced, 0);
    buffers.drain(onRecord, Number.POSITIVE_INFINITY);
    known = { produced, lost: Math.max(known.lost, produced - delivered) };
  };
  let lostBefore = countersOf().map(({ lost }) => lost);
  const follow = (): void => {
    const lost = countersOf().map((cpu) => cpu.lost);
    buffers.follow(onlineCpus(), (cpu) => (lost[cpu] ?? 0) > (lostBefore[cpu] ?? 0));
    lostBefore = lost;
  };
  const stops = [
    alignedInterval(drain, options.drainEveryMs ?? defaultDrainMs),
    alignedInterval(follow, followEveryMs),
  ];
  const close = (): void => {
    if (!isOpen) return;
    for (const stop of stops) stop();
    programs.dispose();
    settle();
    isOpen = false;
    all.dispose();
  };
  return {
    drain,
    account: () => {
      if (isOpen) settle();
      return known;
    },
    close,
    [Symbol.dispose]: close,
  };
};

const formatOrThrow = (formats: Tracefs, group: string, name: string) => {
  const format = formats.formatOf(group, name);
  if (format === undefined)
    throw new KernelError('bpf', errno.ENOENT, `this kernel has no tracepoint ${group}:${name}`);
  return format;
};

/** Before Linux 5.11 what programs keep counts as locked memory, of which few bytes are allowed. Where it is refused, making a map says so. */
const allowLockedMemory = (): void => {
  const limits = new Uint8Array(BigUint64Array.of(unlimited, unlimited).buffer);
  libc().syscall(architectureConstants().prlimit64, 0, lockedMemory, addressOf(limits), 0, 0, 0);
  void limits.byteLength;
};
const lockedMemory = 8;
const unlimited = 0xffff_ffff_ffff_ffffn;

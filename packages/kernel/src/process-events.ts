import { cpus } from 'node:os';
import { alignedInterval, fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { asleepNs } from './boot-clock.ts';
import { attempt } from './kernel-error.ts';
import { keepWhenWordIs } from './netlink/filter.ts';
import {
  decodeProcessMessages,
  encodeListen,
  type ProcessMessage,
  processConnector,
  processEventKinds,
} from './netlink/process-connector.ts';
import { type NetlinkSocket, openNetlinkSocket } from './netlink/socket.ts';

/**
 * Starts, execs and ends of all processes of the host, from the kernel's process events connector. It names pids only, in
 * the root pid namespace; all else must be read from /proc while the process lives. Threads are left out.
 *
 * Needs the initial pid, user and network namespaces (the host, or a container that shares them) and, before Linux 6.6, root.
 *
 * Losses: the kernel numbers the events of each CPU. As long as no kind is filtered out every gap is counted and given to
 * `onLost`. With a filter the numbers say nothing, and `onOverrun` is all there is.
 */
export const createProcessEvents = (options: ProcessEventsOptions): Result<ProcessEvents, Problem> => {
  const filtered = options.kinds !== undefined;
  const opened = attempt(() => openNetlinkSocket(socketOptions(options)));
  if (!opened.ok) return fail(whyRefused(opened.error.code, opened.error.message));
  const refused = startListening(opened.value);
  if (refused !== undefined) {
    opened.value.close();
    return fail(refused);
  }
  return ok(drainByTimer(opened.value, options, filtered));
};

export type ProcessEventsOptions = {
  readonly onExec: (event: ProcessEvent) => void;
  readonly onExit: (event: ProcessExit) => void;
  readonly onFork?: (event: ProcessFork) => void;
  /** A thread changed its user or group, or set them to what they were. */
  readonly onRights?: (event: ProcessRights) => void;
  /** The kernel dropped this many events, of kinds unknown (threads included). */
  readonly onLost: (events: number) => void;
  /**
   * The kernel's buffer overflowed: processes should be listed anew. When `counted`, `onLost` gives the number as soon as
   * each CPU made its next event; otherwise it cannot be known: with a filter, or while a CPU has not yet told its first number.
   */
  readonly onOverrun: (overrun: { readonly counted: boolean }) => void;
  /** The socket failed and no further events come. */
  readonly onFailed: (cause: string) => void;
  /** Only these, dropped in the kernel otherwise: saves time on hosts that fork much, but losses can no longer be counted. */
  readonly kinds?: readonly ('fork' | 'exec' | 'exit')[];
  /** How often events are read, default 50 ms. */
  readonly drainEveryMs?: number;
  /** What the kernel may keep between two reads, default 8 MiB: some 12,000 events a second at 50 ms leave it nearly empty. */
  readonly receiveBufferBytes?: number;
};

/** `atMs`: milliseconds since the Unix epoch. `atNs`: nanoseconds since boot, time asleep included. */
export type ProcessEvent = { readonly pid: number; readonly atMs: number; readonly atNs: bigint };
export type ProcessFork = ProcessEvent & { readonly parentPid: number };
/** `signal` is 0 when the process ended by itself. */
export type ProcessExit = ProcessEvent & { readonly exitCode: number; readonly signal: number };

/** Numbers of the user, or of the group, that it has now. */
export type ProcessRights = ProcessEvent & {
  readonly of: 'user' | 'group';
  readonly real: number;
  readonly effective: number;
};

export type ProcessEvents = {
  /** Reads what waits now, without waiting for the timer. */
  readonly drain: () => void;
  readonly close: () => void;
  readonly [Symbol.dispose]: () => void;
};

/** Follows the event numbers of each CPU. `next` returns how many were skipped; before the first number of a CPU nothing is known of it. */
export const createGapCounter = (): {
  readonly next: (cpu: number, sequence: number) => number;
  readonly followedCpus: () => number;
} => {
  const last = new Map<number, number>();
  return {
    next: (cpu, sequence) => {
      const before = last.get(cpu);
      // A number from the past is an event that overtook; it was counted as lost when the later one came, which errs on the side of loss.
      const step = before === undefined ? 1 : (sequence - before) | 0;
      if (step > 0) last.set(cpu, sequence);
      return step > 1 ? step - 1 : 0;
    },
    followedCpus: () => last.size,
  };
};

const maxDatagramsPerDrain = 100_000;

const socketOptions = (options: ProcessEventsOptions): Parameters<typeof openNetlinkSocket>[0] => {
  const kinds = options.kinds?.map((kind) => processEventKinds[kind]);
  const base = {
    protocol: processConnector.protocol,
    groups: [processConnector.group],
    receiveBufferBytes: options.receiveBufferBytes ?? 8 * 1024 * 1024,
  };
  // The acknowledgement of our own request must pass.
  return kinds === undefined
    ? base
    : { ...base, filter: keepWhenWordIs(processConnector.kindOffset, [processEventKinds.none, ...kinds]) };
};

/**
 * The kernel ignores a listener outside the initial namespaces without an error; an accepted one is acknowledged within the
 * call, so its absence is the refusal.
 */
const startListening = (socket: NetlinkSocket): Problem | undefined => {
  const sent = attempt(() => socket.send(encodeListen(true)));
  if (!sent.ok) return whyRefused(sent.error.code, sent.error.message);
  let acknowledged: number | undefined;
  socket.drain((datagram) => {
    for (const event of decodeProcessMessages(datagram))
      if (event.kind === 'acknowledged') acknowledged ??= event.errno;
  }, maxDatagramsPerDrain);
  if (acknowledged === 0) return undefined;
  return acknowledged === undefined
    ? whyRefused('not-acknowledged', 'the kernel did not answer')
    : whyRefused('refused', `the kernel answered with error ${acknowledged}`);
};

const whyRefused = (code: string, detail: string): Problem =>
  problem(
    code,
    `Process events need the host's own pid and network namespaces, root before Linux 6.6, and a kernel with the process connector (${detail.replace(/\.$/, '')}).`,
  );

const drainByTimer = (socket: NetlinkSocket, options: ProcessEventsOptions, filtered: boolean): ProcessEvents => {
  const gaps = createGapCounter();
  const onMessage = (message: ProcessMessage, offsets: ClockOffsets): void => {
    const lost = filtered ? 0 : gaps.next(message.cpu, message.sequence);
    if (lost > 0) options.onLost(lost);
    deliver(message, offsets, options);
  };
  const drain = (): void => {
    const offsets = { epochMs: Date.now() - Number(process.hrtime.bigint()) / 1e6, asleepNs: asleepNs() };
    const drained = attempt(() =>
      socket.drain((datagram) => {
        for (const message of decodeProcessMessages(datagram)) onMessage(message, offsets);
      }, maxDatagramsPerDrain),
    );
    if (!drained.ok) {
      options.onFailed(`Process events stopped: ${drained.error.message}`);
      close();
    } else if (drained.value.overruns > 0)
      options.onOverrun({ counted: !filtered && gaps.followedCpus() >= cpus().length });
  };
  const stopDraining = alignedInterval(drain, options.drainEveryMs ?? 50);
  // Not told to the kernel as IGNORE: before Linux 6.6 that would count down for other listeners too; the close does it rightly.
  const close = (): void => {
    stopDraining();
    socket.close();
  };
  return { drain, close, [Symbol.dispose]: close };
};

/** Between the clock of the kernel's messages (CLOCK_MONOTONIC) and others. */
type ClockOffsets = { readonly epochMs: number; readonly asleepNs: bigint };

const deliver = (message: ProcessMessage, { epochMs, asleepNs }: ClockOffsets, options: ProcessEventsOptions): void => {
  const at = {
    atMs: Math.round(message.monotonicMs + epochMs),
    atNs: BigInt(Math.round(message.monotonicMs * 1e6)) + asleepNs,
  };
  switch (message.kind) {
    case 'exec':
      options.onExec({ pid: message.pid, ...at });
      return;
    case 'exit':
      if (!message.isThread)
        options.onExit({ pid: message.pid, ...at, exitCode: message.exitCode, signal: message.signal });
      return;
    case 'fork':
      if (!message.isThread) options.onFork?.({ pid: message.pid, ...at, parentPid: message.parentPid });
      return;
    case 'user':
    case 'group': {
      const { pid, real, effective } = message;
      options.onRights?.({ pid, ...at, of: message.kind, real, effective });
      return;
    }
    case 'acknowledged':
    case 'other':
      return;
  }
};

import { fail, ok, type Problem, type Result } from '@parapet/core';
import {
  openProbes,
  type ProbeAccount,
  type ProbedEvent,
  type ProbedExec,
  type ProbeName,
  type Probes,
  probeNames,
} from '@parapet/kernel';
import { createProcessBoard, type ProcessBoard } from './process-board.ts';
import { processId } from './process-identity.ts';
import { createProcessMemory, type ProcessMemory, type RememberedProcess } from './process-memory.ts';
import { nameAtStart } from './process-name.ts';
import { createTcpConnections, type TcpChange, type TcpConnections } from './tcp-connections.ts';

/**
 * The sensor's programs in the kernel, for all collectors that want their events: opened with the first that joins, closed with
 * the last that leaves. What a reader must remember to understand events (processes, connections) is kept once, here.
 */
export type KernelWatch = {
  readonly memory: ProcessMemory;
  /** Who has or last had a number, as the events that were read so far tell it. Others may tell it where these programs cannot run. */
  readonly board: ProcessBoard;
  /** Fails where the kernel or its rights do not allow it; that does not change while the sensor runs. */
  readonly join: (listener: KernelListener) => Result<KernelMember, Problem>;
};

export type KernelListener = {
  /** `tcp` is what a socket's change of state means; `undefined` for other events and for steps on the way. */
  readonly onEvent: (event: ProbedEvent, tcp: TcpChange | undefined) => void;
  /** A record that could not be read, which would be a bug of ours. */
  readonly onUnreadable?: () => void;
};

export type KernelMember = {
  /** Reads what waits now. */
  readonly drain: () => void;
  readonly account: () => KernelAccount;
  /** What this kernel cannot tell. */
  readonly missing: readonly ProbeName[];
  /** Names all probes that nobody needs now, of those that only this member uses. */
  readonly rest: Probes['rest'];
  readonly leave: () => void;
};

/** Events since the member joined: exactly `produced = delivered + waiting + lost`; `missed` come on top. */
export type KernelAccount = {
  readonly produced: number;
  readonly delivered: number;
  /** What a full ring could not take. */
  readonly lost: number;
  /** Runs that the kernel left out. */
  readonly missed: number;
  /** Those among `lost` that were about connections, and those among `missed`. */
  readonly lostConnections: number;
  readonly missedConnections: number;
};

export type KernelWatchDeps = {
  /** The sensor's own limit of CPU: reading takes half of it at most. Beyond that events are lost in the kernel, counted, and all else goes on. */
  readonly cpuCores: number | undefined;
  /** Whether a program may look at every system call: default yes. */
  readonly systemCalls?: boolean;
  /** Where the host's files lie. */
  readonly rootPath?: string;
  readonly open?: typeof openProbes;
};

const drainEveryMs = 25;
/** While nothing happens. What begins after a rest must find room in the ring until the next reading: some 4,000 starts. */
const restEveryMs = 100;

export const createKernelWatch = ({
  cpuCores,
  systemCalls = true,
  rootPath = '/',
  open = openProbes,
}: KernelWatchDeps): KernelWatch => {
  const memory = createProcessMemory();
  const board = createProcessBoard();
  const listeners = new Set<KernelListener>();
  let current: Running | undefined;
  let refusal: Problem | undefined;

  const start = (): Result<Running, Problem> => {
    const tcp = createTcpConnections();
    const counts = { delivered: 0 };
    const opened = open({
      probes: systemCalls ? probeNames : probeNames.filter((name) => name !== 'systemCall'),
      ...{ drainEveryMs, restEveryMs, rootPath },
      ...(cpuCores === undefined ? {} : { drainBudgetMs: (drainEveryMs * cpuCores) / 2 }),
      onEvent: (event) => {
        counts.delivered += 1;
        hand(event, tcp);
      },
      onUnreadable: () => {
        counts.delivered += 1;
        for (const listener of listeners) listener.onUnreadable?.();
      },
    });
    return opened.ok ? ok({ probes: opened.value, totals: () => totalsOf(opened.value, counts) }) : opened;
  };

  const hand = (event: ProbedEvent, tcp: TcpConnections): void => {
    const { process } = event;
    const id = processId(process.pid, process.startNs);
    if (event.kind === 'fork') memory.inherit(id, processId(process.parentPid, process.parentStartNs));
    if (event.kind === 'exec') memory.remember(id, programOf(event));
    board.take(event);
    const change = event.kind === 'socket' ? tcp.take(event) : undefined;
    // What TCP carries is sent while anybody runs, so it is told in the name of who connected.
    const owner = event.kind === 'dns-stream' ? tcp.ownerOf(event.socket) : undefined;
    const told = owner === undefined ? event : { ...event, process: owner };
    for (const listener of listeners) listener.onEvent(told, change);
    if (event.kind === 'exit') memory.end(id);
  };

  return {
    memory,
    board,
    join: (listener) => {
      if (refusal !== undefined) return fail(refusal);
      const started = current === undefined ? start() : ok(current);
      if (!started.ok) {
        refusal = started.error;
        return started;
      }
      const running = started.value;
      current = running;
      const before = running.totals();
      listeners.add(listener);
      return ok({
        missing: running.probes.missing,
        drain: running.probes.drain,
        rest: running.probes.rest,
        account: () => {
          running.probes.drain();
          const now = running.totals();
          return {
            // What waited when it joined is handed to it as well.
            produced: now.produced - before.delivered - before.lost,
            delivered: now.delivered - before.delivered,
            lost: now.lost - before.lost,
            missed: now.missed - before.missed,
            lostConnections: now.lostConnections - before.lostConnections,
            missedConnections: now.missedConnections - before.missedConnections,
          };
        },
        leave: () => {
          if (!listeners.delete(listener) || listeners.size > 0) return;
          running.probes.close();
          current = undefined;
        },
      });
    },
  };
};

const programOf = ({ process, exePath, filename, arguments: [argument] }: ProbedExec): RememberedProcess => {
  const executable = exePath ?? filename;
  return { name: nameAtStart({ comm: process.comm, executable, argument }), executable };
};

type Running = {
  readonly probes: Probes;
  readonly totals: () => KernelAccount;
};

const totalsOf = (probes: Probes, { delivered }: { readonly delivered: number }): KernelAccount => {
  const accounts = probes.account();
  const sum = (of: (account: ProbeAccount) => number): number => accounts.reduce((total, one) => total + of(one), 0);
  return {
    produced: sum(({ produced }) => produced),
    delivered,
    lost: sum(({ lost }) => lost),
    missed: sum(({ missed }) => missed),
    lostConnections: sum(({ probe, lost }) => (probe === 'socket' ? lost : 0)),
    missedConnections: sum(({ probe, missed }) => (probe === 'socket' ? missed : 0)),
  };
};

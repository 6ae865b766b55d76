import { readdirSync, readlinkSync } from 'node:fs';
import { ok, type Problem, type Result } from '@parapet/core';
import {
  createProcessEvents,
  type ProbedExit,
  type ProbedFork,
  type ProbedProcess,
  type ProbedRights,
  type ProcessEvent,
  type ProcessExit,
  type ProcessRights,
} from '@parapet/kernel';
import { type ArgumentsRead, createArgumentsReader } from '../proc/arguments-reader.ts';
import { readProcessFacts } from '../proc/process-facts.ts';
import { readExecutable } from '../proc/process-files.ts';
import { createInOrder } from './in-order.ts';
import type { ProcessBoard } from './process-board.ts';
import { processId } from './process-identity.ts';
import type { ProcessMemory } from './process-memory.ts';
import { nameAtStart } from './process-name.ts';
import { createReadingBudget } from './reading-budget.ts';
import type { OpenStartTeller, ToldStart } from './start-teller.ts';
import { createTurns } from './turns.ts';

/**
 * Starts, ends and changes of user or group where our programs cannot run in the kernel: from its process events connector, which
 * tells a number and no more. All else is read from /proc as soon as an event is: some 20 ms after it happened, when what lives for
 * milliseconds is over. Such a start is told with what its parent had, and without its file and arguments, unless a teller of starts runs beside it.
 */
export type ConnectorWatch = {
  readonly account: () => ConnectorAccount;
  readonly close: () => void;
};

/** Since it was opened: exactly `produced = handed over + lost + unknown`, but for those that wait for their arguments. */
export type ConnectorAccount = {
  readonly produced: number;
  /** What the kernel dropped, of any kind, threads too. */
  readonly lost: number;
  /** Of processes that nobody told of and that were gone. */
  readonly unknown: number;
  /** Starts without file and arguments. They are among those handed over. */
  readonly unread: number;
};

/** `start`: what was told or read of the program; nothing for one that nobody told of and that was over by then. */
export type ConnectorStart = {
  readonly kind: 'start';
  readonly atNs: bigint;
  readonly process: ProbedProcess;
  readonly start:
    | {
        readonly executable: string;
        readonly folder: string | undefined;
        readonly arguments: ArgumentsRead | undefined;
        /** By the teller of starts, which knows them as they were. */
        readonly isTold: boolean;
        readonly tty?: string | undefined;
        readonly mode?: number | undefined;
      }
    | undefined;
};
export type ConnectorEvent = ConnectorStart | ProbedFork | ProbedExit | ProbedRights;

export type ConnectorWatchDeps = {
  readonly procPath: string;
  readonly memory: ProcessMemory;
  readonly board: ProcessBoard;
  /** Who opened it closes it. */
  readonly teller?: OpenStartTeller | undefined;
  readonly onEvent: (event: ConnectorEvent) => void;
  /** Events were dropped and nobody can say how many; over when all processes were looked at anew. */
  readonly onBlind: () => { readonly end: () => void };
  readonly onFailed: (cause: string) => void;
  readonly open?: typeof createProcessEvents;
  /** The share of one core that reading /proc may take, default a tenth; starts beyond it are told unread. */
  readonly readingShare?: number;
};

const drainEveryMs = 20;
/** Of /proc, at the beginning and after an overflow. */
const maxLearned = 8192;
/** An overflow seldom comes alone, and a look at all processes is what makes the next one. */
const learnAfterMs = 5000;
/** Starts whose arguments are being read; those of further ones are not. */
const maxReading = 64;
/** Events that wait behind one whose arguments are being read. */
const maxWaiting = 4096;

export const openConnectorWatch = (deps: ConnectorWatchDeps): Result<ConnectorWatch, Problem> => {
  const { board, memory, procPath } = deps;
  const counts = { produced: 0, lost: 0, unknown: 0, unread: 0 };
  const queue = createInOrder(maxWaiting, (event: ConnectorEvent) => {
    deps.onEvent(event);
    if (event.kind === 'exit') memory.end(processId(event.process.pid, event.process.startNs));
  });
  const argumentsReader = createArgumentsReader(procPath);
  let reading = 0;

  const budget = createReadingBudget(deps.readingShare ?? 0.1);
  /** As it is now, unless it is over and the number another process's, or there is no time to look. */
  const look = ({ pid, atNs }: ProcessEvent): ProbedProcess | undefined => {
    const found = budget.spend(() => readProcessFacts(procPath, pid));
    return found === undefined || found.startNs > atNs + startTickNs ? undefined : found;
  };
  const learnAll = (): void => {
    for (const name of readdirSync(procPath).filter(isNumber).slice(0, maxLearned)) {
      const found = readProcessFacts(procPath, Number(name));
      if (found !== undefined) board.learn(found);
    }
  };
  let blind: { readonly end: () => void } | undefined;
  let learning: NodeJS.Timeout | undefined;
  const learnAnew = (): void => {
    learning = undefined;
    learnAll();
    blind?.end();
    blind = undefined;
  };
  /** Takes an event about a process, or counts that nobody knows which. */
  const take = (process: ProbedProcess | undefined, hand: (process: ProbedProcess) => void): void => {
    counts.produced += 1;
    if (process === undefined) counts.unknown += 1;
    else hand(process);
  };

  /** The kernel starts its own programs by no call that anybody could tell of. */
  const isOfKernel = (found: ProbedProcess | undefined, pid: number): boolean =>
    (found ?? board.at(pid))?.parentPid === kernelThreadPid;
  const ask = ({ pid, atNs }: ProcessEvent, found: ProbedProcess | undefined): ToldStart | 'later' | undefined =>
    isOfKernel(found, pid) ? undefined : deps.teller?.take(pid, atNs);
  const started = (event: ProcessEvent, found: ProbedProcess | undefined, told: ToldStart | undefined): void => {
    const before = found ?? board.at(event.pid);
    take(before === undefined ? undefined : { ...before, ...(found ?? { comm: '' }), ...told?.process }, (process) => {
      board.take({ kind: 'rights', atNs: event.atNs, cpu: 0, process });
      if (told !== undefined) startedAsTold(event, process, found, told);
      else if (found !== undefined) startedAsRead(event, process);
      else {
        counts.unread += 1;
        memory.remember(processId(process.pid, process.startNs), { name: '', executable: '' });
        queue.add({ kind: 'start', atNs: event.atNs, process, start: undefined });
      }
    });
  };
  const startedAsTold = (
    { pid, atNs }: ProcessEvent,
    process: ProbedProcess,
    found: ProbedProcess | undefined,
    told: ToldStart,
  ): void => {
    const id = processId(process.pid, process.startNs);
    const file = (told.executable === itself ? memory.recall(id)?.executable : undefined) || told.executable;
    const argument = told.arguments?.argv[0];
    const name = nameAtStart({ comm: process.comm, executable: file, argument });
    // It may have become yet another program since.
    const isThere = found !== undefined && (told.process.comm === undefined || isNamed(found, process.comm, name));
    const executable = (isThere ? readExecutable(procPath, pid) : '') || file;
    const folder = told.folder ?? (isThere ? readFolder(procPath, pid) : undefined);
    memory.remember(id, { name, executable });
    if (told.arguments === undefined || told.isIncomplete === true) counts.unread += 1;
    const { arguments: args, tty, mode } = told;
    const start = { executable, folder, arguments: args, isTold: true, tty, mode };
    queue.add({ kind: 'start', atNs, process, start });
  };
  const startedAsRead = ({ pid, atNs }: ProcessEvent, process: ProbedProcess): void => {
    const executable = readExecutable(procPath, pid);
    const id = processId(process.pid, process.startNs);
    const program = { name: nameAtStart({ comm: process.comm, executable, argument: undefined }), executable };
    memory.remember(id, program);
    const folder = readFolder(procPath, pid);
    const isRead = reading < maxReading;
    const place = queue.wait((read: ArgumentsRead | undefined) => {
      if (read === undefined) counts.unread += 1;
      const name = nameAtStart({ comm: process.comm, executable, argument: read?.argv[0] });
      if (name !== program.name && memory.recall(id) === program) memory.remember(id, { name, executable });
      return { kind: 'start', atNs, process, start: { executable, folder, arguments: read, isTold: false } };
    });
    if (!isRead) {
      place.settle(undefined);
      return;
    }
    reading += 1;
    void argumentsReader
      .read(pid)
      .catch(() => undefined)
      .then((read) => {
        reading -= 1;
        place.settle(read === undefined || read.argv.length === 0 ? undefined : read);
      });
  };
  const ended = ({ pid, atNs, exitCode, signal }: ProcessExit): void =>
    take(board.at(pid), (process) => {
      const event: ProbedExit = { kind: 'exit', atNs, cpu: 0, process, exitCode, signal };
      board.take(event);
      queue.add(event);
    });
  const forked = ({ pid, atNs, parentPid }: ProcessEvent & { readonly parentPid: number }): void => {
    const parent = board.at(parentPid) ?? look({ pid: parentPid, atMs: 0, atNs });
    take(parent, (known) => {
      const process = { ...known, pid, startNs: atNs, parentPid, parentStartNs: known.startNs };
      memory.inherit(processId(pid, atNs), processId(parentPid, known.startNs));
      const event: ProbedFork = { kind: 'fork', atNs, cpu: 0, process };
      board.take(event);
      queue.add(event);
    });
  };
  const changed = (event: ProcessRights): void => {
    const before = board.at(event.pid);
    const told = event.of === 'user' ? { uid: event.real, effectiveUid: event.effective } : { gid: event.real };
    take(look(event) ?? (before === undefined ? undefined : { ...before, ...told }), (process) => {
      const rights: ProbedRights = { kind: 'rights', atNs: event.atNs, cpu: 0, process };
      board.take(rights);
      queue.add(rights);
    });
  };

  const inTurn = createTurns(maxWaiting);
  const opened = (deps.open ?? createProcessEvents)({
    drainEveryMs,
    onExec: (event) => {
      // Now, while it may still be there.
      const found = look(event);
      inTurn.add((canWait) => {
        const told = ask(event, found);
        if (told === 'later' && canWait) return false;
        started(event, found, told === 'later' ? undefined : told);
        return true;
      });
    },
    onExit: (event) => inTurn.add(() => ended(event)),
    onFork: (event) => inTurn.add(() => forked(event)),
    onRights: (event) => inTurn.add(() => changed(event)),
    onLost: (count) => {
      counts.produced += count;
      counts.lost += count;
    },
    onOverrun: ({ counted }) => {
      if (!counted) blind ??= deps.onBlind();
      learning ??= setTimeout(learnAnew, learnAfterMs).unref();
    },
    onFailed: deps.onFailed,
  });
  if (!opened.ok) return opened;
  // Now, so that nobody is missed who begins meanwhile.
  learnAll();
  return ok({
    account: () => {
      opened.value.drain();
      return { ...counts, produced: counts.produced - queue.waiting() };
    },
    close: () => {
      opened.value.drain();
      opened.value.close();
      clearTimeout(learning);
      blind?.end();
      inTurn.finish();
      queue.finish();
    },
  });
};

/** kthreadd, whose children are threads of the kernel and programs that it starts by itself. */
const kernelThreadPid = 2;

/** By which a process executes its own program anew. */
const itself = '/proc/self/exe';

/** What executed itself anew may have given itself its name by now, as BusyBox does. */
const isNamed = ({ comm }: ProbedProcess, ...names: readonly string[]): boolean => names.includes(comm);

/** Starts are known to a tick of 10 ms. */
const startTickNs = 10_000_000n;

const isNumber = (name: string): boolean => /^\d{1,10}$/.test(name);

const readFolder = (procPath: string, pid: number): string | undefined => {
  try {
    return readlinkSync(`${procPath}/${pid}/cwd`).slice(0, 4096);
  } catch {
    // Over by now.
    return undefined;
  }
};

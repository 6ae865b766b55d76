import { readdirSync } from 'node:fs';
import type { ProcessRecord } from '@parapet/contract/wire';
import { nameAtStart } from '../../kernel-watch/process-name.ts';
import { maskArguments } from '../../masking/mask-arguments.ts';
import type { ArgumentsRead, ArgumentsReader } from '../../proc/arguments-reader.ts';
import { readExecutable, readLoadedFiles, readStat, readStatus } from '../../proc/process-files.ts';
import type { InventorySink } from '../collector.ts';
import type { KnownProcess } from '../workload-directory.ts';
import type { ContainerResolver } from './container-resolver.ts';
import type { UserNames } from './user-names.ts';

/** Follows the processes of the host and keeps the records of those that are worth one. */
export type ProcessTracker = {
  /** Compares what is followed with /proc, and reports what has lived long enough. */
  readonly walk: () => Promise<void>;
  readonly process: (pid: number) => KnownProcess | undefined;
  readonly markSocketOwner: (pid: number) => void;
  /** A process became another program. */
  readonly execed: (pid: number) => void;
  readonly exited: (pid: number, endedAt: number, exitCode: number) => void;
  /** Reads anew which libraries processes use, the longest unread first, within the time given. */
  readonly refreshLoadedFiles: (budgetMs: number) => void;
  /** Processes moved to a container record that a runtime made meanwhile. */
  readonly reassign: (containerKeys: readonly string[]) => void;
  readonly tracked: () => number;
};

/** For this long an answer about a pid is believed without looking again. */
const believeMs = 2000;
/** Each walk looks again whether one in so many pids is still the same process. */
const verifyEvery = 6;

export const createProcessTracker = (deps: {
  readonly procPath: string;
  readonly inventory: InventorySink;
  readonly containers: ContainerResolver;
  readonly users: UserNames;
  readonly arguments: ArgumentsReader;
  readonly startedAt: (startTicks: number) => number;
  readonly now: () => number;
  /** Younger processes without a socket are not reported. */
  readonly reportAfterMs: number;
}): ProcessTracker => {
  const { procPath, inventory, containers, now } = deps;
  const tracked = new Map<number, Tracked>();
  let walks = 0;

  const look = (pid: number): Tracked | undefined => {
    const stat = readStat(procPath, pid);
    const known = tracked.get(pid);
    if (known !== undefined && (stat === undefined || stat.startTicks !== known.startTicks)) finish(known, now());
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
    const current = tracked.get(pid);
    if (current !== undefined) {
      current.parentPid = stat.parentPid;
      current.name = stat.name;
      current.seenAt = now();
      return current;
    }
    const fresh: Tracked = {
      pid,
      startTicks: stat.startTicks,
      key: `${pid}:${stat.startTicks}`,
      startedAt: deps.startedAt(stat.startTicks),
      kernel: stat.isKernelThread,
      parentPid: stat.parentPid,
      name: stat.name,
      seenAt: now(),
      filesReadAt: 0,
      report: 'no',
    };
    tracked.set(pid, fresh);
    return fresh;
  };

  /** Drops a process; its record, if it has one, ends. */
  const finish = (process: Tracked, endedAt: number, exitCode?: number): void => {
    if (tracked.get(process.pid) === process) tracked.delete(process.pid);
    if (process.report === 'pending') {
      process.endedAt ??= endedAt;
      if (exitCode !== undefined) process.exitCode ??= exitCode;
    }
    if (process.report !== 'done') return;
    process.report = 'over';
    const at = Math.max(endedAt, process.startedAt);
    inventory.end('process', process.key, at, exitCode === undefined ? {} : { exitCode });
    if (process.containerKey !== undefined) containers.release(process.containerKey, at);
  };

  const report = async (process: Tracked): Promise<void> => {
    if (process.kernel || process.report !== 'no') return;
    process.report = 'pending';
    const { pid } = process;
    process.containerKey = containers.claim(pid, process.startedAt);
    process.executable = readExecutable(procPath, pid);
    const draft = describe(process);
    const read = await deps.arguments.read(pid);
    process.report = 'done';
    inventory.put(withArguments(draft, read));
    if (process.endedAt !== undefined) finish(process, process.endedAt, process.exitCode);
  };

  const describe = (process: Tracked): Omit<ProcessRecord, 'arguments'> => {
    const { pid } = process;
    const status = readStatus(procPath, pid);
    const loaded = readLoadedFiles(procPath, pid, process.executable ?? '');
    process.filesReadAt = now();
    const uid = status?.effectiveUid ?? 0;
    const user = process.containerKey === undefined ? deps.users.nameOf(uid) : uid === 0 ? 'root' : undefined;
    const parent = tracked.get(process.parentPid);
    return {
      kind: 'process',
      key: process.key,
      startedAt: process.startedAt,
      pid,
      ...(status?.namespacePid === undefined || status.namespacePid === pid
        ? {}
        : { namespacePid: status.namespacePid }),
      ...(parent === undefined ? {} : { parentKey: parent.key }),
      ...(process.containerKey === undefined ? {} : { containerKey: process.containerKey }),
      name: process.name,
      executable: process.executable ?? '',
      user: { uid, ...(user === undefined ? {} : { name: user }) },
      ...(status === undefined || status.capabilities === '' ? {} : { capabilities: status.capabilities }),
      loadedFiles: [...(loaded?.files ?? [])],
      ...(loaded?.cut === true ? { loadedFilesCut: true } : {}),
    };
  };

  const refresh = async (process: Tracked): Promise<void> => {
    process.executable = readExecutable(procPath, process.pid);
    const draft = describe(process);
    const read = await deps.arguments.read(process.pid);
    if (process.report === 'done') inventory.put(withArguments(draft, read));
  };

  return {
    walk: async () => {
      walks += 1;
      const present = new Set<number>();
      for (const name of readdirSync(procPath)) {
        const pid = pidOf(name);
        if (pid === undefined) continue;
        present.add(pid);
        if (!tracked.has(pid) || pid % verifyEvery === walks % verifyEvery) look(pid);
      }
      const due: Tracked[] = [];
      for (const process of [...tracked.values()]) {
        if (!present.has(process.pid)) finish(process, now());
        else if (process.report === 'no' && !process.kernel && now() - process.startedAt >= deps.reportAfterMs)
          due.push(process);
      }
      for (const process of due) {
        // It may have ended, and its pid been used again, since the listing.
        if (look(process.pid) === process) await report(process);
      }
    },
    process: (pid) => {
      const known = tracked.get(pid);
      const process = known !== undefined && now() - known.seenAt < believeMs ? known : look(pid);
      if (process === undefined || process.kernel) return undefined;
      const settled = process.report === 'done';
      if (!settled && process.report !== 'pending') {
        process.executable = readExecutable(procPath, pid);
        process.containerKey = containers.keyOf(pid);
      }
      return { key: process.key, pid, executable: process.executable ?? '', containerKey: process.containerKey };
    },
    markSocketOwner: (pid) => {
      const process = tracked.get(pid) ?? look(pid);
      if (process?.report === 'no') void report(process);
    },
    execed: (pid) => {
      const process = tracked.get(pid);
      if (process?.report !== 'done' || look(pid) !== process) return;
      void refresh(process);
    },
    exited: (pid, endedAt, exitCode) => {
      const process = tracked.get(pid);
      // An event about an earlier process of that pid is older than this one.
      if (process !== undefined && endedAt + 1000 >= process.startedAt) finish(process, endedAt, exitCode);
    },
    refreshLoadedFiles: (budgetMs) => {
      const until = performance.now() + budgetMs;
      const oldest = [...tracked.values()].filter((process) => process.report === 'done');
      oldest.sort((left, right) => left.filesReadAt - right.filesReadAt);
      for (const process of oldest) {
        if (performance.now() > until || now() - process.filesReadAt < 60_000) return;
        process.filesReadAt = now();
        if (look(process.pid) === process) void refresh(process);
      }
    },
    reassign: (containerKeys) => {
      const moved = new Set(containerKeys);
      for (const process of tracked.values()) {
        if (process.report !== 'done' || process.containerKey === undefined || !moved.has(process.containerKey))
          continue;
        process.containerKey = containers.claim(process.pid, process.startedAt);
        void refresh(process);
      }
    },
    tracked: () => tracked.size,
  };
};

type Tracked = {
  readonly pid: number;
  readonly startTicks: number;
  readonly key: string;
  readonly startedAt: number;
  readonly kernel: boolean;
  parentPid: number;
  name: string;
  seenAt: number;
  executable?: string;
  containerKey?: string | undefined;
  filesReadAt: number;
  report: 'no' | 'pending' | 'done' | 'over';
  endedAt?: number;
  exitCode?: number;
};

const pidOf = (name: string): number | undefined => {
  const first = name.charCodeAt(0);
  return first >= 0x30 && first <= 0x39 ? Number(name) : undefined;
};

const withArguments = (draft: Omit<ProcessRecord, 'arguments'>, read: ArgumentsRead | undefined): ProcessRecord => ({
  ...draft,
  name: nameAtStart({ comm: draft.name, executable: draft.executable, argument: read?.argv[0] }),
  arguments: [...maskArguments(read?.argv ?? [])],
  ...(read?.cut === true ? { argumentsCut: true } : {}),
});

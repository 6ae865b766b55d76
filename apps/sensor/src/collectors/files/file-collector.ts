import { eventKinds } from '@parapet/contract/telemetry';
import { alignedInterval } from '@parapet/core';
import { bootClockNs, type FileWatchMethod, type openFileWatch, type ProbedProcess } from '@parapet/kernel';
import type { KernelMember, KernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { processId } from '../../kernel-watch/process-identity.ts';
import { recallOrLook } from '../../kernel-watch/process-memory.ts';
import { createWallTime } from '../../kernel-watch/wall-time.ts';
import { readProcessFacts } from '../../proc/process-facts.ts';
import type { EventDeps } from '../activity/event-base.ts';
import type { CollectorContext, RunningCollector } from '../collector.ts';
import type { FileNews } from '../file-news.ts';
import { createUserNames } from '../process/user-names.ts';
import { createContentHashes } from './content-hashes.ts';
import type { FileChange } from './file-change.ts';
import { describeFile, hashFields } from './file-events.ts';
import { fileStatus, restingStatus } from './file-status.ts';
import { createFirstContents } from './first-contents.ts';
import { createRoots, type Roots } from './roots.ts';
import { createWatchedPaths } from './watched-paths.ts';
import { hostRoot, type WatchedRoot } from './watched-root.ts';

export type FileCollectorDeps = {
  readonly kernel: KernelWatch;
  readonly rootPath: string;
  readonly paths: readonly string[];
  readonly cpuCores: number | undefined;
  readonly methods?: readonly FileWatchMethod[];
  readonly openWatch?: typeof openFileWatch;
  /** Told of each change of a file of the host. */
  readonly news?: Pick<FileNews, 'tell' | 'record'>;
  /** Below which the content of files is followed by its hash; none by default. */
  readonly hashedPaths?: readonly string[];
};

const everyMs = 50;
/** While nothing happens and all folders are known. */
const restEveryMs = 100;
const accountEveryMs = 5000;
/** Of all time, where no limit says less. */
const defaultShare = 0.2;

/** One that can say when the host's folders are watched, which may take seconds: nobody need wait for it. */
export type RunningFileCollector = RunningCollector & { readonly whenWatched: Promise<void> };

/**
 * Reading takes a quarter of the sensor's processor time at most, marking half of it: what comes faster waits in the kernel, whose
 * queues are bounded and tell when they overflow.
 */
export const startFileCollector = (deps: FileCollectorDeps, context: CollectorContext): RunningFileCollector => {
  if (deps.paths.length === 0) {
    context.report({ state: 'refused', source: 'none', reason: 'PARAPET_WATCHED_PATHS is off: no files are watched.' });
    return { stop: async () => {}, whenWatched: Promise.resolve() };
  }
  const source = context.telemetry.open('files');
  const joined = deps.kernel.join({ onEvent: () => {} });
  const member = joined.ok ? joined.value : undefined;
  const teller = createTeller(deps, context, member);
  let produced = 0;
  const waiting: Waiting[] = [];
  const hashedPaths = createWatchedPaths(deps.hashedPaths ?? []);
  const hashes = createContentHashes(hashedPaths);
  const host = hostRoot(deps.rootPath);
  const firstContents = createFirstContents({
    ...{ rootPath: deps.rootPath, openRoot: host.open, paths: hashedPaths, hashes },
    foreign: host.foreign(),
  });
  const openRoots = (): Roots =>
    createRoots({
      context,
      rootPath: deps.rootPath,
      paths: createWatchedPaths(deps.paths),
      ...(deps.methods === undefined ? {} : { methods: deps.methods }),
      ...(deps.openWatch === undefined ? {} : { openWatch: deps.openWatch }),
      onChange: (change, container, root) => {
        produced += 1;
        if (container === undefined)
          for (const path of [change.path, change.target]) if (path !== undefined) deps.news?.tell(path);
        if (source.wants(change.action)) waiting.push({ change, container, root });
        else source.unwanted(1);
      },
      onOther: () => {
        produced += 1;
        source.unwanted(1);
      },
      onLost: (stage, cause) => {
        produced += 1;
        source.lost({ stage, cause, count: 1 });
      },
    });
  /** None while nothing of files is wanted: then the kernel has nothing to tell, and keeps no folders in memory for it. */
  let roots = eventKinds.file.some(source.wants) ? openRoots() : undefined;
  const whenWatched = roots?.whenHostIsWatched ?? Promise.resolve();
  const settle = (): void => {
    if (eventKinds.file.some(source.wants)) roots ??= openRoots();
    else {
      roots?.close();
      roots = undefined;
      tell();
    }
  };
  const tell = (): void => {
    if (waiting.length === 0) return;
    // Whoever did it began before, so it is known once this is read.
    member?.drain();
    for (const { change, container, root } of waiting) {
      const event = {
        ...teller(change, container),
        ...hashFields(hashes.ofChange(change, { container, openRoot: root.open })),
      };
      source.tell('file', event);
      if (container === undefined) deps.news?.record(event);
    }
    waiting.length = 0;
  };
  const shareMs = everyMs * Math.min(deps.cpuCores ?? defaultShare, 1);
  let isBusy = true;
  const turn = (): void => {
    settle();
    isBusy = false;
    if (roots === undefined) return;
    const before = produced;
    roots.read(performance.now() + shareMs / 4);
    tell();
    const isWalking = roots.walk(performance.now() + shareMs / 2);
    const isLearning = firstContents.step(performance.now() + shareMs / 8);
    isBusy = produced > before || isWalking || isLearning;
  };
  const report = (): void =>
    context.report(
      roots === undefined ? restingStatus : fileStatus(roots.state(), joined.ok ? undefined : joined.error.message),
    );
  const account = (): void => {
    source.account(produced);
    report();
  };
  report();
  const stops = [
    alignedInterval(turn, () => (isBusy ? everyMs : restEveryMs)),
    alignedInterval(account, accountEveryMs),
  ];
  return {
    whenWatched,
    stop: async () => {
      for (const stop of stops) stop();
      roots?.close();
      tell();
      source.account(produced);
      member?.leave();
    },
  };
};

type Waiting = {
  readonly change: FileChange;
  readonly container: string | undefined;
  readonly root: WatchedRoot;
};

const createTeller = (
  { kernel }: FileCollectorDeps,
  context: CollectorContext,
  member: KernelMember | undefined,
): ((change: FileChange, container: string | undefined) => ReturnType<typeof describeFile>) => {
  const deps: EventDeps = {
    memory: kernel.memory,
    users: createUserNames('/etc/passwd', context.clock.now),
    running: context.workloads.process,
    wallTimeUs: createWallTime(),
  };
  const find = (pid: number): ProbedProcess | undefined => {
    const known = kernel.board.at(pid);
    if (known !== undefined || pid <= 0) return known;
    const found = readProcessFacts(context.procPath, pid);
    // Without the kernel's events nobody would say when it ended.
    if (found !== undefined && member !== undefined) kernel.board.learn(found);
    return found;
  };
  return (change, container) => {
    const process = find(change.pid);
    if (process !== undefined) recallOrLook(processId(process.pid, process.startNs), process.pid, deps);
    return describeFile(change, { atNs: bootClockNs(), process, container }, deps);
  };
};

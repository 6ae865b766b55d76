import type { LossStage } from '@parapet/contract/telemetry';
import type { ContainerRecord } from '@parapet/contract/wire';
import type { FileWatchMethod, openFileWatch } from '@parapet/kernel';
import { createRateLimit } from '../../telemetry/rate-limit.ts';
import type { BlindSpan, CollectorContext } from '../collector.ts';
import type { KnownContainer } from '../workload-directory.ts';
import type { FileChange } from './file-change.ts';
import type { RootsState } from './file-status.ts';
import { createRootWatch, type RootWatch } from './root-watch.ts';
import type { WatchedPaths } from './watched-paths.ts';
import { containerRoot, hostRoot, type WatchedRoot } from './watched-root.ts';

/** The roots whose folders are watched: the host's and those of running containers. Each has a queue of its own in the kernel. */
export type Roots = {
  /** Takes what waits in the kernel, until then (as `performance.now()`) about. */
  readonly read: (untilMs: number) => void;
  /** Goes on finding folders; whether something is left to do. */
  readonly walk: (untilMs: number) => boolean;
  readonly whenHostIsWatched: Promise<void>;
  readonly state: () => RootsState;
  readonly close: () => void;
};

export type RootsDeps = {
  readonly context: Pick<CollectorContext, 'workloads' | 'procPath' | 'blind' | 'clock'>;
  readonly rootPath: string;
  readonly paths: WatchedPaths;
  readonly methods?: readonly FileWatchMethod[];
  readonly openWatch?: typeof openFileWatch;
  /** `container`: the runtime's id of the one whose file it is; `root`: where its path begins. */
  readonly onChange: (change: FileChange, container: string | undefined, root: WatchedRoot) => void;
  readonly onOther: () => void;
  readonly onLost: (stage: LossStage, cause: string) => void;
};

/** The kernel keeps the inode of each watched folder in memory, some 1 KB; we some 250 bytes. */
const maxHostFolders = 8192;
const maxContainerFolders = 1024;
const maxFoldersOfContainers = 12_288;
/** A user has 128 queues in all (fs.fanotify.max_user_groups), and others need some. */
const maxContainers = 64;
/** What one workload may tell: a package that is installed, at once, and no flood for long. */
const changesOfOne = { perSecond: 500, burst: 10_000 };
/** Where new folders are not told they are looked for. */
const searchEveryMs = 60_000;
/** A container is walked in milliseconds, and a span for each that is begun and over at once would be twice the records. */
const briefWalkMs = 1000;

export const createRoots = (deps: RootsDeps): Roots => {
  const { context } = deps;
  const roots = new Map<string, WatchedPlace>();
  const hostIsWatched = Promise.withResolvers<void>();
  let unwatchedContainers = 0;
  let leftAside: BlindSpan | undefined;
  let problem: string | undefined;
  let searchedAtMs = performance.now();
  const startedAt = context.clock.now();

  const open = (
    key: string,
    root: WatchedRoot,
    more: Pick<WatchedPlace, 'container' | 'life' | 'since'>,
    maxFolders: number,
  ) => {
    const limit = createRateLimit(changesOfOne);
    const wallOf = (ms: number): number => Math.round(context.clock.now() - (performance.now() - ms));
    const opened = createRootWatch({
      ...{ paths: deps.paths, openRoot: root.open, prefix: root.prefix, foreign: root.foreign, maxFolders },
      ...(deps.methods === undefined ? {} : { methods: deps.methods }),
      ...(deps.openWatch === undefined ? {} : { openWatch: deps.openWatch }),
      onChange: (change) => {
        if (limit.take(performance.now())) deps.onChange(change, more.container, root);
        else deps.onLost('filter', 'too many changes in one workload');
      },
      onOther: deps.onOther,
      onUnreadable: () => deps.onLost('reader', 'a file could not be opened'),
      onOverflow: (sinceMs) => {
        deps.onLost('kernel', 'queue of file events full');
        place.blind ??= context.blind('The kernel dropped news of files before they were read.', wallOf(sinceMs));
      },
    });
    if (!opened.ok) {
      problem = opened.error.message;
      return;
    }
    const place: WatchedPlace = { ...more, watch: opened.value, blind: undefined, notYet: undefined, isWalking: true };
    roots.set(key, place);
    // A host's folders may take a minute: a hunt meanwhile is to know.
    if (key === hostKey) sayNotYet(place);
  };
  const sayNotYet = (place: WatchedPlace): void => {
    if (place.since === undefined) return;
    place.notYet ??= context.blind(
      place.container === undefined
        ? 'The host’s files were not watched yet.'
        : 'A new container’s files were not watched yet.',
      place.since,
    );
  };

  const close = (key: string, place: WatchedPlace): void => {
    place.watch.read(Number.POSITIVE_INFINITY);
    place.watch.close();
    settle(place);
    roots.delete(key);
  };
  /** All its folders are found. */
  const settle = (place: WatchedPlace): void => {
    const now = context.clock.now();
    place.blind?.end(now);
    place.blind = undefined;
    if (place.since !== undefined && now > place.since) sayNotYet(place);
    place.notYet?.end(now);
    place.notYet = undefined;
    place.since = undefined;
    if (place === roots.get(hostKey)) hostIsWatched.resolve();
  };

  const follow = (): void => {
    const wanted = new Map(context.workloads.containers().flatMap((container) => entryOf(container)));
    for (const [key, place] of roots) if (key !== hostKey && !wanted.has(key)) close(key, place);
    unwatchedContainers = 0;
    let unwatchedSince = Number.POSITIVE_INFINITY;
    for (const [key, { container, pid }] of wanted) {
      if (roots.has(key)) continue;
      const left = maxFoldersOfContainers - foldersOfContainers();
      if (roots.size > maxContainers || left < maxContainerFolders / 8) {
        unwatchedContainers += 1;
        unwatchedSince = Math.min(unwatchedSince, Math.max(container.record.startedAt, startedAt));
        continue;
      }
      const root = containerRoot({ key: container.key, pid }, context);
      const since = Math.max(container.record.startedAt, startedAt);
      open(
        key,
        root,
        { container: container.record.runtimeId, life: lifeOf(container.record), since },
        Math.min(left, maxContainerFolders),
      );
    }
    sayLeftAside(unwatchedSince);
  };
  /** One span for all that there is no room for: the life of each is told when it is over, which may be never. */
  const sayLeftAside = (since: number): void => {
    if (unwatchedContainers > 0)
      leftAside ??= context.blind('Files of some containers are not watched: there are too many.', since);
    else {
      leftAside?.end(context.clock.now());
      leftAside = undefined;
    }
  };
  /** What a place that is watched, were it in part, did not see is told when it is closed. */
  const tellUnwatched = (life: ContainerRecord): void => {
    const since = Math.max(life.startedAt, startedAt);
    const isWatched = [...roots.values()].some((place) => place.life === lifeOf(life));
    if (!roots.has(hostKey) || isWatched || life.endedAt === undefined || life.endedAt <= since) return;
    context.blind('A container’s files were not watched.', since).end(life.endedAt);
  };
  const foldersOfContainers = (): number => {
    let folders = 0;
    for (const [key, { watch }] of roots) if (key !== hostKey) folders += watch.state().folders;
    return folders;
  };

  open(hostKey, hostRoot(deps.rootPath), { container: undefined, life: undefined, since: startedAt }, maxHostFolders);
  if (!roots.has(hostKey)) hostIsWatched.resolve();
  follow();
  const stops = [context.workloads.onContainersChanged(follow), context.workloads.onLifeEnded(tellUnwatched)];

  return {
    read: (untilMs) => {
      for (const { watch } of roots.values()) watch.read(untilMs);
    },
    walk: (untilMs) => {
      const isSearch = performance.now() - searchedAtMs >= searchEveryMs;
      if (isSearch) searchedAtMs = performance.now();
      if (isSearch) for (const { watch } of roots.values()) watch.searchAgain();
      // Each in its turn, so that no root keeps another one waiting.
      for (const [key, place] of [...roots]) {
        const wasWalking = place.isWalking || place.blind !== undefined;
        place.isWalking = place.watch.walk(untilMs);
        if (wasWalking && !place.isWalking) settle(place);
        else if (place.since !== undefined && context.clock.now() - place.since >= briefWalkMs) sayNotYet(place);
        if (performance.now() < untilMs) continue;
        roots.delete(key);
        roots.set(key, place);
        break;
      }
      return [...roots.values()].some(({ isWalking }) => isWalking);
    },
    whenHostIsWatched: hostIsWatched.promise,
    state: () => {
      const states = [...roots.values()].map(({ watch }) => watch.state());
      return {
        hostRefusal: roots.has(hostKey) ? undefined : (problem ?? 'The host’s files cannot be watched.'),
        writesOnly: states.some(({ writesOnly }) => writesOnly),
        isPartial: states.some(({ unwatched }) => unwatched > 0),
        unwatchedContainers,
        problem: problem ?? states.find((state) => state.problem !== undefined)?.problem,
      };
    },
    close: () => {
      for (const stop of stops) stop();
      for (const [key, place] of roots) close(key, place);
      leftAside?.end(context.clock.now());
      leftAside = undefined;
      hostIsWatched.resolve();
    },
  };
};

const hostKey = '';

type WatchedPlace = {
  readonly watch: RootWatch;
  readonly container: string | undefined;
  readonly life: string | undefined;
  /** Since when it should have been watched and is not yet. */
  since: number | undefined;
  /** The time since then, once it is told. */
  notYet: BlindSpan | undefined;
  blind: BlindSpan | undefined;
  isWalking: boolean;
};

const lifeOf = ({ key, startedAt }: ContainerRecord): string => `${key} ${startedAt}`;

/** Another process is another life with other files. */
const entryOf = (
  container: KnownContainer,
): readonly (readonly [string, { readonly container: KnownContainer; readonly pid: number }])[] =>
  container.pid === undefined || container.pid <= 0
    ? []
    : [[`${container.key} ${container.pid}`, { container, pid: container.pid }]];

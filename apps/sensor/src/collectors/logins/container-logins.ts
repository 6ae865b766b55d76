import { join } from 'node:path';
import { overlayUpper } from '@parapet/core';
import { attempt, openRootFolder, type RootFolder } from '@parapet/kernel';
import { containerRootOf } from '../../proc/container-root.ts';
import { readMounts } from '../../proc/process-root.ts';
import type { CollectorContext } from '../collector.ts';
import { openContainerRoot } from '../open-container-root.ts';
import { type ContainerFiles, createContainerFiles, type FoundFile, findFiles, isSameFile } from './container-files.ts';
import { createContainerGaps } from './container-gaps.ts';
import { type ContainerLoginState, containerLimits, type KeptContainer, maxKeptName } from './container-login-state.ts';
import { createContainerLimits } from './login-limits.ts';
import type { LoginTeller } from './login-teller.ts';
import type { UtmpLayout } from './utmp-records.ts';

/** Logins inside containers, by the same files as those of the host, read through the root of a process of each. */
export type ContainerLogins = {
  /** Looks at those whose turn it is, for 40 ms at most; once a second. */
  readonly turn: () => void;
  readonly state: () => ContainerLoginState;
  readonly status: () => ContainerLoginsStatus;
  readonly close: () => void;
};

export type ContainerLoginsStatus = {
  readonly followed: number;
  /** Have such files and are not followed. */
  readonly beyond: number;
};

export type ContainerLoginsDeps = {
  readonly context: Pick<CollectorContext, 'workloads' | 'procPath' | 'clock' | 'blind'>;
  readonly rootPath: string;
  readonly layout: UtmpLayout | undefined;
  readonly kept: ContainerLoginState | undefined;
  readonly teller: LoginTeller;
  /** Whether the policy wants logins of a container. */
  readonly isWanted: (runtimeId: string) => boolean;
  readonly paces?: ContainerPaces;
};

/** How long after a look the next one is due. */
export type ContainerPaces = {
  /** Something was written to its files since it started. */
  readonly writtenMs: number;
  /** It has none, or what is in them came with its image. */
  readonly quietMs: number;
  /** The second look, when what runs in it has begun. */
  readonly youngMs: number;
  /** After a start of the sensor, until runtimes told of their containers: who is unknown then is gone. */
  readonly graceMs: number;
  /** Looks of one turn. */
  readonly turnMs: number;
  /** How many times as long as its look took: what a container puts there costs a fiftieth of a processor at most. */
  readonly restFactor: number;
};

const defaultPaces: ContainerPaces = {
  writtenMs: 2000,
  quietMs: 60_000,
  youngMs: 10_000,
  graceMs: 30_000,
  turnMs: 40,
  restFactor: 50,
};
const youngLooks = 2;
/** Also when nothing happened, so that a span that is missed later begins no earlier than it must. */
const savedAnewMs = 300_000;
/** A quarter of a MiB of each file each time. */
const maxRestReads = 16;
/** What the host mounted there is none of the container’s. */
const onMount = { staysOnMount: true } as const;

export const createContainerLogins = (deps: ContainerLoginsDeps): ContainerLogins => {
  const { context, teller, kept, paces = defaultPaces } = deps;
  const { workloads, clock, procPath } = context;
  const begunAt = clock.now();
  const begunMs = performance.now();
  const places = new Map<string, Place>();
  /** Not running now, as far as is known. */
  const left = new Map<string, KeptContainer>(Object.entries(kept?.containers ?? {}));
  const limitsOf = createContainerLimits();
  const gaps = createContainerGaps(context);
  let followed = 0;
  const beyond = new Set<string>();
  let saved: ContainerLoginState | undefined;

  const follow = (): void => {
    const now = performance.now();
    const running = new Map(workloads.containers().map((container) => [container.key, container]));
    for (const place of places.values()) if (running.get(place.key)?.pid !== place.pid) leave(place);
    for (const { key, pid, record } of running.values()) {
      if (pid === undefined || pid <= 0 || places.has(key)) continue;
      const { runtimeId, name, startedAt } = record;
      // The first run that looks into containers begins at the end, as on the host.
      const already = kept === undefined && startedAt < begunAt ? 'known' : 'look';
      places.set(key, {
        ...{ key, pid, runtimeId, name, startedAt, already },
        dueAtMs: now,
        looks: 0,
        logs: undefined,
      });
    }
  };

  const look = (place: Place): void => {
    place.looks += 1;
    place.dueAtMs = performance.now() + (place.looks <= youngLooks ? paces.youngMs : paces.quietMs);
    if (!deps.isWanted(place.runtimeId)) {
      drop(place);
      left.delete(place.key);
      place.already = 'known';
      return;
    }
    const opened = openContainerRoot(place, { procPath, workloads });
    if (!opened.ok) return;
    using root = opened.value;
    // What it is let into of the host's own is told as the host's.
    if (containerRootOf(procPath, place.pid) === undefined) return;
    const found = findFiles(root);
    const isBeyond = found.length > 0 && place.logs === undefined && followed >= containerLimits.followed;
    if (isBeyond) beyond.add(place.key);
    else beyond.delete(place.key);
    if (isBeyond) return;
    if (found.length > 0) read(place, root, found);
    place.already = 'new';
  };

  const read = (place: Place, root: RootFolder, found: readonly FoundFile[]): void => {
    const logs = place.logs ?? begin(place);
    if (logs.files.read(root, found)) saved = undefined;
    logs.readAt = clock.now();
    if (!logs.files.isWritten()) return;
    place.dueAtMs = performance.now() + paces.writtenMs;
    logs.upper ??= upperOf(deps, place, root, found);
  };
  const begin = (place: Place): Logs => {
    const old = left.get(place.key);
    left.delete(place.key);
    followed += 1;
    place.logs = {
      files: filesOf(place, old, place.already),
      upper: undefined,
      readAt: Math.max(place.startedAt, kept?.savedAt ?? 0),
    };
    saved = undefined;
    return place.logs;
  };
  const filesOf = (
    of: Pick<Place, 'key' | 'name' | 'runtimeId' | 'startedAt'>,
    old: KeptContainer | undefined,
    already: Place['already'],
  ): ContainerFiles => {
    const limits = limitsOf();
    return createContainerFiles({
      ...{ layout: deps.layout, startedAt: of.startedAt, positions: old?.files ?? {}, already, now: clock.now },
      onFact: (fact, atUs, source, isUser) =>
        teller.tell(fact, { source, evidence: 'container', atUs, isUser, container: of.runtimeId }, limits),
      onUnreadable: () => teller.unreadable('unreadable in a container'),
      onGap: (cause) => gaps.note(of.name, cause, places.get(of.key)?.logs?.readAt ?? kept?.savedAt ?? clock.now()),
    });
  };

  /** It ended, or began again. */
  const leave = (place: Place): void => {
    places.delete(place.key);
    beyond.delete(place.key);
    const { logs } = place;
    if (logs === undefined) return;
    drop(place);
    readRest(keptOf(place, logs), logs.files, logs.readAt);
    keep(place.key, { ...keptOf(place, logs), endedAt: clock.now() });
  };
  const drop = (place: Place): void => {
    if (place.logs !== undefined) followed -= 1;
    place.logs = undefined;
  };
  /** What was written since the last look, where its runtime has not removed it yet. */
  const readRest = ({ name, upper, isWritten }: KeptContainer, files: ContainerFiles, readAt: number): void => {
    const opened = upper === undefined ? undefined : attempt(() => openRootFolder(join(deps.rootPath, upper), onMount));
    if (opened?.ok === true) {
      using root = opened.value;
      const found = findFiles(root);
      if (!files.missing(found)) {
        for (let again = 0; again < maxRestReads; again += 1) files.read(root, found);
        return;
      }
    }
    if (isWritten) gaps.note(name, 'it ended, and the end of its logs is gone.', readAt);
  };
  const keep = (key: string, container: KeptContainer): void => {
    saved = undefined;
    left.delete(key);
    left.set(key, container);
    const ended = [...left].filter(([, { endedAt }]) => endedAt !== undefined);
    for (const [old] of ended.slice(0, Math.max(0, ended.length - containerLimits.ended))) left.delete(old);
  };
  /** Ended while no sensor ran. */
  const settleLeft = (): void => {
    if (performance.now() - begunMs < paces.graceMs) return;
    for (const [key, container] of [...left]) {
      if (container.endedAt !== undefined || places.has(key)) continue;
      const files = filesOf({ ...container, key }, container, 'look');
      readRest(container, files, kept?.savedAt ?? begunAt);
      keep(key, { ...container, endedAt: clock.now(), files: files.positions() });
    }
  };

  follow();
  const stop = workloads.onContainersChanged(follow);

  return {
    turn: () => {
      settleLeft();
      gaps.settle();
      const began = performance.now();
      const due = [...places.values()].filter(({ dueAtMs }) => dueAtMs <= began);
      due.sort((one, other) => one.dueAtMs - other.dueAtMs);
      for (const place of due) {
        const from = performance.now();
        if (from - began >= paces.turnMs) return;
        look(place);
        const to = performance.now();
        place.dueAtMs = Math.max(place.dueAtMs, to + (to - from) * paces.restFactor);
      }
    },
    state: () => {
      const savedAt = clock.now();
      if (saved !== undefined && savedAt - saved.savedAt < savedAnewMs && savedAt >= saved.savedAt) return saved;
      const running = [...places.values()].flatMap((place) =>
        place.logs === undefined ? [] : [[place.key, keptOf(place, place.logs)] as const],
      );
      saved = { format: 1, savedAt, containers: Object.fromEntries([...left, ...running]) };
      return saved;
    },
    status: () => ({ followed, beyond: beyond.size }),
    close: () => {
      stop();
      gaps.close();
      places.clear();
    },
  };
};

type Place = {
  readonly key: string;
  readonly pid: number;
  readonly runtimeId: string;
  readonly name: string;
  readonly startedAt: number;
  /** As `ContainerFilesDeps` has it. */
  already: 'known' | 'new' | 'look';
  dueAtMs: number;
  looks: number;
  /** Once there is something to read: most containers have nothing. */
  logs: Logs | undefined;
};

type Logs = {
  readonly files: ContainerFiles;
  upper: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readAt: number;
};

const keptOf = ({ name, runtimeId, startedAt }: Place, { files, upper }: Logs): KeptContainer => ({
  ...{ name: name.slice(0, maxKeptName), runtimeId, startedAt, isWritten: files.isWritten() },
  ...(upper === undefined ? {} : { upper }),
  files: files.positions(),
});

/**
 * Where the runtime keeps what is written in the container, for the time when no process has its root any more. It is what the
 * container's own table of mounts says, so it counts only when a file that was found in the container is the same one there.
 */
const upperOf = (
  deps: Pick<ContainerLoginsDeps, 'rootPath'> & { readonly context: Pick<CollectorContext, 'procPath'> },
  { pid }: Place,
  root: RootFolder,
  found: readonly FoundFile[],
): string | undefined => {
  const mountId = root.mountId();
  const upper = mountId === undefined ? undefined : overlayUpper(readMounts(deps.context.procPath, pid), mountId);
  if (upper === undefined) return undefined;
  const opened = attempt(() => openRootFolder(join(deps.rootPath, upper), onMount));
  if (!opened.ok) return undefined;
  using folder = opened.value;
  const there = findFiles(folder);
  return found.some((one) => there.some((other) => isSameFile(one, other))) ? upper : undefined;
};

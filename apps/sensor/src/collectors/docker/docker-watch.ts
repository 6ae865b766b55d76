import { noneHere } from '@parapet/contract/wire';
import { messageOf, type Problem, pause } from '@parapet/core';
import type { CollectorContext } from '../collector.ts';
import type { RuntimeStates } from '../runtime-states.ts';
import { type ContainerBoard, isContainerEvent } from './container-board.ts';
import type { DockerApi } from './docker-api.ts';
import type { ImageBoard } from './image-board.ts';
import type { DockerEvent } from './schema.ts';

export type DockerWatchDeps = {
  readonly api: DockerApi;
  readonly socketPath: string;
  readonly containers: ContainerBoard;
  readonly images: ImageBoard;
  readonly runtimes: RuntimeStates;
  /** Whether the host looks like one that never had Docker. */
  readonly isAbsent: () => boolean;
  readonly context: Pick<CollectorContext, 'clock' | 'log' | 'report' | 'blind' | 'lose' | 'signal'>;
};

/** Follows Docker for as long as the sensor runs: through its restarts, and from the moment it appears. */
export type DockerWatch = {
  /** Resolves when the first full view is in the inventory, or when Docker was found not to answer. */
  readonly firstView: Promise<void>;
  readonly stop: () => void;
};

const retryMs = 1000;
/** Docker sends what it remembers at once; when the last event we saw is not among it within this time, it forgot. */
const replayMs = 500;
const imageGatherMs = 200;

export const startDockerWatch = (deps: DockerWatchDeps): DockerWatch => {
  const { api, context } = deps;
  const first = Promise.withResolvers<void>();
  const stopping = new AbortController();
  const signal = AbortSignal.any([stopping.signal, context.signal]);
  const seen = createEventMemory();
  let lostSince: number | undefined;
  let imageTimer: NodeJS.Timeout | undefined;

  const onEvent = (event: DockerEvent): void => {
    if (!seen.isNew(event)) return;
    if (isContainerEvent(event)) deps.containers.take(event);
    else if (event.Type === 'network') deps.containers.refresh(event.Actor.Attributes['container'] ?? '');
    else if (event.Type === 'image') {
      imageTimer ??= setTimeout(() => {
        imageTimer = undefined;
        void deps.images.reconcile();
      }, imageGatherMs);
    }
  };

  /** Whether events were lost between two connections can only be told by seeing the last one again. */
  const judgeGap = (since: number): void => {
    const before = seen.replayed();
    void pause(replayMs, signal).then(() => {
      if (signal.aborted || seen.replayed() > before) return;
      context.blind('Docker was not reachable, and no longer knew what happened meanwhile.', since).end();
    });
  };

  const onOpen = async (): Promise<void> => {
    if (lostSince !== undefined) judgeGap(lostSince);
    lostSince = undefined;
    const version = await api.version();
    await deps.containers.reconcile();
    await deps.images.reconcile();
    const text = version.ok ? version.value.Version.slice(0, 256) : '';
    deps.runtimes.set({ name: 'docker', version: text, state: 'ok' });
    context.report({ state: 'running', source: `Docker ${text} events`.replace('  ', ' ') });
    first.resolve();
  };

  const onGone = (error: Problem, wasOpen: boolean): void => {
    const now = context.clock.now();
    if (wasOpen) lostSince ??= now;
    const denied = error.code === 'eacces' || error.code === 'eperm';
    const reason = whyAway(error, deps.socketPath, denied);
    const known = deps.runtimes.all().some((runtime) => runtime.name === 'docker');
    // A host that never had Docker has no runtime that is away.
    if (known || denied || error.code !== 'enoent') {
      deps.runtimes.set({
        name: 'docker',
        version: '',
        state: denied ? 'denied' : 'away',
        reason: reason.slice(0, 1024),
      });
    }
    context.report(
      !known && error.code === 'enoent' && deps.isAbsent()
        ? { state: 'running', source: noneHere, reason }
        : { state: 'refused', source: '', reason },
    );
    first.resolve();
  };

  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      let opened = false;
      const error = await api.events({
        sinceNano: seen.lastNano(),
        onOpen: () => {
          opened = true;
          onOpen().catch((thrown: unknown) => context.log.warn('docker could not be listed', { error: thrown }));
        },
        onEvent,
        onUnreadable: (detail) => {
          context.log.warn('docker sent an event that cannot be read', { detail: detail.message });
          context.lose({ stage: 'docker', cause: 'unreadable-event', count: 1 });
        },
        signal,
      });
      if (signal.aborted) return;
      onGone(error, opened);
      await pause(retryMs, signal);
    }
  };
  follow().catch((error: unknown) => {
    context.log.error('docker is no longer followed', { error });
    context.report({ state: 'refused', source: '', reason: `Following Docker failed: ${messageOf(error)}` });
  });

  return {
    firstView: first.promise,
    stop: () => {
      clearTimeout(imageTimer);
      stopping.abort();
    },
  };
};

/** Docker keeps its last 256 events; as many are remembered here to know them again. */
const rememberedEvents = 512;

type EventMemory = {
  readonly isNew: (event: DockerEvent) => boolean;
  readonly lastNano: () => number | undefined;
  /** Events that came again, so far. */
  readonly replayed: () => number;
};

const createEventMemory = (): EventMemory => {
  const ids = new Set<string>();
  let last: number | undefined;
  let replayed = 0;
  return {
    isNew: (event) => {
      const id = `${event.timeNano} ${event.Type} ${event.Action} ${event.Actor.ID}`;
      if (ids.has(id)) {
        replayed += 1;
        return false;
      }
      ids.add(id);
      const oldest = ids.values().next().value;
      if (ids.size > rememberedEvents && oldest !== undefined) ids.delete(oldest);
      last = Math.max(last ?? 0, event.timeNano);
      return true;
    },
    lastNano: () => last,
    replayed: () => replayed,
  };
};

const whyAway = (error: Problem, socketPath: string, denied: boolean): string => {
  if (denied) {
    return `Docker’s socket ${socketPath} may not be opened by this user: containers are not seen. For everything: sudo ./parapet up`;
  }
  if (error.code === 'enoent') return `No Docker was found at ${socketPath}; it is noticed as soon as it is there.`;
  if (error.code === 'econnrefused' || error.code === 'ended' || error.code === 'econnreset') {
    return `Docker does not answer at ${socketPath}: it was stopped or restarts. Containers are shown as last seen.`;
  }
  return `Docker cannot be followed at ${socketPath}: ${error.message}`;
};

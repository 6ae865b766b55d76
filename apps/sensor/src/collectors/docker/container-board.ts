import type { ContainerRecord } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import type { Log } from '../../log.ts';
import type { InventorySink } from '../collector.ts';
import { findPackageDatabases } from '../package-databases.ts';
import type { WorkloadDirectoryStore } from '../workload-directory-store.ts';
import { applyEvent, containerKey, containerRecordFromEvent, containerRecordOf } from './container-record.ts';
import type { DockerApi } from './docker-api.ts';
import type { DockerContainer, DockerEvent } from './schema.ts';

/** Keeps the records of Docker's containers: from lists, from events, and from looking at what events name. */
export type ContainerBoard = {
  /** Takes an event in; the container is looked at soon, once for all events that came meanwhile. */
  readonly take: (event: DockerEvent) => void;
  /** Looks at all containers that Docker lists, and ends those it does not. Returns false when Docker did not answer. */
  readonly reconcile: () => Promise<boolean>;
  /** Looks again at a container, as after a change of its networks. */
  readonly refresh: (id: string) => void;
  /** Looks whether packages were installed in running containers. */
  readonly checkPackages: () => void;
  /** Resolves when nothing waits to be looked at. */
  readonly settled: () => Promise<void>;
};

/** Containers looked at side by side. */
const lookAtOnce = 4;

export const createContainerBoard = (deps: {
  readonly api: DockerApi;
  readonly inventory: InventorySink;
  readonly workloads: WorkloadDirectoryStore;
  readonly clock: Clock;
  readonly log: Log;
}): ContainerBoard => {
  const { api, inventory, workloads, clock } = deps;
  const held = new Map<string, Held>();
  const waiting = new Map<string, DockerEvent[]>();
  /** Containers being looked at: one look at a time for each. */
  const busy = new Set<string>();
  let onSettled: (() => void)[] = [];

  const store = (id: string, record: ContainerRecord, upperDir: string | undefined): void => {
    inventory.put(record);
    const { key, state, pid } = record;
    if (state === 'removed') held.delete(id);
    else held.set(id, { record, upperDir });
    if (state === 'running' || state === 'paused') workloads.setContainer({ key, record, pid });
    else workloads.removeContainer(key);
  };

  const lookAt = async (id: string, events: readonly DockerEvent[]): Promise<void> => {
    const inspected = await api.container(id);
    if (inspected.ok) {
      const upperDir = upperDirOf(inspected.value);
      const seen = containerRecordOf(inspected.value, upperDir === undefined ? [] : findPackageDatabases(upperDir));
      store(id, isBehind(seen, events) ? events.reduce(applyEvent, seen) : seen, upperDir);
      return;
    }
    const first = events[0];
    if (first === undefined) {
      if (inspected.error.code === 'not-found') remove(id);
      return;
    }
    const before = held.get(id)?.record ?? containerRecordFromEvent(first, await imageOf(first));
    const after = events.reduce(applyEvent, before);
    if (inspected.error.code !== 'not-found' || after.state === 'removed') {
      store(id, after, held.get(id)?.upperDir);
      return;
    }
    // It is gone already; its last events are still on their way, or were lost with a restart of Docker.
    store(id, after, undefined);
  };

  const imageOf = async (event: DockerEvent): Promise<string | undefined> => {
    const image = event.Actor.Attributes['image'];
    if (image === undefined || image === '') return undefined;
    const found = await api.image(image);
    return found.ok ? found.value.Id : undefined;
  };

  const remove = (id: string): void => {
    const record = held.get(id)?.record;
    if (record === undefined) return;
    const { pid: _, ...rest } = record;
    store(
      id,
      { ...rest, state: 'removed', endedAt: record.endedAt ?? Math.max(clock.now(), record.startedAt) },
      undefined,
    );
  };

  const next = (): void => {
    for (const [id, events] of waiting) {
      if (busy.size >= lookAtOnce) return;
      if (busy.has(id)) continue;
      waiting.delete(id);
      busy.add(id);
      const looked = lookAt(id, events).catch((error: unknown) => {
        deps.log.error('a container could not be looked at', { id, error });
      });
      void looked.finally(() => {
        busy.delete(id);
        next();
      });
    }
    if (busy.size === 0 && waiting.size === 0) for (const resolve of onSettled.splice(0)) resolve();
  };

  const queue = (id: string, event?: DockerEvent): void => {
    const events = waiting.get(id);
    if (events === undefined) waiting.set(id, event === undefined ? [] : [event]);
    else if (event !== undefined) events.push(event);
    next();
  };

  return {
    take: (event) => {
      // An end is told at once: what follows cannot change it, and the container may be gone before it is looked at.
      const known = held.get(event.Actor.ID);
      if (known !== undefined && !busy.has(event.Actor.ID) && (event.Action === 'die' || event.Action === 'destroy')) {
        store(event.Actor.ID, applyEvent(known.record, event), known.upperDir);
        if (event.Action === 'destroy') {
          waiting.delete(event.Actor.ID);
          return;
        }
      }
      queue(event.Actor.ID, event);
    },
    reconcile: async () => {
      const listed = await api.containers();
      if (!listed.ok) return false;
      const present = new Set(listed.value);
      for (const id of held.keys()) if (!present.has(id)) remove(id);
      for (const id of present) queue(id);
      await settled();
      return true;
    },
    refresh: (id) => {
      if (held.has(id)) queue(id);
    },
    checkPackages: () => {
      for (const [id, { record, upperDir }] of held) {
        if (upperDir === undefined || record.state !== 'running') continue;
        const packageDatabases = [...findPackageDatabases(upperDir)];
        if (JSON.stringify(packageDatabases) === JSON.stringify(record.packageDatabases)) continue;
        store(id, { ...record, packageDatabases }, upperDir);
      }
    },
    settled: () => settled(),
  };

  function settled(): Promise<void> {
    if (busy.size === 0 && waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      onSettled = [...onSettled, resolve];
    });
  }
};

/**
 * Whether the events know more than Docker said when it was asked: it is gone since, or it ended and Docker, which tells of an
 * end before it writes it down, still had it as running.
 */
const isBehind = (seen: ContainerRecord, events: readonly DockerEvent[]): boolean => {
  const last = events.findLast(({ Action }) => Action === 'start' || Action === 'die' || Action === 'destroy');
  return last?.Action === 'destroy' || (last?.Action === 'die' && seen.endedAt === undefined);
};

type Held = { readonly record: ContainerRecord; readonly upperDir: string | undefined };

/** Where an overlay keeps what the container wrote. */
const upperDirOf = (container: DockerContainer): string | undefined => {
  const driver = container.GraphDriver;
  return driver?.Name === 'overlay2' || driver?.Name === 'overlay' ? driver.Data['UpperDir'] : undefined;
};

export const isContainerEvent = (event: DockerEvent): boolean =>
  event.Type === 'container' && containerActions.has(event.Action) && containerKey(event.Actor.ID).length <= 512;

const containerActions: ReadonlySet<string> = new Set([
  'create',
  'start',
  'die',
  'stop',
  'kill',
  'restart',
  'pause',
  'unpause',
  'rename',
  'update',
  'oom',
  'destroy',
]);

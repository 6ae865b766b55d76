import { type ContainerRecord, tellsLife } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import type { Log } from '../../log.ts';
import type { InventorySink } from '../collector.ts';
import type { WorkloadDirectoryStore } from '../workload-directory-store.ts';
import { createContainerPackages } from '../written-packages.ts';
import { catchUp, walkLives } from './container-lives.ts';
import {
  applyEvent,
  containerKey,
  containerRecordFromEvent,
  containerRecordOf,
  eventTime,
} from './container-record.ts';
import { createDepartedContainers } from './departed-containers.ts';
import type { DockerApi } from './docker-api.ts';
import { createEndedLives } from './ended-lives.ts';
import type { DockerContainer, DockerEvent } from './schema.ts';

/** Keeps the records of Docker's containers: from lists, from events, and from looking at what events name. */
export type ContainerBoard = {
  /** Takes an event in; the container is looked at soon, once for all events that came meanwhile. */
  readonly take: (event: DockerEvent) => void;
  /** Looks at all containers that Docker lists or that were known, and ends those that are gone. Returns false when Docker did not answer. */
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
  const departed = createDepartedContainers();
  const written = createContainerPackages(clock);
  const tellEnd = createEndedLives(workloads.endLife);
  const waiting = new Map<string, DockerEvent[]>();
  /** Containers being looked at: one look at a time for each. */
  const busy = new Set<string>();
  let onSettled: (() => void)[] = [];

  const store = (id: string, record: ContainerRecord, upperDir: string | undefined, startOfEvent = false): void => {
    if (record.state === 'removed') {
      depart(id, record, record.endedAt ?? clock.now());
      return;
    }
    inventory.put(record);
    const { key, state, pid } = record;
    if (!isSameEnd(held.get(id)?.record, record)) tellEnd(record);
    held.set(id, { record, upperDir, startOfEvent });
    if (state === 'running' || state === 'paused') workloads.setContainer({ key, record, pid });
    else workloads.removeContainer(key);
  };

  const lookAt = async (id: string, events: readonly DockerEvent[]): Promise<void> => {
    if (events.length > 0 && departed.has(id)) {
      for (const record of departed.follow(id, events)) {
        inventory.put(record);
        if (record.exitCode !== undefined) tellEnd(record);
      }
      return;
    }
    const inspected = await api.container(id);
    const known = held.get(id);
    if (inspected.ok) {
      departed.forget(id);
      const upperDir = upperDirOf(inspected.value);
      const packages = upperDir === undefined ? [] : written.of(id, upperDir);
      const seen = withToldStart(containerRecordOf(inspected.value, packages), known);
      const { earlier, now } = catchUp(known?.record, seen, events);
      for (const life of earlier) putLife(life);
      store(id, now, upperDir, known?.startOfEvent === true && now.startedAt === known.record.startedAt);
      return;
    }
    const first = events[0];
    if (first === undefined) {
      if (inspected.error.code === 'not-found') remove(id);
      return;
    }
    // It is gone already, its last events perhaps still on their way, or Docker does not answer.
    const before = known?.record ?? containerRecordFromEvent(first, await imageOf(first));
    const { ended, last } = walkLives(before, events);
    for (const life of ended) putLife(life);
    const isGone = inspected.error.code === 'not-found' && last.state !== 'removed';
    const startOfEvent = known?.record.startedAt === last.startedAt ? known.startOfEvent : true;
    store(id, last, isGone ? undefined : known?.upperDir, startOfEvent);
  };

  const putLife = (life: ContainerRecord): void => {
    inventory.put(life);
    tellEnd(life);
  };

  const imageOf = async (event: DockerEvent): Promise<string | undefined> => {
    const image = event.Actor.Attributes['image'];
    if (image === undefined || image === '') return undefined;
    const found = await api.image(image);
    return found.ok ? found.value.Id : undefined;
  };

  /** Docker knows it no more; events of it may still be on their way. */
  const remove = (id: string): void => {
    const record = held.get(id)?.record;
    if (record === undefined) return;
    depart(id, record, clock.now());
  };

  const depart = (id: string, record: ContainerRecord, at: number): void => {
    const known = held.get(id)?.record;
    const removed = departed.add(id, record, at);
    // What was made and removed without ever being started has no life.
    if (record.exitCode !== undefined || (known !== undefined && tellsLife(known))) tellEnd(removed);
    held.delete(id);
    written.forget(id);
    workloads.removeContainer(record.key);
    inventory.put(removed);
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
      const id = event.Actor.ID;
      const known = held.get(id);
      const isUpToDate = known !== undefined && !busy.has(id) && !waiting.has(id);
      if (isUpToDate && isEndOf(known.record, event)) {
        store(id, applyEvent(known.record, event), known.upperDir, known.startOfEvent);
        if (event.Action === 'destroy') return;
      }
      queue(id, event);
    },
    reconcile: async () => {
      // Those that come while Docker makes its list may be missing from it.
      const before = [...held.keys()];
      const listed = await api.containers();
      if (!listed.ok) return false;
      for (const id of new Set([...before, ...listed.value])) queue(id);
      await settled();
      return true;
    },
    refresh: (id) => {
      if (held.has(id)) queue(id);
    },
    checkPackages: () => {
      for (const [id, { record, upperDir, startOfEvent }] of held) {
        if (upperDir === undefined || record.state !== 'running') continue;
        const packageDatabases = [...written.of(id, upperDir)];
        if (JSON.stringify(packageDatabases) === JSON.stringify(record.packageDatabases)) continue;
        store(id, { ...record, packageDatabases }, upperDir, startOfEvent);
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

type Held = {
  readonly record: ContainerRecord;
  readonly upperDir: string | undefined;
  /** Its start was told by an event while Docker did not answer. */
  readonly startOfEvent: boolean;
};

/** Whether it was known already that this life is over: containers that stand still are looked at again and again. */
const isSameEnd = (known: ContainerRecord | undefined, now: ContainerRecord): boolean =>
  known?.endedAt !== undefined && known.startedAt === now.startedAt;

/** Not that of an earlier life, which comes late when a look at the container was ahead of it. */
const isEndOf = ({ startedAt, endedAt }: ContainerRecord, event: DockerEvent): boolean =>
  event.Action === 'destroy' || (event.Action === 'die' && endedAt === undefined && eventTime(event) >= startedAt);

/** An event comes so long after the start at most. */
const eventDelayMs = 10_000;

/** Which life is meant is said by its start: one that was told stays, although Docker now gives a moment before it. */
const withToldStart = (seen: ContainerRecord, held: Held | undefined): ContainerRecord => {
  if (held?.startOfEvent !== true) return seen;
  const { startedAt } = held.record;
  const isSame = seen.startedAt <= startedAt && startedAt - seen.startedAt < eventDelayMs;
  return isSame ? { ...seen, startedAt } : seen;
};

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

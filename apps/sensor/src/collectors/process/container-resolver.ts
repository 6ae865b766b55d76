import { bareContainer, type ContainerRecord, type PackageDatabase } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import { type CgroupContainer, containersInCgroup } from '../../proc/container-ids.ts';
import { containerRootOf, findContainerProcess, isInContainer } from '../../proc/container-root.ts';
import { readSmall } from '../../proc/read-small.ts';
import type { InventorySink } from '../collector.ts';
import { findPackageDatabases } from '../package-databases.ts';
import type { StoredWorkload, StoredWorkloads } from '../stored-workloads.ts';
import type { WorkloadDirectoryStore } from '../workload-directory-store.ts';
import { createContainerPackages } from '../written-packages.ts';
import { withStored } from './stored-container.ts';

/**
 * Tells which container a process belongs to: the innermost of those its cgroup names. A container that no runtime told us
 * of (one inside another, one of a runtime that cannot be asked) gets a record of its own, for as long as processes of it
 * are reported. Its name and image are what its engine's store says.
 */
export type ContainerResolver = {
  /** The key, without making records. `undefined` for a process of the host itself. */
  readonly keyOf: (pid: number) => string | undefined;
  /** The key for a process that is about to be reported; makes the container's record where nobody else does. */
  readonly claim: (pid: number, startedAt: number) => string | undefined;
  /** A reported process of that container ended. */
  readonly release: (containerKey: string, endedAt: number) => void;
  /** Takes over what the stores of engines say now. */
  readonly refreshStored: () => void;
  /** Looks again at what package managers wrote in containers that no runtime tells of, some of them each time. */
  readonly refreshPackages: (now: number) => void;
  /** Forgets sightings that a runtime has claimed since; returns their keys. */
  readonly yieldToRuntimes: (now: number) => readonly string[];
};

/** A container's own processes can make groups that look like nested containers; they shall not fill the inventory. */
const maxSighted = 1024;
/** A look is some hundred stats. */
const looksAtOnce = 16;
const lookEveryMs = 60_000;

export const createContainerResolver = (deps: {
  readonly procPath: string;
  readonly workloads: WorkloadDirectoryStore;
  readonly stored: StoredWorkloads;
  readonly inventory: InventorySink;
  readonly clock: Clock;
  readonly onTooMany: () => void;
}): ContainerResolver => {
  const sighted = new Map<string, Sighting>();
  const written = createContainerPackages(deps.clock);

  const around = (pid: number): readonly CgroupContainer[] => {
    const cgroup = readSmall(`${deps.procPath}/${pid}/cgroup`);
    return cgroup === undefined ? [] : containersInCgroup(cgroup.text);
  };
  const keyFor = ({ id, runtime }: CgroupContainer, depth: number): string =>
    deps.workloads.containerByRuntimeId(id)?.key ?? `${depth === 0 ? runtime : 'unknown'}:${id}`;

  const sight = (
    container: CgroupContainer,
    depth: number,
    parentKey: string | undefined,
    { pid, startedAt }: { readonly pid: number; readonly startedAt: number },
  ): Sighting => {
    const key = keyFor(container, depth);
    const known = sighted.get(key);
    if (known !== undefined) return known;
    const runtime = depth === 0 ? container.runtime : 'unknown';
    const bare = unknownContainer(key, container.id, runtime, parentKey, startedAt);
    const isOwn = isLookedInto(bare);
    const stored = isOwn ? deps.stored.container(container.id) : undefined;
    const record = withStored(bare, stored);
    // Where a store may yet tell its image, what it has beside that is looked at then.
    const isKnown = stored !== undefined || !deps.stored.isWatched();
    const sighting: Sighting = { key, id: container.id, bare, record, stored, members: 0, pid, lookedAt: 0 };
    if (isOwn && isKnown) look(sighting, startedAt);
    sighted.set(key, sighting);
    tell(sighting);
    return sighting;
  };

  const tell = ({ key, record }: Sighting): void => {
    deps.inventory.put(record);
    deps.workloads.setContainer({ key, record, pid: undefined });
  };

  /** Of a container whose image is known what it wrote since, else all it has. Returns whether that changed. */
  const look = (sighting: Sighting, now: number): boolean => {
    sighting.lookedAt = now;
    const { id, pid, stored, record } = sighting;
    const packageDatabases =
      stored?.configDigest !== undefined && stored.upperDir !== undefined
        ? [...written.of(id, stored.upperDir)]
        : packagesSeenBy(pid);
    if (JSON.stringify(packageDatabases) === JSON.stringify(record.packageDatabases)) return false;
    sighting.record = { ...record, packageDatabases };
    return true;
  };

  const packagesSeenBy = (pid: number): PackageDatabase[] => {
    const root = containerRootOf(deps.procPath, pid);
    return root === undefined ? [] : [...findPackageDatabases(root)];
  };

  return {
    keyOf: (pid) => {
      const containers = around(pid);
      const last = containers.at(-1);
      return last === undefined ? undefined : keyFor(last, containers.length - 1);
    },
    claim: (pid, startedAt) => {
      let key: string | undefined;
      let innermost: Sighting | undefined;
      for (const [depth, container] of around(pid).entries()) {
        const known = deps.workloads.containerByRuntimeId(container.id);
        if (known !== undefined && !sighted.has(known.key)) {
          key = known.key;
          innermost = undefined;
          continue;
        }
        if (sighted.size >= maxSighted && !sighted.has(keyFor(container, depth))) {
          deps.onTooMany();
          break;
        }
        innermost = sight(container, depth, key, { pid, startedAt });
        key = innermost.key;
      }
      if (innermost !== undefined) innermost.members += 1;
      return key;
    },
    release: (containerKey, endedAt) => {
      const sighting = sighted.get(containerKey);
      if (sighting === undefined) return;
      sighting.members -= 1;
      if (sighting.members > 0) return;
      sighted.delete(containerKey);
      written.forget(sighting.id);
      deps.workloads.removeContainer(containerKey);
      deps.inventory.end('container', containerKey, endedAt, { state: 'removed' });
    },
    refreshStored: () => {
      for (const sighting of sighted.values()) {
        if (!isLookedInto(sighting.bare)) continue;
        const told = deps.stored.container(sighting.id);
        // What was told stays known when the container or its image is deleted there before its processes are gone.
        if (told === undefined) continue;
        const stored = { ...sighting.stored, ...told };
        if (JSON.stringify(stored) === JSON.stringify(sighting.stored)) continue;
        const { packageDatabases } = sighting.record;
        sighting.stored = stored;
        sighting.record = { ...withStored(sighting.bare, stored), packageDatabases };
        sighting.lookedAt = 0;
        tell(sighting);
      }
    },
    refreshPackages: (now) => {
      const due = [...sighted.values()]
        .filter((sighting) => isLookedInto(sighting.record) && now - sighting.lookedAt >= lookEveryMs)
        .sort((a, b) => a.lookedAt - b.lookedAt)
        .slice(0, looksAtOnce);
      // A search goes through all processes of the host: one at a time.
      let searches = 1;
      for (const sighting of due) {
        if (!isInContainer(deps.procPath, sighting.pid, sighting.id)) {
          if (searches === 0) continue;
          searches -= 1;
          sighting.pid = findContainerProcess(deps.procPath, sighting.id)?.pid ?? sighting.pid;
        }
        sighting.lookedAt = now;
        if (isInContainer(deps.procPath, sighting.pid, sighting.id) && look(sighting, now)) tell(sighting);
      }
    },
    yieldToRuntimes: (now) => {
      const claimed: string[] = [];
      for (const [key, { id, record }] of sighted) {
        const current = deps.workloads.containerByRuntimeId(id);
        if (current === undefined || current.record === record) continue;
        sighted.delete(key);
        written.forget(id);
        claimed.push(key);
        if (current.key === key) continue;
        deps.workloads.removeContainer(key);
        deps.inventory.end('container', key, now, { state: 'removed' });
      }
      return claimed;
    },
  };
};

/** Docker is about to tell of its own, and one inside another is part of what that one's workload does. */
const isLookedInto = ({ runtime, parentKey }: ContainerRecord): boolean =>
  runtime !== 'docker' && parentKey === undefined;

type Sighting = {
  readonly key: string;
  readonly id: string;
  /** What its processes alone tell. */
  readonly bare: ContainerRecord;
  record: ContainerRecord;
  stored: StoredWorkload | undefined;
  /** Reported processes of it. */
  members: number;
  /** One of its processes, by whose root its packages are looked at. */
  pid: number;
  /** When they were last looked at. */
  lookedAt: number;
};

const unknownContainer = (
  key: string,
  id: string,
  runtime: ContainerRecord['runtime'],
  parentKey: string | undefined,
  startedAt: number,
): ContainerRecord => ({
  ...bareContainer,
  kind: 'container',
  key,
  startedAt,
  // That of the first process of it that happened to be seen.
  startInferred: true,
  runtime,
  runtimeId: id,
  ...(parentKey === undefined ? {} : { parentKey }),
  name: id.slice(0, 12),
  state: 'running',
  imageName: '',
});

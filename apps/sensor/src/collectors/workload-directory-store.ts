import type { ContainerRecord } from '@parapet/contract/wire';
import type { KnownContainer, KnownProcess, WorkloadDirectory } from './workload-directory.ts';

/** The directory with the sides by which it is filled. */
export type WorkloadDirectoryStore = WorkloadDirectory & {
  readonly setContainer: (container: KnownContainer) => void;
  readonly removeContainer: (key: string) => void;
  readonly endLife: (life: ContainerRecord) => void;
  /** Who answers for processes. */
  readonly setProcessSource: (source: ProcessSource) => void;
};

export type ProcessSource = {
  readonly process: (pid: number) => KnownProcess | undefined;
  readonly markSocketOwner: (pid: number) => void;
};

const nobody: ProcessSource = { process: () => undefined, markSocketOwner: () => {} };

export const createWorkloadDirectory = (): WorkloadDirectoryStore => {
  const byKey = new Map<string, KnownContainer>();
  const byId = new Map<string, KnownContainer>();
  const listeners = new Set<() => void>();
  const lifeListeners = new Set<(life: ContainerRecord) => void>();
  let source = nobody;
  let list: readonly KnownContainer[] | undefined;

  const changed = (): void => {
    list = undefined;
    for (const listener of listeners) listener();
  };

  return {
    containers: () => {
      list ??= [...byKey.values()];
      return list;
    },
    container: (key) => byKey.get(key),
    containerByRuntimeId: (id) => byId.get(id),
    process: (pid) => source.process(pid),
    markSocketOwner: (pid) => source.markSocketOwner(pid),
    onContainersChanged: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    onLifeEnded: (listener) => {
      lifeListeners.add(listener);
      return () => {
        lifeListeners.delete(listener);
      };
    },
    endLife: (life) => {
      for (const listener of lifeListeners) listener(life);
    },
    setContainer: (container) => {
      const before = byKey.get(container.key);
      byKey.set(container.key, container);
      byId.set(container.record.runtimeId, container);
      if (before === undefined || concernsOthers(before, container)) changed();
    },
    removeContainer: (key) => {
      const container = byKey.get(key);
      if (container === undefined) return;
      byKey.delete(key);
      if (byId.get(container.record.runtimeId) === container) byId.delete(container.record.runtimeId);
      changed();
    },
    setProcessSource: (next) => {
      source = next;
    },
  };
};

const concernsOthers = (before: KnownContainer, after: KnownContainer): boolean =>
  before.pid !== after.pid ||
  before.record.state !== after.record.state ||
  JSON.stringify(before.record.networks) !== JSON.stringify(after.record.networks) ||
  JSON.stringify(before.record.ports) !== JSON.stringify(after.record.ports);

import { bareContainer, type ContainerRecord } from '@parapet/contract/wire';
import type { ConnectorEvent } from '../../kernel-watch/connector-watch.ts';
import { type CgroupContainer, containersInCgroup } from '../../proc/container-ids.ts';
import type { WorkloadDirectoryStore } from '../workload-directory-store.ts';

/**
 * Containers of runtimes that tell nobody (containerd, Podman, CRI-O), known by the cgroups of their processes alone: one that is over
 * before a process of it was reported would leave no trace at all. Its life is told when its last known process ends. Docker tells of its own.
 */
export type BriefLives = {
  readonly take: (event: ConnectorEvent) => void;
  readonly size: () => number;
};

/** Beyond these the oldest are let go as if they were over: a blind span too long is better than none. */
const maxLives = 1024;
/** Processes that are remembered of each; with more it may count as over and begin again. */
const maxProcesses = 256;

export const createBriefLives = (deps: {
  readonly workloads: Pick<WorkloadDirectoryStore, 'containerByRuntimeId'>;
  readonly endLife: WorkloadDirectoryStore['endLife'];
  readonly wallTimeUs: (atNs: bigint) => number;
}): BriefLives => {
  const lives = new Map<string, Life>();

  const end = (life: Life, endedAt: number): void => {
    lives.delete(life.container.id);
    // What was reported meanwhile has a record of its own, and whoever watches networks saw when it was found.
    if (!life.isReported && !isKnown(life.container)) deps.endLife(recordOf(life, Math.max(endedAt, life.startedAt)));
  };
  const isKnown = ({ id }: CgroupContainer): boolean => deps.workloads.containerByRuntimeId(id) !== undefined;

  return {
    take: (event) => {
      const { pid, cgroups } = event.process;
      const container = containerOf(cgroups);
      if (container === undefined) return;
      const known = lives.get(container.id);
      const atMs = Math.floor(deps.wallTimeUs(event.atNs) / 1000);
      if (event.kind === 'exit') {
        if (known?.processes.delete(pid) === true && known.processes.size === 0) end(known, atMs);
        return;
      }
      if (known === undefined && isKnown(container)) return;
      const life = known ?? { container, startedAt: atMs, processes: new Set<number>(), isReported: false };
      life.isReported ||= isKnown(container);
      if (life.processes.size < maxProcesses) life.processes.add(pid);
      if (known !== undefined) return;
      const oldest = lives.size >= maxLives ? lives.values().next().value : undefined;
      if (oldest !== undefined) end(oldest, atMs);
      lives.set(container.id, life);
    },
    size: () => lives.size,
  };
};

type Life = {
  readonly container: CgroupContainer;
  readonly startedAt: number;
  readonly processes: Set<number>;
  isReported: boolean;
};

const idLength = 64;

/** The outermost, unless it is Docker's. `cgroups`: names, innermost first. */
const containerOf = (cgroups: readonly string[]): CgroupContainer | undefined => {
  if (!cgroups.some((name) => name.length >= idLength)) return undefined;
  const outermost = containersInCgroup(`0::/${[...cgroups].reverse().join('/')}`)[0];
  return outermost?.runtime === 'docker' ? undefined : outermost;
};

const recordOf = ({ container, startedAt }: Life, endedAt: number): ContainerRecord => ({
  ...bareContainer,
  kind: 'container',
  key: `${container.runtime}:${container.id}`,
  ...{ startedAt, endedAt, startInferred: true },
  runtime: container.runtime,
  runtimeId: container.id,
  name: container.id.slice(0, 12),
  state: 'removed',
  imageName: '',
});

import type { ProbedProcess } from '@parapet/kernel';
import { type CgroupContainer, containersInCgroup } from '../proc/container-ids.ts';

/** Identity of a process on its host: as the key of its `ProcessRecord`, whose start is in ticks of 10 ms. */
export const processId = (pid: number, startNs: bigint): string => `${pid}:${startNs / nsPerTick}`;

const nsPerTick = 10_000_000n;

/** The containers around a process, outermost first, which the kernel told with the event: right also for what is gone by now. */
export const containersOf = ({ cgroups }: Pick<ProbedProcess, 'cgroups'>): readonly CgroupContainer[] => {
  const [first] = cgroups;
  if (first === undefined) return none;
  const path = cgroups.toReversed().join('/');
  const known = containersByPath.get(path);
  if (known !== undefined) return known;
  const found = containersInCgroup(`0::/${path}`);
  if (containersByPath.size >= maxPaths) containersByPath.clear();
  containersByPath.set(path, found);
  return found;
};

const none: readonly CgroupContainer[] = [];
/** A host has few cgroups and many events. */
const containersByPath = new Map<string, readonly CgroupContainer[]>();
const maxPaths = 4096;

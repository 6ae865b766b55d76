import type { ProbedProcess } from '@parapet/kernel';
import { type CgroupContainer, containersInCgroup } from '../proc/container-ids.ts';

/** Identity of a process on its host: as the key of its `ProcessRecord`, whose start is in ticks of 10 ms. */
export const processId = (pid: number, startNs: bigint): string => `${pid}:${startNs / nsPerTick}`;

const nsPerTick = 10_000_000n;

/** The containers around a process, outermost first, which the kernel told with the event: right also for what is gone by now. */
export const containersOf = ({ cgroups }: Pick<ProbedProcess, 'cgroups'>): readonly CgroupContainer[] => {
  if (cgroups.length === 0) return none;
  const known = containersByCgroups.get(cgroups);
  if (known !== undefined) return known;
  const found = containersInCgroup(`0::/${cgroups.toReversed().join('/')}`);
  containersByCgroups.set(cgroups, found);
  return found;
};

const none: readonly CgroupContainer[] = [];
/** The reader of records hands out the same array for the same names. */
const containersByCgroups = new WeakMap<readonly string[], readonly CgroupContainer[]>();

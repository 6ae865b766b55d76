import { readSmall } from '../proc/read-small.ts';
import type { MemoryKills } from '../state/run.ts';
import { readOwnGroups } from './control-groups.ts';
import { killsInGroup } from './own-group.ts';

/** What the kernel counts of processes that it ended for want of memory: in the sensor's group, and on the whole host. */
export const readMemoryKills = (groupName: string, procPath: string): MemoryKills => ({
  group: groupKills(groupName, procPath),
  host: hostKills(procPath),
});

const groupKills = (name: string, procPath: string): number | undefined => {
  try {
    const groups = readOwnGroups(procPath);
    return killsInGroup({ groups, name });
  } catch {
    // No control groups here.
    return undefined;
  }
};

const vmstatBytes = 64 * 1024;

/** Since Linux 4.13. */
const hostKills = (procPath: string): number | undefined => {
  const count = /^oom_kill (\d+)$/m.exec(readSmall(`${procPath}/vmstat`, vmstatBytes)?.text ?? '')?.[1];
  return count === undefined ? undefined : Number(count);
};

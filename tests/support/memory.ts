import { readdir, readFile } from 'node:fs/promises';

/** Memory of one process in MiB: resident, its share with what is shared divided fairly, and the part that no file backs. */
export type ProcessMemory = {
  readonly pid: number;
  readonly command: string;
  readonly rssMib: number;
  readonly pssMib: number;
  readonly anonymousMib: number;
};

/** The memory of a process and all its descendants. */
export const memoryOfTree = async (rootPid: number): Promise<ProcessMemory[]> => {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const below = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
      if (at === rootPid) return true;
    return false;
  };
  const found = await Promise.all([...parents.keys()].filter(below).map(readMemory));
  return found.filter((memory) => memory !== undefined);
};

const readMemory = async (pid: number): Promise<ProcessMemory | undefined> => {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => undefined);
  if (rollup === undefined) return undefined;
  const mib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();
  return { pid, command, rssMib: mib('Rss'), pssMib: mib('Pss'), anonymousMib: mib('Anonymous') };
};

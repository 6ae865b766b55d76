import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { containersInCgroup } from './container-ids.ts';
import { readStat } from './process-files.ts';
import { readSmall } from './read-small.ts';

/** A process of a container, by whose root the container's files are read. */
export type ContainerProcess = { readonly pid: number; readonly startTicks: number };

/** The oldest process of a running container that has a root of its own. `undefined` when nothing of it runs. */
export const findContainerProcess = (procPath: string, runtimeId: string): ContainerProcess | undefined => {
  const pids = readdirSync(procPath)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);
  for (const pid of pids) {
    if (!isInContainer(procPath, pid, runtimeId)) continue;
    const stat = readStat(procPath, pid);
    if (stat !== undefined && containerRootOf(procPath, pid) !== undefined) return { pid, startTicks: stat.startTicks };
  }
  return undefined;
};

/** Whether the container is the innermost that a process is in. */
export const isInContainer = (procPath: string, pid: number, runtimeId: string): boolean => {
  const cgroup = readSmall(`${procPath}/${pid}/cgroup`);
  return cgroup !== undefined && containersInCgroup(cgroup.text).at(-1)?.id === runtimeId;
};

/**
 * The root of a process as a path, where it is another than the host's: a container may be let into the host's own files, and those
 * are not the container's. `undefined` also for who may not look.
 */
export const containerRootOf = (procPath: string, pid: number): string | undefined => {
  const root = join(procPath, String(pid), 'root');
  const own = statOf(root);
  // Where the first process may not be looked at, the host's root is our own: in a container we would not see others' either.
  const host = statOf(join(procPath, '1', 'root')) ?? statOf('/');
  if (own === undefined || host === undefined) return undefined;
  return own.dev === host.dev && own.ino === host.ino ? undefined : root;
};

const statOf = (path: string): Stats | undefined => {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // Without the right to look, nothing is known of it.
    return undefined;
  }
};

import { realpathSync } from 'node:fs';
import { fail, foreignMounts, isLocalMount, type Problem, problem, type Result } from '@parapet/core';
import { attempt, openRootFolder, type RootFolder } from '@parapet/kernel';
import { readSmall } from '../../proc/read-small.ts';
import type { WorkloadDirectory } from '../workload-directory.ts';

/** Where folders are watched: how to get there, each time anew, since a root that is held open holds up whoever unmounts it. */
export type WatchedRoot = {
  readonly open: () => Result<RootFolder, Problem>;
  /** What the path of an open file begins with before the part inside the root. */
  readonly prefix: string;
  readonly foreign: () => ReadonlySet<string>;
};

export const hostRoot = (rootPath: string): WatchedRoot => ({
  open: () => openRoot(rootPath, {}),
  prefix: rootPath === '/' ? '' : realpathSync(rootPath),
  foreign: () => foreignMounts(readMounts('/proc/self/mountinfo'), rootPath),
});

/**
 * A container's own processes may mount what they like over its folders, such as a file system that never answers whoever looks:
 * nothing beyond the mount of its root is looked at, and that one must be of a kind that answers.
 */
export const containerRoot = (
  { key, pid }: { readonly key: string; readonly pid: number },
  deps: { readonly procPath: string; readonly workloads: Pick<WorkloadDirectory, 'process'> },
): WatchedRoot => ({
  open: () => {
    const opened = openRoot(`${deps.procPath}/${pid}/root`, { staysOnMount: true });
    if (!opened.ok) return opened;
    const mountId = opened.value.mountId();
    const isLocal = mountId !== undefined && isLocalMount(readMounts(`${deps.procPath}/${pid}/mountinfo`), mountId);
    // Asked last: until then the number may have become another process's.
    if (isLocal && deps.workloads.process(pid)?.containerKey === key) return opened;
    opened.value.close();
    return fail(problem('foreign', 'It is no longer there, or lies on a file system of others.'));
  },
  prefix: '',
  foreign: () => new Set(),
});

const openRoot = (path: string, options: Parameters<typeof openRootFolder>[1]): Result<RootFolder, Problem> => {
  const opened = attempt(() => openRootFolder(path, options));
  return opened.ok ? opened : fail(opened.error);
};

/** Empty when the process ended: nothing of it is to be found then. */
const readMounts = (path: string): string => readSmall(path, maxMountBytes, 'utf8')?.text ?? '';
const maxMountBytes = 4 * 1024 * 1024;

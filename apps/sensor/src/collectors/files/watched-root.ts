import { realpathSync } from 'node:fs';
import { fail, foreignMounts, type Problem, problem, type Result } from '@parapet/core';
import type { RootFolder } from '@parapet/kernel';
import { openProcessRoot, openRoot, readMounts } from '../../proc/process-root.ts';
import type { WorkloadDirectory } from '../workload-directory.ts';

/** Where folders are watched: how to get there, each time anew, since a root that is held open holds up whoever unmounts it. */
export type WatchedRoot = {
  readonly open: () => Result<RootFolder, Problem>;
  /** What the path of an open file begins with before the part inside the root; empty for `/`. */
  readonly prefix: string;
  readonly foreign: () => ReadonlySet<string>;
};

export const hostRoot = (rootPath: string): WatchedRoot => ({
  open: () => openRoot(rootPath),
  prefix: rootPath === '/' ? '' : realpathSync(rootPath),
  foreign: () => foreignMounts(readMounts('/proc', 'self'), rootPath),
});

export const containerRoot = (
  { key, pid }: { readonly key: string; readonly pid: number },
  deps: { readonly procPath: string; readonly workloads: Pick<WorkloadDirectory, 'process'> },
): WatchedRoot => ({
  open: () => {
    const opened = openProcessRoot(deps.procPath, pid);
    // Asked last: until then the number may have become another process's.
    if (!opened.ok || deps.workloads.process(pid)?.containerKey === key) return opened;
    opened.value.close();
    return fail(problem('gone', 'It is no longer there.'));
  },
  prefix: '',
  foreign: () => new Set(),
});

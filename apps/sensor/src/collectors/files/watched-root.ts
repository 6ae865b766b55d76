import { realpathSync } from 'node:fs';
import { foreignMounts, type Problem, type Result } from '@parapet/core';
import type { RootFolder } from '@parapet/kernel';
import { openRoot, readMounts } from '../../proc/process-root.ts';
import { openContainerRoot } from '../open-container-root.ts';
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
  open: () => openContainerRoot({ key, pid }, deps),
  prefix: '',
  foreign: () => new Set(),
});

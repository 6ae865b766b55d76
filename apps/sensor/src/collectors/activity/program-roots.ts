import { statSync } from 'node:fs';
import { foreignMounts } from '@parapet/core';
import type { RootFolder } from '@parapet/kernel';
import { containersOf } from '../../kernel-watch/process-identity.ts';
import { openProcessRoot, openRoot, readMounts } from '../../proc/process-root.ts';
import type { WorkloadDirectory } from '../workload-directory.ts';
import type { HashProgramDeps } from './hash-program.ts';
import type { StartedProgram } from './started-program.ts';

/**
 * Where the program of a process that ended is found: below the host's root, or below that of its container or its parent, which most
 * often still run. Whether it is the right file its reader checks.
 */
export const programRoots = (deps: {
  readonly procPath: string;
  readonly rootPath: string;
  readonly workloads: Pick<WorkloadDirectory, 'containerByRuntimeId'>;
}): HashProgramDeps => {
  const hostNamespace = mountNamespaceOf(deps.procPath);
  const hostRootFor = (path: string): RootFolder | undefined => {
    for (const mount of foreignMounts(readMounts('/proc', 'self'), deps.rootPath))
      if (path.startsWith(`${mount}/`)) return undefined;
    const opened = openRoot(deps.rootPath);
    return opened.ok ? opened.value : undefined;
  };
  return {
    procPath: deps.procPath,
    rootFor: ({ exePath, process }: StartedProgram) => {
      if (exePath === undefined) return undefined;
      if (process.mountNamespace === hostNamespace) return hostRootFor(exePath);
      const id = containersOf(process).at(-1)?.id;
      const first = id === undefined ? undefined : deps.workloads.containerByRuntimeId(id)?.pid;
      const opened = openProcessRoot(deps.procPath, first ?? process.parentPid);
      return opened.ok ? opened.value : undefined;
    },
  };
};

/** Inode of the first process's, which is the host's; `undefined` where we may not look. */
const mountNamespaceOf = (procPath: string): number | undefined => {
  try {
    return statSync(`${procPath}/1/ns/mnt`).ino;
  } catch {
    return undefined;
  }
};

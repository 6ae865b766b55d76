import { fail, type Problem, problem, type Result } from '@parapet/core';
import type { RootFolder } from '@parapet/kernel';
import { openProcessRoot } from '../proc/process-root.ts';
import type { WorkloadDirectory } from './workload-directory.ts';

/** Opens the root of a running container by its first process, once it is sure that it is that process still. */
export const openContainerRoot = (
  { key, pid }: { readonly key: string; readonly pid: number },
  deps: { readonly procPath: string; readonly workloads: Pick<WorkloadDirectory, 'process'> },
): Result<RootFolder, Problem> => {
  const opened = openProcessRoot(deps.procPath, pid);
  // Asked last: until then the number may have become another process's.
  if (!opened.ok || deps.workloads.process(pid)?.containerKey === key) return opened;
  opened.value.close();
  return fail(problem('gone', 'It is no longer there.'));
};

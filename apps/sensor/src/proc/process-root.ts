import { fail, isLocalMount, type Problem, problem, type Result } from '@parapet/core';
import { attempt, openRootFolder, type RootFolder, type RootFolderOptions } from '@parapet/kernel';
import { readSmall } from './read-small.ts';

/**
 * The root that a process sees. Processes may mount what they like there, such as a file system that never answers whoever looks:
 * nothing beyond the mount of the root is opened, and that one must be of a kind that answers.
 */
export const openProcessRoot = (procPath: string, pid: number): Result<RootFolder, Problem> => {
  const opened = openRoot(`${procPath}/${pid}/root`, { staysOnMount: true });
  if (!opened.ok) return opened;
  const mountId = opened.value.mountId();
  if (mountId !== undefined && isLocalMount(readMounts(procPath, pid), mountId)) return opened;
  opened.value.close();
  return fail(problem('foreign', 'It is no longer there, or lies on a file system of others.'));
};

export const openRoot = (path: string, options: RootFolderOptions = {}): Result<RootFolder, Problem> => {
  const opened = attempt(() => openRootFolder(path, options));
  return opened.ok ? opened : fail(opened.error);
};

/** The table of mounts as a process has it; empty when it ended. */
export const readMounts = (procPath: string, pid: number | 'self'): string =>
  readSmall(`${procPath}/${pid}/mountinfo`, maxMountBytes, 'utf8')?.text ?? '';
const maxMountBytes = 4 * 1024 * 1024;

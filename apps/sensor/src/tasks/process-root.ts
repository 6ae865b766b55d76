import { join } from 'node:path';
import { fail, mountPoints, type Problem, problem, type Result, readFileBounded } from '@parapet/core';
import { type FileSystem, openLayers } from '@parapet/sbom';
import { readStat } from '../proc/process-files.ts';

/** A host of many containers has some thousands of mounts, a container some dozens. */
const maxTableBytes = 8 * 1024 * 1024;

/**
 * The files of a running container by the root of a process in it: whatever its runtime keeps it with. What is mounted in it belongs
 * to the host or to others and is left out. Fails when the process ended before its root was open.
 */
export const openProcessRoot = async (
  source: { readonly procPath: string; readonly pid: number; readonly startTicks: number },
  description: string,
): Promise<Result<FileSystem, Problem>> => {
  const folder = join(source.procPath, String(source.pid));
  const table = await readFileBounded(join(folder, 'mountinfo'), maxTableBytes);
  if (!table.ok) return fail(problem('unreadable', `The container's mounts could not be read: ${table.error.message}`));
  const opened = await openLayers([join(folder, 'root')], {
    description,
    foreign: mountPoints(table.value.toString('utf8')),
  });
  if (!opened.ok) return opened;
  // The folder is open: from here on it does not matter who gets the pid.
  if (readStat(source.procPath, source.pid)?.startTicks === source.startTicks) return opened;
  await opened.value[Symbol.asyncDispose]();
  return fail(problem('gone', 'The container ended before it could be read.'));
};

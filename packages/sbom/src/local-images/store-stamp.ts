import { stat } from 'node:fs/promises';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';

/** What the files of a store look like from outside, in short. Fails with `not-found` where the first is absent. */
export const stampOf = async (paths: readonly string[]): Promise<Result<string, Problem>> => {
  const parts: string[] = [];
  for (const [index, path] of paths.entries()) {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      parts.push(`${mtimeMs} ${size} ${ino}`);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
      if (isAbsent && index > 0) continue;
      if (isAbsent) return fail(problem('not-found', 'There is no store here.', path));
      return fail(problem('unreadable', code === 'EACCES' ? 'Only root may read it.' : messageOf(error), path));
    }
  }
  return ok(parts.join(' '));
};

import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, messageOf } from '@parapet/core';

/**
 * Writes a file beside its name and gives it the name once it is whole and on the disk. Whatever goes wrong leaves nothing.
 * Throws AppError when the name is taken: a backup is never overwritten.
 */
export const writeWholeFile = async <T>(path: string, write: (handle: FileHandle) => Promise<T>): Promise<T> => {
  if ((await stat(path).catch(() => undefined)) !== undefined)
    throw new AppError('file-exists', 409, `There is a file ${path} already. Name another one.`);
  const partial = `${path}.${process.pid}.tmp`;
  let handle: FileHandle;
  try {
    handle = await open(partial, 'wx+', 0o600);
  } catch (cause) {
    throw new AppError('unwritable', 400, `${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
  const remove = (): void => void rm(partial, { force: true }).finally(() => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, remove);
  try {
    const result = await write(handle);
    await handle.sync();
    await rename(partial, path);
    await using folder = await open(dirname(path), 'r');
    await folder.sync();
    return result;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, remove);
    await handle.close().catch(() => undefined);
  }
};

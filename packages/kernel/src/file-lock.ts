import { closeSync, constants, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import { errno } from './constants.ts';
import { errnoName, lastErrno, libc } from './libc.ts';

/** A lock that ends with the process however it ends, or with `release`. */
export type FileLock = { readonly release: () => void; readonly [Symbol.dispose]: () => void };

/**
 * Takes the exclusive lock (flock(2)) of a file, creating it, and writes our pid in it. Code `locked` when another process
 * holds it; `at` is then the path and the message names the holder's pid where it can be read.
 */
export const lockFile = (path: string): Result<FileLock, Problem> => {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    return fail(problem('unusable', `The lock file cannot be opened: ${messageOf(error)}`, path));
  }
  if (libc().flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    const number = lastErrno();
    const refusal =
      number === errno.EAGAIN
        ? problem('locked', `Another process${holderOf(fd)} holds the lock.`, path)
        : problem('unusable', `The lock cannot be taken: flock failed with ${errnoName(number)}.`, path);
    closeSync(fd);
    return fail(refusal);
  }
  ftruncateSync(fd, 0);
  writeSync(fd, `${process.pid}\n`, 0);
  return ok(heldLock(fd));
};

const LOCK_EX = 2;
const LOCK_NB = 4;

const heldLock = (fd: number): FileLock => {
  let held = true;
  const release = (): void => {
    if (held) closeSync(fd);
    held = false;
  };
  return { release, [Symbol.dispose]: release };
};

const holderOf = (fd: number): string => {
  const bytes = new Uint8Array(16);
  const read = readSync(fd, bytes, 0, bytes.length, 0);
  const pid = /^\d+/.exec(Buffer.from(bytes.subarray(0, read)).toString('latin1'))?.[0];
  return pid === undefined ? '' : ` (pid ${pid})`;
};

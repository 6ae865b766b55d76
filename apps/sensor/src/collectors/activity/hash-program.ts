import { createHash } from 'node:crypto';
import { type BigIntStats, close, fstat, open, read } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { fileSystemKind, type ProbedFile, type RootFolder } from '@parapet/kernel';
import type { FileHash, StartedProgram } from './started-program.ts';

export type HashProgramDeps = {
  readonly procPath: string;
  /** The root that a process saw, for one that has ended; `undefined` where that is not to be had, or the path not to be looked at. */
  readonly rootFor: (program: StartedProgram) => RootFolder | undefined;
};

/** The largest programs in use (browsers, runtimes) have some 200 MB. */
const maxBytes = 256 * 1024 * 1024;
const chunkBytes = 256 * 1024;
/** Beyond this it rests after each chunk: some 20 MB a second, a few percent of a core. */
const bytesWithoutRest = 4 * 1024 * 1024;
const restMs = 12;
/** Reading from where nobody answers never ends, and holds a thread of the pool. */
const patienceMs = 60_000;
const maxHanging = 2;

/**
 * Works out the hash of the file that a process runs: by /proc while it lives, else by its path. How it was found does not matter, since
 * what was opened must be that very file, unchanged before and after it was read.
 */
export const createHashProgram = (deps: HashProgramDeps): ((program: StartedProgram) => Promise<FileHash>) => {
  let hanging = 0;
  return async (program) => {
    if (hanging >= maxHanging) return { absent: 'busy' };
    const reading = hashOf(program, deps);
    const patience = new AbortController();
    const tooLate = sleep(patienceMs, 'late' as const, { signal: patience.signal, ref: false });
    const found = await Promise.race([reading, tooLate]);
    if (found === 'late') {
      hanging += 1;
      void reading.finally(() => {
        hanging -= 1;
      });
      return { absent: 'busy' };
    }
    tooLate.catch(() => 'late');
    patience.abort();
    return found;
  };
};

const hashOf = async (program: StartedProgram, deps: HashProgramDeps): Promise<FileHash> => {
  const running = await openOrNothing(`${deps.procPath}/${program.process.pid}/exe`);
  const found = running === undefined ? undefined : await hashAndClose(running, program.exe);
  if (found !== undefined) return found;
  const fd = openByPath(program, deps);
  return (fd === undefined ? undefined : await hashAndClose(fd, program.exe)) ?? { absent: 'gone' };
};

const openByPath = (program: StartedProgram, deps: HashProgramDeps): number | undefined => {
  if (program.exePath === undefined) return undefined;
  using root = deps.rootFor(program);
  const opened = root?.open(program.exePath, 'file');
  return opened?.ok === true ? opened.value : undefined;
};

const [openFile, closeFile, readFile] = [promisify(open), promisify(close), promisify(read)];
const statFile = (fd: number): Promise<BigIntStats> =>
  new Promise((resolve, reject) =>
    fstat(fd, { bigint: true }, (error, stat) => (error === null ? resolve(stat) : reject(error))),
  );

const openOrNothing = (path: string): Promise<number | undefined> => openFile(path, 'r').catch(() => undefined);

/** `undefined` when it is another file, changed meanwhile or cannot be read. */
const hashAndClose = async (fd: number, file: ProbedFile): Promise<FileHash | undefined> => {
  try {
    const stat = await statFile(fd);
    if (!isSame(fd, stat, file)) return undefined;
    if (stat.size > maxBytes) return { absent: 'large' };
    const sha256 = await hashContent(fd);
    return isSame(fd, await statFile(fd), file) ? { sha256 } : undefined;
  } catch {
    return undefined;
  } finally {
    await closeFile(fd);
  }
};

const hashContent = async (fd: number): Promise<string> => {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(chunkBytes);
  for (let at = 0; at <= maxBytes; ) {
    const { bytesRead } = await readFile(fd, chunk, 0, chunkBytes, at);
    if (bytesRead === 0) break;
    hash.update(chunk.subarray(0, bytesRead));
    at += bytesRead;
    if (at > bytesWithoutRest) await sleep(restMs, undefined, { ref: false });
  }
  return hash.digest('hex');
};

/** The time of its last change is set by the kernel alone, and with the inode it tells any two states of files apart. */
const isSame = (fd: number, stat: BigIntStats, { device, inode, changedNs }: ProbedFile): boolean =>
  stat.isFile() &&
  stat.ino === inode &&
  stat.ctimeNs === changedNs &&
  // Subvolumes of btrfs have numbers of their own.
  (stat.dev === device || fileSystemKind(`/proc/self/fd/${fd}`) === 'btrfs');

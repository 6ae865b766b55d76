import { readFileSync } from 'node:fs';
import { libc } from './libc.ts';

/**
 * Gives back memory that costs nothing to lose: pages of mapped files that were only read (two thirds of an idle Node
 * process are program text), and free heap of the C library. What is still needed comes back from the page cache.
 * Takes a few milliseconds; returns the bytes of the mappings that were let go. Never throws: a failure trims less.
 */
export const trimMemory = (): number => {
  let trimmed = 0;
  for (const mapping of cleanFileMappings(readOwnMappings())) {
    if (libc().madvise(mapping.address, mapping.lengthBytes, MADV_DONTNEED) === 0) trimmed += mapping.residentBytes;
  }
  libc().mallocTrim?.(0);
  return trimmed;
};

/**
 * Has the C library (glibc; mallopt(3)) hand what is freed back to the kernel at once: blocks of 64 KiB and more are mappings of their
 * own, and the free end of its heap is at most 256 KiB. Left alone it raises both limits to the largest block that was ever freed, and
 * a heap with one long-lived block above the gap never shrinks. Does nothing in another C library.
 */
export const returnFreedMemoryEarly = (): void => {
  libc().mallopt?.(M_MMAP_THRESHOLD, 64 * 1024);
  libc().mallopt?.(M_TRIM_THRESHOLD, 256 * 1024);
};

const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;

export type FileMapping = {
  readonly address: bigint;
  readonly lengthBytes: number;
  readonly residentBytes: number;
};

/**
 * The mappings of `/proc/self/smaps` (proc_pid_smaps(5)) that hold file pages alone. One with a single private page is left
 * out: dropping it would bring back the file's content in place of what was written (relocations, data).
 */
export const cleanFileMappings = (smaps: string): readonly FileMapping[] => {
  const mappings: FileMapping[] = [];
  let current: Draft | undefined;
  const finish = (): void => {
    if (current?.anonymousKiB === 0 && current.residentKiB > 0)
      mappings.push({
        address: current.address,
        lengthBytes: current.lengthBytes,
        residentBytes: current.residentKiB * 1024,
      });
  };
  for (const line of smaps.split('\n')) {
    const head = headPattern.exec(line);
    if (head !== null) {
      finish();
      current = draftOf(head);
    } else if (current !== undefined && line.startsWith('Rss:')) current.residentKiB = numberIn(line);
    else if (current !== undefined && line.startsWith('Anonymous:')) current.anonymousKiB = numberIn(line);
  }
  finish();
  return mappings;
};

const MADV_DONTNEED = 4;

type Draft = {
  readonly address: bigint;
  readonly lengthBytes: number;
  residentKiB: number;
  anonymousKiB: number | undefined;
};

/** Address range, rights, offset, device, inode, path. */
const headPattern = /^([0-9a-f]+)-([0-9a-f]+) ([r-][w-][x-][ps]) [0-9a-f]+ [0-9a-f]+:[0-9a-f]+ (\d+)\s+(\/.*)?$/;

const draftOf = ([, from = '0', to = '0', rights = '', inode = '0', path = '']: RegExpExecArray): Draft | undefined => {
  // A shared mapping of a device or of shared memory is not a file that can be read again.
  const isPlainFile = inode !== '0' && path.startsWith('/') && !path.startsWith('/dev/') && !path.startsWith('/memfd:');
  if (!isPlainFile || !rights.startsWith('r-')) return undefined;
  const address = BigInt(`0x${from}`);
  return { address, lengthBytes: Number(BigInt(`0x${to}`) - address), residentKiB: 0, anonymousKiB: undefined };
};

const numberIn = (line: string): number => Number(/\d+/.exec(line)?.[0] ?? 0);

const readOwnMappings = (): string => {
  try {
    return readFileSync('/proc/self/smaps', 'latin1');
  } catch {
    // No /proc, or no smaps in this kernel: nothing can be told apart, so nothing is trimmed.
    return '';
  }
};

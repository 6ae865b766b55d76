import type { Problem, Result } from '@parapet/core';

export type FileKind = 'file' | 'directory' | 'symlink' | 'other';

export type FileInfo = {
  readonly kind: FileKind;
  readonly sizeBytes: number;
  readonly isExecutable: boolean;
  /** Equal for the names of one file; absent where it has only one. */
  readonly identity?: unknown;
  /** The digest of the image layer that it lies in, where known. */
  readonly layer?: string;
};

export type DirectoryEntry = { readonly name: string; readonly kind: FileKind };

/** A file read in any order, for databases. */
export type RandomAccessFile = AsyncDisposable & {
  readonly sizeBytes: number;
  /** Up to `length` bytes at `offset`; fewer only where the file ends. Throws when the file cannot be read any more. */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
};

/**
 * An open folder, for a walk. Its functions wait for the kernel, a few microseconds each: a walk asks so often that handing
 * each question to another thread would cost more than all the answers.
 */
export type FolderView = {
  /** Its entries in no order, read as they are taken, so that a folder of millions costs no memory. */
  readonly entries: () => Iterable<DirectoryEntry>;
  /** What lies at this name, a link not followed; `undefined` when it is gone or cannot be asked about. */
  readonly info: (name: string) => FileInfo | undefined;
  readonly open: (name: string) => Result<RandomAccessFile>;
  /** What was read from this file when it passed in a stream that did not keep its content. */
  readonly passed: (name: string) => unknown;
};

/**
 * The files of a target: a host, a container's root, image layers, a folder, an archive. Extractors see nothing else.
 *
 * Paths are absolute inside the target. Symbolic links are followed inside the target only: `..` and absolute links stop at
 * its root, as in a chroot. Nothing blocks (a FIFO is `other`), nothing throws for what a workload can put there. Failures
 * carry the code `not-found`, `not-a-file`, `not-a-directory`, `too-large`, `too-many`, `bad-path` or `unreadable`.
 */
export type FileSystem = AsyncDisposable & {
  /** For messages, e.g. `/proc/4242/root`. */
  readonly description: string;
  /** What lies at the path, a final link followed. */
  readonly stat: (path: string) => Promise<Result<FileInfo>>;
  /** What lies at the path, a final link not followed. */
  readonly lstat: (path: string) => Promise<Result<FileInfo>>;
  /** The whole file; `too-large` beyond `maxBytes`, never a cut. */
  readonly readFile: (path: string, maxBytes: number) => Promise<Result<Buffer>>;
  /** The entries of a folder, sorted by name; `too-many` beyond `maxEntries`. */
  readonly readDirectory: (path: string, maxEntries: number) => Promise<Result<readonly DirectoryEntry[]>>;
  readonly open: (path: string) => Promise<Result<RandomAccessFile>>;
  /** Opens the folder at a canonical path for the time of `visit`; whoever walks has come by folders, not by links. */
  readonly visitFolder: (path: string, visit: (folder: FolderView) => Promise<void>) => Promise<Result<void>>;
  /** Whether a walk leaves out this folder: file systems of the kernel or of other machines, and what is mounted twice. */
  readonly isForeign: (path: string) => boolean;
};

/** True for the failures that only say: it is not there. */
export const isAbsent = (problem: Problem): boolean =>
  problem.code === 'not-found' || problem.code === 'not-a-directory';

import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, fstatSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type RootFolder, readFolder } from '@parapet/kernel';
import { z } from 'zod';

/** How far a log was read, so that the next run goes on there, wherever the file was moved or copied to meanwhile. */
export const LogPosition = z.object({
  inode: z.string().max(32),
  offset: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
  /** SHA-256 of the first `headBytes`, by which a copy is known and another file with the same inode is not. */
  headBytes: z.number().int().nonnegative().max(4096),
  head: z.string().max(64),
});
export type LogPosition = z.infer<typeof LogPosition>;

/** Follows a file that others append to, cut, rename and replace, by asking now and then. Nothing here waits. */
export type LogTail = {
  /**
   * Bytes that were not taken yet, at most a chunk; empty when there are none now. They last until the next call, also of another tail.
   * Throws what reading throws.
   */
  readonly peek: () => Buffer;
  /** What lies before that, at most as many bytes; read once, to know what went before. */
  readonly before: (bytes: number) => Buffer;
  /** So many of those peeked at were understood. */
  readonly take: (bytes: number) => void;
  /** Whether what was last peeked at is the end of a file that is complete: what is left there will not grow. */
  readonly isLast: () => boolean;
  /** `undefined` while there is no file. */
  readonly position: () => LogPosition | undefined;
  /** Why the file cannot be read: `enoent` when there is none. */
  readonly problem: () => string | undefined;
  readonly close: () => void;
};

export type LogTailDeps = {
  readonly openRoot: () => RootFolder;
  /** As seen from that root. */
  readonly path: string;
  /** `end`: what is there already was before our time. */
  readonly start: LogPosition | 'begin' | 'end';
  /** Milliseconds since the Unix epoch: of a file made after this nothing was before our time. */
  readonly newSinceMs?: number | undefined;
  /** Length of a record, of which files have a whole number; 1 for text. */
  readonly unit: number;
  /** Something at the end of a file may have been missed; what follows is from another place. */
  readonly onGap: (cause: string) => void;
};

const chunkBytes = 64 * 1024;
/** One for all: what is peeked at is understood before anything else is. */
const sharedChunk = Buffer.allocUnsafe(chunkBytes);
/** More than this is left out: somebody writes faster than a log is read. */
const maxBehindBytes = 32 * 1024 * 1024;
const headLength = 256;
const maxNames = 4096;
const maxSiblings = 64;

export const createLogTail = (deps: LogTailDeps): LogTail => {
  const { path, unit } = deps;
  const chunk = sharedChunk.subarray(0, chunkBytes - (chunkBytes % unit));
  let current: Opened | undefined;
  /** Files between the current one and that which has its name now, oldest first. */
  let next: Opened[] = [];
  let start: LogTailDeps['start'] = deps.start;
  let given: Given | undefined;
  let problem: string | undefined;

  const open = (root: RootFolder, at: string): Opened | undefined => {
    const opened = root.open(at, 'file');
    if (at === path) problem = opened.ok ? undefined : opened.error.code;
    return opened.ok ? { fd: opened.value, inode: inodeOf(opened.value), offset: 0, head: Buffer.alloc(0) } : undefined;
  };

  const begin = (): void => {
    using root = deps.openRoot();
    const file = open(root, path);
    const from = start;
    if (typeof from === 'object') {
      const old = file !== undefined && isAt(file, from) ? file : findOld(root, (each) => isAt(each, from));
      if (old !== undefined) {
        current = { ...old, offset: from.offset };
        refreshHead(current);
        if (file !== undefined && file !== old) closeSync(file.fd);
        start = 'begin';
        return;
      }
      if (file !== undefined) deps.onGap('A log was replaced before it was read to its end.');
    }
    if (file === undefined) {
      // One that appears later is new from its first byte on.
      if (start === 'end') start = 'begin';
      return;
    }
    const { size, birthtimeMs } = statOf(file);
    const isNew = deps.newSinceMs !== undefined && Number(birthtimeMs) > deps.newSinceMs;
    current = { ...file, offset: from === 'end' && !isNew ? Number(size) - (Number(size) % unit) : 0 };
    refreshHead(current);
    start = 'begin';
  };

  /** Files beside ours that were it: `auth.log.1`, `btmp-20261101`. Compressed ones cannot be gone on with. */
  const siblings = (root: RootFolder): string[] => {
    const folder = root.open(dirname(path), 'folder');
    if (!folder.ok) return [];
    const found: string[] = [];
    const own = basename(path);
    let names = 0;
    try {
      readFolder(folder.value, (name) => {
        names += 1;
        if (name.startsWith(own) && /^[.-]\d[\d.-]{0,30}$/.test(name.slice(own.length))) found.push(name);
        return names < maxNames && found.length < maxSiblings;
      });
    } finally {
      closeSync(folder.value);
    }
    return found.map((name) => join(dirname(path), name));
  };
  const findOld = (root: RootFolder, isIt: (file: Opened) => boolean): Opened | undefined => {
    for (const name of siblings(root)) {
      const file = open(root, name);
      if (file === undefined) continue;
      if (isIt(file)) return file;
      closeSync(file.fd);
    }
    return undefined;
  };
  /** Another file has the name: what was rotated away between ours and that one comes first. */
  const findNewer = (root: RootFolder, old: Opened, now: Opened): Opened[] => {
    const changedNs = statOf(old).mtimeNs;
    const between: Opened[] = [];
    for (const name of siblings(root)) {
      const file = open(root, name);
      if (file === undefined) continue;
      const isBetween = file.inode !== old.inode && file.inode !== now.inode && statOf(file).mtimeNs >= changedNs;
      if (isBetween && !isCopy(file, old)) between.push(file);
      else closeSync(file.fd);
    }
    return between.sort((one, other) => Number(statOf(one).mtimeNs - statOf(other).mtimeNs));
  };

  /** Cut, as by logrotate's `copytruncate`: what was not read yet may be in a copy. */
  const restart = (file: Opened): void => {
    using root = deps.openRoot();
    const copy = findOld(
      root,
      (each) => each.inode !== file.inode && isCopy(each, file) && sizeOf(each) >= file.offset,
    );
    if (copy === undefined) deps.onGap('A log was cut before it was read to its end.');
    const again = { ...file, offset: 0, head: Buffer.alloc(0) };
    if (copy === undefined) {
      current = again;
      return;
    }
    current = { ...copy, offset: file.offset, head: file.head };
    next = [again, ...next];
  };

  /** Whether a file has the name that ours had, and something in it: then its writer has gone over to it. */
  const hasNext = (file: Opened): boolean => {
    if (next.length > 0) return true;
    using root = deps.openRoot();
    const now = open(root, path);
    if (now === undefined) return false;
    if (now.inode === file.inode || sizeOf(now) === 0) {
      closeSync(now.fd);
      return false;
    }
    next = [...findNewer(root, file, now), now];
    return true;
  };
  const advance = (file: Opened): void => {
    closeSync(file.fd);
    current = next.shift();
  };

  const readFrom = (file: Opened): Buffer => {
    const length = readSync(file.fd, chunk, 0, chunk.length, file.offset);
    return chunk.subarray(0, length);
  };
  const skipAhead = (file: Opened, size: number): void => {
    if (size - file.offset <= maxBehindBytes) return;
    const to = size - chunk.length;
    file.offset = to - (to % unit);
    deps.onGap('More was written to a log than is read; the older part was left out.');
  };

  const give = (file: Opened, bytes: Buffer, isLast: boolean): Buffer => {
    given = { file, offset: file.offset, bytes: bytes.length, isLast };
    return bytes;
  };
  const wasGiven = (file: Opened, bytes: Buffer): boolean =>
    given?.file === file && given.offset === file.offset && given.bytes === bytes.length;

  return {
    peek: () => {
      if (current === undefined) begin();
      for (let files = 0; files < maxSiblings + 4; files += 1) {
        const file = current;
        if (file === undefined) return Buffer.alloc(0);
        const size = sizeOf(file);
        if (size < file.offset || (size > file.offset && !hasHead(file))) {
          restart(file);
          continue;
        }
        skipAhead(file, size);
        const bytes = readFrom(file);
        // What was given and not taken is the beginning of something, and its end may never come.
        if (bytes.length >= unit && !wasGiven(file, bytes)) return give(file, bytes, false);
        if (!hasNext(file)) return give(file, bytes, false);
        const rest = readFrom(file);
        if (rest.length === chunk.length) return give(file, rest, false);
        if (rest.length > 0 && !(given?.file === file && given.isLast)) return give(file, rest, true);
        advance(file);
      }
      return Buffer.alloc(0);
    },
    before: (bytes) => {
      if (current === undefined) return Buffer.alloc(0);
      const earlier = Buffer.alloc(Math.min(bytes, current.offset));
      return earlier.subarray(0, readSync(current.fd, earlier, 0, earlier.length, current.offset - earlier.length));
    },
    take: (bytes) => {
      if (current === undefined) return;
      current.offset += bytes;
      refreshHead(current);
    },
    isLast: () => given?.isLast ?? false,
    position: () =>
      current === undefined
        ? undefined
        : {
            inode: String(current.inode),
            offset: current.offset,
            headBytes: current.head.length,
            head: digest(current.head),
          },
    problem: () => (current === undefined ? problem : undefined),
    close: () => {
      for (const file of [current, ...next]) if (file !== undefined) closeSync(file.fd);
      current = undefined;
      next = [];
    },
  };
};

type Opened = {
  readonly fd: number;
  readonly inode: bigint;
  offset: number;
  /** What the file begins with, as far as it was read. */
  head: Buffer;
};

type Given = {
  readonly file: Opened;
  readonly offset: number;
  readonly bytes: number;
  readonly isLast: boolean;
};

const statOf = ({ fd }: Opened): BigIntStats => fstatSync(fd, { bigint: true });
const sizeOf = (file: Opened): number => Number(statOf(file).size);
const inodeOf = (fd: number): bigint => fstatSync(fd, { bigint: true }).ino;
const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const headOf = (fd: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, 0));
};

const refreshHead = (file: Opened): void => {
  const length = Math.min(headLength, file.offset);
  if (file.head.length < length) file.head = headOf(file.fd, length);
};

const hasHead = ({ fd, head }: Opened): boolean => headOf(fd, head.length).equals(head);
const isCopy = (file: Opened, { head }: Opened): boolean =>
  head.length > 0 && headOf(file.fd, head.length).equals(head);

/** Devices have other numbers after a start of the host, so the beginning of the file says whether it is the one. */
const isAt = (file: Opened, { inode, offset, headBytes, head }: LogPosition): boolean =>
  sizeOf(file) >= offset &&
  (headBytes > 0 ? digest(headOf(file.fd, headBytes)) === head : String(file.inode) === inode);

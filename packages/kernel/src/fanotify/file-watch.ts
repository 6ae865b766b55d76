import { closeSync } from 'node:fs';
import { fail, ok, type Problem, type Result } from '@parapet/core';
import { architectureConstants } from '../architecture.ts';
import { errno, openFlags } from '../constants.ts';
import { attempt, checked, KernelError } from '../kernel-error.ts';
import { addressOf, lastErrno, libc } from '../libc.ts';
import { type FileNotice, fileMasks, folderKey, parseFileNotices } from './message.ts';

/**
 * Watches what happens to the files of folders that were marked, whoever does it and through whichever mount. The kernel queues
 * what it tells (16,384 events by default); beyond that it drops and says so by a notice with `fileMasks.overflow`.
 */
export type FileWatch = Disposable & {
  /**
   * Marks an open folder and gives its key in notices; the same folder has the same key. Marks follow the folder wherever it is moved,
   * and go with it. Without names there is no key to tell folders apart by, so their number in `/proc/self/fdinfo` does.
   */
  readonly mark: (folder: number, wanted: 'all' | 'entries') => Result<string, Problem>;
  /** What waits, 64 KiB at most; empty when nothing does. */
  readonly read: () => readonly FileNotice[];
  readonly close: () => void;
};

/** `names`: what is created, renamed, deleted, too, each by its name (Linux 5.9). `files`: only what was written (Linux 4.4). */
export type FileWatchMethod = 'names' | 'files';

/** Needs root (CAP_SYS_ADMIN); a user may have 128 of these open, with what others use. */
export const openFileWatch = (method: FileWatchMethod): Result<FileWatch, Problem> => {
  const { FAN_CLOEXEC, FAN_NONBLOCK, FAN_REPORT_DFID_NAME } = initFlags;
  const flags = FAN_CLOEXEC | FAN_NONBLOCK | (method === 'names' ? FAN_REPORT_DFID_NAME : 0);
  const { fanotifyInit } = architectureConstants();
  const opened = attempt(() =>
    checked('fanotify_init', libc().syscall(fanotifyInit, flags, noticeFileFlags(), 0, 0, 0, 0)),
  );
  return opened.ok ? ok(watchOn(opened.value, method)) : fail(opened.error);
};

const initFlags = { FAN_CLOEXEC: 0x1, FAN_NONBLOCK: 0x2, FAN_REPORT_DFID_NAME: 0xc00 } as const;
const markFlags = { FAN_MARK_ADD: 0x1, FAN_MARK_ONLYDIR: 0x8 } as const;

/** How the kernel opens the files that it tells of, also those of more than 2 GiB. It refuses flags that it does not know here. */
export const noticeFileFlags = (architecture: string = process.arch): number =>
  openFlags.O_CLOEXEC | openFlags.O_NONBLOCK | architectureConstants(architecture).O_LARGEFILE;

const watchOn = (fd: number, method: FileWatchMethod): FileWatch => {
  let isOpen = true;
  let canTellRenames = method === 'names';
  const close = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  const add = (folder: number, mask: number): void => {
    const { fanotifyMark } = architectureConstants();
    const flags = markFlags.FAN_MARK_ADD | markFlags.FAN_MARK_ONLYDIR;
    checked('fanotify_mark', libc().syscall(fanotifyMark, fd, flags, mask, folder, 0, 0));
  };
  const markNames = (folder: number, wanted: 'all' | 'entries'): void => {
    try {
      add(folder, maskOf(wanted, canTellRenames));
    } catch (error) {
      if (!canTellRenames || !(error instanceof KernelError) || error.errno !== errno.EINVAL) throw error;
      canTellRenames = false;
      add(folder, maskOf(wanted, false));
    }
  };
  return {
    mark: (folder, wanted) => {
      const marked = attempt(() => {
        if (method === 'names') markNames(folder, wanted);
        else if (wanted === 'all') add(folder, fileMasks.closeWrite | fileMasks.onChild);
        return method === 'names' ? keyOf(folder) : '';
      });
      return marked.ok ? ok(marked.value) : fail(marked.error);
    },
    read: () => {
      const length = libc().read(fd, noticeBytes, noticeBytes.length);
      if (length >= 0) return parseFileNotices(noticeBytes.subarray(0, length));
      const number = lastErrno();
      if (number === errno.EAGAIN || number === errno.EINTR) return [];
      throw new KernelError('read', number, 'reading what happened to files');
    },
    close,
    [Symbol.dispose]: close,
  };
};

/** One for all: it is read before another one is. */
const noticeBytes = Buffer.alloc(64 * 1024);

const maskOf = (wanted: 'all' | 'entries', canTellRenames: boolean): number => {
  const { create, delete: deleted, rename, movedFrom, movedTo, onFolder, onChild, closeWrite, attributes } = fileMasks;
  const entries = create | deleted | onFolder | (canTellRenames ? rename : movedFrom | movedTo);
  return wanted === 'entries' ? entries : entries | closeWrite | attributes | onChild;
};

const AT_EMPTY_PATH = 0x1000;
/** A handle that need only tell files apart, Linux 6.5: a file system that is laid over others gives no other kind. */
const AT_HANDLE_FID = 0x200;
/** MAX_HANDLE_SZ of `linux/exportfs.h`, behind the length and the type. */
const maxHandleBytes = 128;
const handleHeadBytes = 8;
/** `struct statfs` of 64-bit machines: the file system's identity is in its eighth word. */
const statfsBytes = 120;
const fileSystemIdAt = 56;

const handle = Buffer.alloc(handleHeadBytes + maxHandleBytes);
const mountId = Buffer.alloc(8);
const emptyPath = Buffer.alloc(1);
const statfs = Buffer.alloc(statfsBytes);

const keyOf = (folder: number): string => {
  if (nameToHandle(folder, AT_EMPTY_PATH | AT_HANDLE_FID) < 0) {
    if (lastErrno() !== errno.EINVAL) throw new KernelError('name_to_handle_at', lastErrno());
    checked('name_to_handle_at', nameToHandle(folder, AT_EMPTY_PATH));
  }
  checked('fstatfs', libc().syscall(architectureConstants().fstatfs, folder, addressOf(statfs), 0, 0, 0, 0));
  const used = handle.subarray(0, handleHeadBytes + handle.readUInt32LE(0));
  return folderKey(statfs.subarray(fileSystemIdAt, fileSystemIdAt + 8), used);
};

const nameToHandle = (folder: number, flags: number): number => {
  handle.writeUInt32LE(maxHandleBytes, 0);
  const { nameToHandleAt } = architectureConstants();
  const places = [addressOf(emptyPath), addressOf(handle), addressOf(mountId)] as const;
  return libc().syscall(nameToHandleAt, folder, ...places, flags, 0);
};

import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { architectureConstants } from './architecture.ts';
import { errno, openFlags } from './constants.ts';
import { attempt, checked, KernelError } from './kernel-error.ts';
import { lastErrno, libc } from './libc.ts';

/**
 * A folder that is treated as the root of a file system: the paths below it are resolved as a process chrooted there would
 * see them. Symbolic links that its owner planted never lead out, which `/proc/<pid>/root/<path>` does not promise.
 */
export type RootFolder = {
  /** Opens for reading; the caller closes. Never blocks on a pipe or device, never follows a link out of the root. */
  readonly open: (path: string, want: 'file' | 'folder') => Result<number, Problem>;
  /** The mount that it lies on, as `/proc/<pid>/mountinfo` numbers it; asks no file system, so it cannot hang. */
  readonly mountId: () => number | undefined;
  readonly close: () => void;
  readonly [Symbol.dispose]: () => void;
};

export type RootFolderOptions = {
  /** `walk` never uses openat2 (Linux 5.6); for tests of the way taken on older kernels. */
  readonly method?: 'openat2' | 'walk';
  /** Refuses paths that lead onto another mount (`exdev`), which may be a file system that never answers. */
  readonly staysOnMount?: boolean;
};

/** Opens a root folder, following links to it; throws `KernelError`. */
export const openRootFolder = (path: string, options: RootFolderOptions = {}): RootFolder => {
  const { O_DIRECTORY } = architectureConstants();
  const root = checked(
    'openat',
    libc().openat(AT_FDCWD, path, openFlags.O_PATH | O_DIRECTORY | openFlags.O_CLOEXEC, 0),
  );
  let open = true;
  const staysOnMount = options.staysOnMount ?? false;
  let method = options.method ?? 'openat2';
  const close = (): void => {
    if (open) closeSync(root);
    open = false;
  };
  return {
    open: (wanted, want) => {
      if (wanted.includes('\0')) return fail(problem('einval', 'A path cannot hold a zero byte.'));
      const opened = attempt(() => {
        if (method === 'walk') return openByWalk(root, wanted, want, staysOnMount);
        const found = findByOpenat2(root, wanted, staysOnMount);
        if (found !== 'not-available') return openFound(found, want);
        method = 'walk';
        return openByWalk(root, wanted, want, staysOnMount);
      });
      return opened.ok ? ok(opened.value) : fail(problem(opened.error.code, opened.error.message, wanted));
    },
    mountId: () => mountIdOf(root),
    close,
    [Symbol.dispose]: close,
  };
};

const AT_FDCWD = -100;
const RESOLVE_NO_XDEV = 0x01;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;
/** As the kernel's own MAXSYMLINKS. */
const maxLinks = 40;
const maxDepth = 256;
const linkBytes = 4096;

const readFlags = (want: 'file' | 'folder'): number => {
  const { O_RDONLY, O_CLOEXEC, O_NOCTTY, O_NONBLOCK } = openFlags;
  const base = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  return want === 'folder' ? base | architectureConstants().O_DIRECTORY : base;
};

/** Finds without opening. `struct open_how`: flags, mode, resolve, 64 bits each (openat2(2)). */
const findByOpenat2 = (root: number, path: string, staysOnMount: boolean): number | 'not-available' => {
  const flags = openFlags.O_PATH | openFlags.O_CLOEXEC;
  const resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (staysOnMount ? RESOLVE_NO_XDEV : 0);
  const how = new BigUint64Array([BigInt(flags), 0n, BigInt(resolve)]);
  const bytes = new Uint8Array(how.buffer);
  for (let tries = 0; tries < 8; tries += 1) {
    const fd = libc().syscallPath(architectureConstants().openat2, root, path === '' ? '/' : path, bytes, bytes.length);
    if (fd >= 0) return fd;
    const number = lastErrno();
    // Seccomp filters older than the call answer EPERM where the kernel would say ENOSYS.
    if (number === errno.ENOSYS || number === errno.EPERM) return 'not-available';
    // A rename on the way made the kernel unsure; it asks to try again.
    if (number !== errno.EAGAIN) throw new KernelError('openat2', number);
  }
  throw new KernelError('openat2', errno.EAGAIN);
};

/**
 * Opens what was found, once its kind is known: a container may hold a device node, and opening a device can already act
 * (arm a watchdog, rewind a tape). The link in /proc/self/fd leads to the found inode itself, whatever its name is now.
 */
const openFound = (found: number, want: 'file' | 'folder'): number => {
  try {
    const stat = fstatSync(found);
    if (want === 'folder' && !stat.isDirectory()) throw new KernelError('openat', errno.ENOTDIR);
    if (want === 'file' && !stat.isFile()) throw new KernelError('openat', errno.EINVAL, 'it is not a regular file');
    return checked('openat', libc().openat(AT_FDCWD, `/proc/self/fd/${found}`, readFlags(want), 0));
  } finally {
    closeSync(found);
  }
};

/**
 * Resolves one component after the other without following links, and takes each link's text as further components. The
 * open folders on the way form the stack that `..` goes back on, so a folder moved meanwhile cannot lead out.
 */
const openByWalk = (root: number, path: string, want: 'file' | 'folder', staysOnMount: boolean): number => {
  const mount = staysOnMount ? mountIdOf(root) : undefined;
  const stack: number[] = [];
  const pending = componentsOf(path);
  let links = 0;
  const current = (): number => stack.at(-1) ?? root;
  const clear = (): void => {
    for (const fd of stack.splice(0)) closeSync(fd);
  };
  try {
    for (;;) {
      const name = pending.shift();
      if (name === undefined) return openFound(openComponent(current(), '.'), want);
      if (name === '..') {
        const left = stack.pop();
        if (left !== undefined) closeSync(left);
        continue;
      }
      const fd = openComponent(current(), name);
      if (staysOnMount && mountIdOf(fd) !== mount) {
        closeSync(fd);
        throw new KernelError('openat', errno.EXDEV);
      }
      const stat = fstatSync(fd);
      if (stat.isSymbolicLink()) {
        const target = readLink(fd);
        links += 1;
        if (links > maxLinks) throw new KernelError('openat', errno.ELOOP);
        if (target.startsWith('/')) clear();
        pending.unshift(...componentsOf(target));
      } else if (stat.isDirectory()) {
        if (stack.push(fd) > maxDepth) throw new KernelError('openat', errno.ELOOP);
      } else {
        if (pending.length === 0) return openFound(fd, want);
        closeSync(fd);
        throw new KernelError('openat', errno.ENOTDIR);
      }
    }
  } finally {
    clear();
  }
};

const openComponent = (folder: number, name: string): number => {
  const { O_PATH, O_CLOEXEC } = openFlags;
  return checked('openat', libc().openat(folder, name, O_PATH | O_CLOEXEC | architectureConstants().O_NOFOLLOW, 0));
};

const mountIdOf = (fd: number): number | undefined => {
  const found = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1];
  return found === undefined ? undefined : Number(found);
};

const readLink = (fd: number): string => {
  try {
    const bytes = new Uint8Array(linkBytes);
    const length = checked('readlinkat', libc().readlinkat(fd, '', bytes, bytes.length));
    return Buffer.from(bytes.subarray(0, length)).toString();
  } finally {
    closeSync(fd);
  }
};

const componentsOf = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.');

import { closeSync, constants, type Dirent, openSync } from 'node:fs';
import { type FileHandle, lstat, open, opendir, readFile, readlink, realpath } from 'node:fs/promises';
import { fail, foreignMounts, messageOf, ok, problem, type Result } from '@parapet/core';
import type { DirectoryEntry, FileInfo, FileSystem, RandomAccessFile } from './file-system.ts';
import { createFolderCache, type Folder, type FolderHandle, inFolder, reasonOf } from './folder-cache.ts';
import { folderViewOf, infoOf, kindOf } from './folder-view.ts';
import {
  notADirectory,
  notAFile,
  notFound,
  type PathEntry,
  resolvePath,
  splitPath,
  tooLarge,
  tooMany,
} from './path.ts';

export type LayersOptions = {
  readonly description?: string;
  /** Whether a folder, given by a path that leads to it, hides the folders of the same name below it (`trusted.overlay.opaque`). */
  readonly isOpaque?: (path: string) => Promise<boolean>;
  /** The digest of each folder's layer, in the order of the folders; `undefined` for one that belongs to no image. */
  readonly layerDigests?: readonly (string | undefined)[];
  /** Folders that a walk leaves out, as paths inside the target. */
  readonly foreign?: ReadonlySet<string>;
};

/**
 * The folders of overlay layers seen as one file system, the uppermost first. Whiteouts are understood in both forms: the
 * overlay's device `c 0 0`, and `.wh.` files of AUFS and of unpacked image layers. Every folder is opened by name inside its
 * open parent and never through a link, so a workload that swaps folders for links while we read gains nothing.
 */
export const openLayers = async (
  folders: readonly string[],
  options: LayersOptions = {},
): Promise<Result<FileSystem>> => {
  const description = options.description ?? folders.join(':');
  const roots: FolderHandle[] = [];
  try {
    for (const folder of folders) roots.push({ fd: openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY) });
  } catch (error) {
    for (const { fd } of roots) closeSync(fd);
    return fail(problem('unreadable', `The folder could not be opened: ${messageOf(error)}`, description));
  }
  return ok(createLayeredFileSystem(roots, description, options));
};

/** A plain folder as a file system: `/`, `/proc/<pid>/root`, an overlay's merged folder, an unpacked image. */
export const openDirectory = async (root: string): Promise<Result<FileSystem>> =>
  openLayers([root], { description: root, foreign: await foreignMountsOf(root) });

/** A process's root is seen by that process's own table of mounts. Without a table nothing is left out. */
const foreignMountsOf = async (root: string): Promise<ReadonlySet<string>> => {
  const process = /^\/proc\/(\d+)\/root\/*$/.exec(root)?.[1];
  try {
    const table = await readFile(`/proc/${process ?? 'self'}/mountinfo`, 'utf8');
    return foreignMounts(table, process === undefined ? await realpath(root) : '/');
  } catch {
    return new Set();
  }
};

type Found = { readonly path: string; readonly info: FileInfo };

const createLayeredFileSystem = (
  roots: readonly FolderHandle[],
  description: string,
  { isOpaque = async () => false, layerDigests = [], foreign = new Set() }: LayersOptions,
): FileSystem => {
  const hasWhiteouts = roots.length > 1;
  const cache = createFolderCache(roots, { hasWhiteouts, isOpaque });

  const find = (folder: Folder, name: string): Promise<Found | undefined> => findInFolder(folder, name, hasWhiteouts);

  const lookup = async (path: string): Promise<Result<PathEntry>> => {
    if (path === '/' || cache.has(path)) return ok({ kind: 'directory' });
    const { folder, name } = splitPath(path);
    return cache.use<PathEntry>(folder, async (opened) => {
      const found = await find(opened, name);
      if (found === undefined) return fail(notFound(path));
      if (found.info.kind !== 'symlink') return ok({ kind: found.info.kind });
      return ok({ kind: 'symlink', target: await readlink(found.path) });
    });
  };

  const inspect = async (path: string, followLast: boolean): Promise<Result<FileInfo>> => {
    const canonical = await resolvePath(path, lookup, followLast);
    if (!canonical.ok) return canonical;
    if (canonical.value === '/') return ok({ kind: 'directory', sizeBytes: 0, isExecutable: true });
    const { folder, name } = splitPath(canonical.value);
    return cache.use(folder, async (opened) => {
      const found = await find(opened, name);
      return found === undefined ? fail(notFound(path)) : ok(found.info);
    });
  };

  const openFile = async (path: string): Promise<Result<FileHandle>> => {
    const canonical = await resolvePath(path, lookup);
    if (!canonical.ok) return canonical;
    const { folder, name } = splitPath(canonical.value);
    return cache.use(folder, async (opened) => {
      const found = name === '' ? undefined : await find(opened, name);
      if (found === undefined) return fail(name === '' ? notAFile(path) : notFound(path));
      if (found.info.kind !== 'file') return fail(notAFile(path));
      const handle = await open(found.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      if ((await handle.stat()).isFile()) return ok(handle);
      await handle.close();
      return fail(notAFile(path));
    });
  };

  return {
    description,
    stat: (path) => guarded(path, () => inspect(path, true)),
    lstat: (path) => guarded(path, () => inspect(path, false)),
    readFile: (path, maxBytes) =>
      guarded(path, async () => {
        const handle = await openFile(path);
        if (!handle.ok) return handle;
        await using file = handle.value;
        return await readWhole(file, path, maxBytes);
      }),
    readDirectory: (path, maxEntries) =>
      guarded(path, async () => {
        const canonical = await resolvePath(path, lookup);
        if (!canonical.ok) return canonical;
        return cache.use(canonical.value, (folder) => listFolder(folder, path, maxEntries, hasWhiteouts));
      }),
    open: (path) =>
      guarded(path, async () => {
        const handle = await openFile(path);
        return handle.ok ? ok(await randomAccess(handle.value)) : handle;
      }),
    visitFolder: (path, visit) =>
      guarded(path, () =>
        cache.use(path, async (folder) => ok(await visit(folderViewOf(folder, path, { hasWhiteouts, layerDigests })))),
      ),
    isForeign: (path) => foreign.has(path),
    [Symbol.asyncDispose]: () => cache.close(),
  };
};

/** Turns what the kernel refuses into a failure; a workload decides about permissions and races, so neither is a bug. */
const guarded = async <T>(path: string, action: () => Promise<Result<T>>): Promise<Result<T>> => {
  try {
    return await action();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return fail(notFound(path));
    if (code === 'ENOTDIR' || code === 'ELOOP') return fail(notADirectory(path));
    return fail(problem('unreadable', `The file could not be read: ${reasonOf(error)}`, path));
  }
};

const findInFolder = async (folder: Folder, name: string, hasWhiteouts: boolean): Promise<Found | undefined> => {
  for (const handle of folder.handles) {
    const path = inFolder(handle, name);
    const entry = await lstat(path).catch(absent);
    if (entry !== undefined) {
      if (hasWhiteouts && entry.isCharacterDevice() && entry.rdev === 0) return undefined;
      return { path, info: infoOf(entry) };
    }
    if (hasWhiteouts && (await lstat(inFolder(handle, `.wh.${name}`)).catch(absent)) !== undefined) return undefined;
  }
  return undefined;
};

const absent = (error: unknown): undefined => {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENAMETOOLONG')) return;
  throw error;
};

const listFolder = async (
  folder: Folder,
  path: string,
  maxEntries: number,
  hasWhiteouts: boolean,
): Promise<Result<readonly DirectoryEntry[]>> => {
  const entries = new Map<string, DirectoryEntry | undefined>();
  for (const handle of folder.handles) {
    for await (const entry of await opendir(inFolder(handle, '.'))) {
      const hidden = hasWhiteouts ? await whiteoutOf(entry, inFolder(handle, entry.name)) : undefined;
      const name = hidden ?? entry.name;
      if (!entries.has(name)) entries.set(name, hidden === undefined ? { name, kind: kindOf(entry) } : undefined);
      if (entries.size > maxEntries) return fail(tooMany(path, maxEntries));
    }
  }
  const visible = [...entries.values()].filter((entry) => entry !== undefined);
  return ok(visible.sort((a, b) => (a.name < b.name ? -1 : 1)));
};

/** The name that an entry hides in the layers below. */
const whiteoutOf = async (entry: Dirent, path: string): Promise<string | undefined> => {
  if (entry.name.startsWith('.wh.')) return entry.name.slice('.wh.'.length);
  if (!entry.isCharacterDevice()) return undefined;
  const device = await lstat(path);
  return device.rdev === 0 ? entry.name : undefined;
};

/** Reads to the end rather than to the stated size, which is 0 for files of the kernel. */
const readWhole = async (handle: FileHandle, path: string, maxBytes: number): Promise<Result<Buffer>> => {
  const { size } = await handle.stat();
  if (size > maxBytes) return fail(tooLarge(path, maxBytes));
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(maxBytes + 1 - total, Math.max(size + 1 - total, 16_384)));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) return ok(Buffer.concat(chunks, total));
    total += bytesRead;
    if (total > maxBytes) return fail(tooLarge(path, maxBytes));
    chunks.push(chunk.subarray(0, bytesRead));
  }
};

const randomAccess = async (handle: FileHandle): Promise<RandomAccessFile> => ({
  sizeBytes: (await handle.stat()).size,
  read: async (offset, length) => {
    const buffer = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  },
  [Symbol.asyncDispose]: () => handle.close(),
});

import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readSync,
  type Stats,
} from 'node:fs';
import { fail, ok, problem, type Result } from '@parapet/core';
import type { DirectoryEntry, FileInfo, FileKind, FolderView, RandomAccessFile } from './file-system.ts';
import { type Folder, inFolder, reasonOf } from './folder-cache.ts';
import { notAFile, notFound, tooMany } from './path.ts';

export type FolderViewOptions = {
  readonly hasWhiteouts: boolean;
  readonly layerDigests: readonly (string | undefined)[];
};

/** Names of one folder that are remembered to see what an upper layer hides. */
const maxLayeredEntries = 1_000_000;
const entriesAtOnce = 512;

/** The walk's view of an open folder; see `FolderView`. */
export const folderViewOf = (folder: Folder, path: string, options: FolderViewOptions): FolderView => {
  const find = (name: string): { readonly at: string; readonly stats: Stats; readonly layer: number } | undefined => {
    for (const [layer, handle] of folder.handles.entries()) {
      const at = inFolder(handle, name);
      const stats = lstatOrNothing(at);
      if (stats !== undefined) {
        return options.hasWhiteouts && isWhiteoutDevice(stats) ? undefined : { at, stats, layer };
      }
      if (options.hasWhiteouts && lstatOrNothing(inFolder(handle, `.wh.${name}`)) !== undefined) return undefined;
    }
    return undefined;
  };
  const digestOf = (index: number): string | undefined => options.layerDigests[folder.layers[index] ?? -1];
  return {
    entries: () => (options.hasWhiteouts ? layeredEntries(folder, path) : plainEntries(folder)),
    info: (name) => {
      const found = find(name);
      if (found === undefined) return undefined;
      const layer = digestOf(found.layer);
      return layer === undefined ? infoOf(found.stats) : { ...infoOf(found.stats), layer };
    },
    open: (name) => {
      const found = find(name);
      if (found === undefined) return fail(notFound(`${path}/${name}`));
      return found.stats.isFile() ? openRegularFile(found.at, `${path}/${name}`) : fail(notAFile(`${path}/${name}`));
    },
    passed: () => undefined,
  };
};

export const infoOf = (stats: Stats): FileInfo => ({
  kind: kindOf(stats),
  sizeBytes: stats.size,
  isExecutable: (stats.mode & 0o111) !== 0,
  ...(stats.nlink > 1 ? { identity: `${stats.dev}:${stats.ino}` } : {}),
});

export const kindOf = (entry: Pick<Dirent, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): FileKind =>
  entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : entry.isSymbolicLink() ? 'symlink' : 'other';

function* plainEntries({ handles }: Folder): Generator<DirectoryEntry> {
  for (const handle of handles) {
    for (const entry of direntsOf(inFolder(handle, '.'))) yield { name: entry.name, kind: kindOf(entry) };
  }
}

function* layeredEntries({ handles }: Folder, path: string): Generator<DirectoryEntry> {
  const seen = new Set<string>();
  for (const handle of handles) {
    for (const entry of direntsOf(inFolder(handle, '.'))) {
      const hidden = hiddenName(entry, () => lstatOrNothing(inFolder(handle, entry.name)));
      const name = hidden ?? entry.name;
      if (seen.has(name)) continue;
      if (seen.size >= maxLayeredEntries) throw new Error(tooMany(path, maxLayeredEntries).message);
      seen.add(name);
      if (hidden === undefined) yield { name, kind: kindOf(entry) };
    }
  }
}

function* direntsOf(path: string): Generator<Dirent> {
  const directory = opendirSync(path, { bufferSize: entriesAtOnce });
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) yield entry;
  } finally {
    directory.closeSync();
  }
}

const hiddenName = (entry: Dirent, stats: () => Stats | undefined): string | undefined => {
  if (entry.name.startsWith('.wh.')) return entry.name.slice('.wh.'.length);
  if (!entry.isCharacterDevice()) return undefined;
  return isWhiteoutDevice(stats()) ? entry.name : undefined;
};

const isWhiteoutDevice = (stats: Stats | undefined): boolean => stats?.isCharacterDevice() === true && stats.rdev === 0;

const lstatOrNothing = (path: string): Stats | undefined => {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // Gone, too long or not permitted: for a walk it is not there.
    return undefined;
  }
};

const openRegularFile = (at: string, path: string): Result<RandomAccessFile> => {
  let descriptor: number | undefined;
  try {
    const opened = openSync(at, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    descriptor = opened;
    const stats = fstatSync(opened);
    if (stats.isFile()) {
      descriptor = undefined;
      return ok(descriptorAsFile(opened, stats.size));
    }
    return fail(notAFile(path));
  } catch (error) {
    return fail(problem('unreadable', `The file could not be read: ${reasonOf(error)}`, path));
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
};

/** An open descriptor, read as a file and closed with it. */
export const descriptorAsFile = (descriptor: number, sizeBytes: number): RandomAccessFile => ({
  sizeBytes,
  read: async (offset, length) => {
    const wanted = Math.max(0, Math.min(length, sizeBytes - offset));
    const buffer = Buffer.allocUnsafe(wanted);
    let filled = 0;
    while (filled < wanted) {
      const bytesRead = readSync(descriptor, buffer, filled, wanted - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  },
  [Symbol.asyncDispose]: async () => closeSync(descriptor),
});

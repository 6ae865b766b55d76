import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { fail, type Result } from '@parapet/core';
import { notADirectory, splitPath } from './path.ts';

/** An open folder: one handle for each layer that contributes to it, the uppermost first. */
export type Folder = { readonly handles: readonly FileHandle[] };

export type FolderCache = {
  /** Whether the folder is open already, so that its path needs no look-up. */
  readonly has: (path: string) => boolean;
  /** Opens the folder at a canonical path for the time of `action`. */
  readonly use: <T>(path: string, action: (folder: Folder) => Promise<Result<T>>) => Promise<Result<T>>;
  readonly close: () => Promise<void>;
};

type Slot = { readonly folder: Promise<Folder | undefined>; users: number };

/** Open folders kept beyond their use; each costs one descriptor per layer. */
const maxIdleFolders = 64;

/** Names an entry of an open folder. The magic link is the kernel's own, so this is openat(2) by another spelling. */
export const inFolder = (handle: FileHandle, name: string): string => `/proc/self/fd/${handle.fd}/${name}`;

/** Opens folders step by step from the roots, each inside its open parent, and keeps the last used ones open. */
export const createFolderCache = (
  roots: readonly FileHandle[],
  options: { readonly hasWhiteouts: boolean; readonly isOpaque: (path: string) => Promise<boolean> },
): FolderCache => {
  const slots = new Map<string, Slot>();
  const root = Promise.resolve<Folder>({ handles: roots });

  const acquire = (path: string): Slot => {
    if (path === '/') return { folder: root, users: 1 };
    const slot = slots.get(path) ?? { folder: openAt(path), users: 0 };
    slot.users += 1;
    slots.delete(path);
    slots.set(path, slot);
    return slot;
  };

  const release = async (path: string, slot: Slot, keep: boolean): Promise<void> => {
    slot.users -= 1;
    if (!keep && slots.get(path) === slot) slots.delete(path);
    if (slots.size > maxIdleFolders) await evict();
  };

  const withFolder = async <T>(path: string, action: (folder: Folder | undefined) => Promise<T>): Promise<T> => {
    const slot = acquire(path);
    let keep = false;
    try {
      const folder = await slot.folder;
      keep = folder !== undefined;
      return await action(folder);
    } finally {
      await release(path, slot, keep);
    }
  };

  const openAt = (path: string): Promise<Folder | undefined> => {
    const { folder: parentPath, name } = splitPath(path);
    return withFolder(parentPath, async (parent) => parent && openChild(parent, name, options));
  };

  const evict = async (): Promise<void> => {
    const idle = [...slots].filter(([, slot]) => slot.users === 0).slice(0, slots.size - maxIdleFolders);
    for (const [path] of idle) slots.delete(path);
    for (const [, slot] of idle) await closeFolder(slot);
  };

  return {
    has: (path) => slots.has(path),
    use: (path, action) =>
      withFolder(path, async (folder) => (folder === undefined ? fail(notADirectory(path)) : action(folder))),
    close: async () => {
      const open = [...slots.values()];
      slots.clear();
      for (const slot of open) await closeFolder(slot);
      for (const handle of roots) await handle.close();
    },
  };
};

const closeFolder = async (slot: Slot): Promise<void> => {
  const folder = await slot.folder.catch(() => undefined);
  for (const handle of folder?.handles ?? []) await handle.close();
};

const openChild = async (
  parent: Folder,
  name: string,
  options: { readonly hasWhiteouts: boolean; readonly isOpaque: (path: string) => Promise<boolean> },
): Promise<Folder | undefined> => {
  const handles: FileHandle[] = [];
  try {
    for (const layer of parent.handles) {
      const path = inFolder(layer, name);
      const entry = await statOrAbsent(path);
      if (entry === undefined && options.hasWhiteouts && (await statOrAbsent(inFolder(layer, `.wh.${name}`)))) break;
      if (entry === undefined) continue;
      if (!entry.isDirectory()) break;
      handles.push(await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
      if (options.hasWhiteouts && (await hidesBelow(path, options.isOpaque))) break;
    }
  } catch (error) {
    for (const handle of handles) await handle.close();
    throw error;
  }
  return handles.length === 0 ? undefined : { handles };
};

const hidesBelow = async (path: string, isOpaque: (path: string) => Promise<boolean>): Promise<boolean> =>
  (await statOrAbsent(`${path}/.wh..wh..opq`)) !== undefined || (await isOpaque(path));

const statOrAbsent = async (path: string): Promise<Stats | undefined> => {
  try {
    return await lstat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return;
    throw error;
  }
};

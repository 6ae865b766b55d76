import { closeSync, constants, lstatSync, openSync, type Stats } from 'node:fs';
import { fail, messageOf, type Result } from '@parapet/core';
import { notADirectory, splitPath } from './path.ts';

/** An open descriptor of a folder. */
export type FolderHandle = { readonly fd: number };

/** An open folder: one handle for each layer that contributes to it, the uppermost first. */
export type Folder = {
  readonly handles: readonly FolderHandle[];
  /** The number of each handle's layer, 0 being the uppermost. */
  readonly layers: readonly number[];
};

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
export const inFolder = (handle: FolderHandle, name: string): string => `/proc/self/fd/${handle.fd}/${name}`;

/** Why something in a folder could not be read, without the path by which we asked: that means nothing to people. */
export const reasonOf = (error: unknown): string => messageOf(error).replace(/, \w+ '\/proc\/self\/fd\/.*$/s, '');

/**
 * Opens folders step by step from the roots, each inside its open parent, and keeps the last used ones open. Opening waits for
 * the kernel: a walk opens tens of thousands, and each hand-over to another thread costs several times as much.
 */
export const createFolderCache = (
  roots: readonly FolderHandle[],
  options: { readonly hasWhiteouts: boolean; readonly isOpaque: (path: string) => Promise<boolean> },
): FolderCache => {
  const slots = new Map<string, Slot>();
  const root = Promise.resolve<Folder>({ handles: roots, layers: roots.map((_, index) => index) });

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
      for (const { fd } of roots) closeSync(fd);
    },
  };
};

const closeFolder = async (slot: Slot): Promise<void> => {
  const folder = await slot.folder.catch(() => undefined);
  for (const { fd } of folder?.handles ?? []) closeSync(fd);
};

const openChild = async (
  parent: Folder,
  name: string,
  options: { readonly hasWhiteouts: boolean; readonly isOpaque: (path: string) => Promise<boolean> },
): Promise<Folder | undefined> => {
  const handles: FolderHandle[] = [];
  const layers: number[] = [];
  try {
    for (const [index, layer] of parent.handles.entries()) {
      const path = inFolder(layer, name);
      const fd = openFolder(path);
      if (fd === undefined) {
        if (options.hasWhiteouts && (exists(path) || exists(inFolder(layer, `.wh.${name}`)))) break;
        continue;
      }
      handles.push({ fd });
      layers.push(parent.layers[index] ?? index);
      if (options.hasWhiteouts && (await hidesBelow(path, options.isOpaque))) break;
    }
  } catch (error) {
    for (const { fd } of handles) closeSync(fd);
    throw error;
  }
  return handles.length === 0 ? undefined : { handles, layers };
};

/** `undefined` when there is no folder of this name; a link to one is none. */
const openFolder = (path: string): number | undefined => {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch (error) {
    if (error instanceof Error && 'code' in error && absentCodes.has(error.code)) return undefined;
    throw error;
  }
};

const absentCodes: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

const hidesBelow = async (path: string, isOpaque: (path: string) => Promise<boolean>): Promise<boolean> =>
  exists(`${path}/.wh..wh..opq`) || (await isOpaque(path));

const exists = (path: string): boolean => {
  const stats: Stats | undefined = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined;
};

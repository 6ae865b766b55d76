import { closeSync } from 'node:fs';
import type { Problem, Result } from '@parapet/core';
import { attempt, type RootFolder, readFolder } from '@parapet/kernel';
import type { WatchedPaths } from './watched-paths.ts';

/**
 * Goes through the folders below a root that are watched, in as many steps as it takes: those named first with all below them before the
 * next, each from the top down.
 */
export type FolderWalk = {
  /** From the root again. */
  readonly begin: () => void;
  /** A folder that appeared. Of one that is new all that is found in it is told: it was made before the folder was watched. */
  readonly add: (path: string, isNew: boolean) => void;
  /** Goes on until then (as `performance.now()`) at most; whether something is left to do. */
  readonly step: (untilMs: number) => boolean;
  /** Folders that were found and not visited or not read to their end, since the walk began. */
  readonly left: () => number;
  /** Why the root itself could not be opened at last. */
  readonly refusal: () => string | undefined;
};

export type FolderWalkDeps = {
  readonly paths: WatchedPaths;
  readonly openRoot: () => Result<RootFolder, Problem>;
  /** Mounts inside the root that are left alone. */
  readonly foreign: () => ReadonlySet<string>;
  readonly maxFolders: number;
  /** Marks an open folder. `left`: it could not be. `begun`: the walk began again meanwhile. */
  readonly visit: (fd: number, path: string, relation: 'inside' | 'towards') => 'visited' | 'left' | 'begun';
  readonly onFound: (path: string, isFolder: boolean) => void;
};

/** Entries that are looked at in one folder, and between two beginnings: a workload may make millions of files. */
const maxEntries = 20_000;
const maxEntriesOfAll = 400_000;

export const createFolderWalk = (deps: FolderWalkDeps): FolderWalk => {
  /** Within one rank those found first go first, so that what is deep goes without when there are too many. */
  const pending = createRanked<Pending>();
  let foreign: ReadonlySet<string> = new Set();
  let left = 0;
  let entriesOfAll = 0;
  let refusal: string | undefined;

  const visit = (root: RootFolder, { path, isNew }: Pending): void => {
    const relation = deps.paths.relationOf(path);
    if (relation === undefined || foreign.has(path)) return;
    const folder = root.open(path, 'folder');
    // Gone meanwhile, a link, or on a mount that is left alone.
    if (!folder.ok) return;
    try {
      const visited = deps.visit(folder.value, path, relation);
      if (visited === 'left') left += 1;
      if (visited === 'visited') list(folder.value, path, isNew);
    } finally {
      closeSync(folder.value);
    }
  };

  const list = (fd: number, path: string, isNew: boolean): void => {
    let entries = 0;
    const hasRoom = (): boolean => {
      entries += 1;
      entriesOfAll += 1;
      return entries <= maxEntries && entriesOfAll <= maxEntriesOfAll && pending.size() <= deps.maxFolders;
    };
    const take = (name: string, mayBeFolder: boolean): boolean => {
      if (!hasRoom()) return false;
      const inside = path === '/' ? `/${name}` : `${path}/${name}`;
      const relation = deps.paths.relationOf(inside);
      if (isNew && relation === 'inside') deps.onFound(inside, mayBeFolder);
      if (!mayBeFolder || relation === undefined) return true;
      // No text: a folder with such a name is not found again by it.
      if (name.includes(replaced)) left += 1;
      else pending.put(deps.paths.rankOf(inside), { path: inside, isNew });
      return true;
    };
    // Of files that were there before only the number counts.
    const read = attempt(() => readFolder(fd, take, isNew ? undefined : hasRoom));
    // One that fails is one that was removed meanwhile, or lies on a disk that fails.
    if (read.ok ? !read.value : read.error.code !== 'enoent') left += 1;
  };

  return {
    begin: () => {
      pending.clear();
      pending.put(0, { path: '/', isNew: false });
      foreign = deps.foreign();
      left = 0;
      entriesOfAll = 0;
    },
    add: (path, isNew) => {
      if (deps.paths.relationOf(path) === undefined) return;
      if (pending.size() > deps.maxFolders) left += 1;
      else pending.put(deps.paths.rankOf(path), { path, isNew });
    },
    step: (untilMs) => {
      if (pending.size() === 0) return false;
      const opened = deps.openRoot();
      refusal = opened.ok ? undefined : opened.error.message;
      if (!opened.ok) {
        pending.clear();
        return false;
      }
      using root = opened.value;
      while (performance.now() < untilMs) {
        const next = pending.take();
        if (next === undefined) return false;
        visit(root, next);
      }
      return pending.size() > 0;
    },
    left: () => left,
    refusal: () => refusal,
  };
};

type Pending = { readonly path: string; readonly isNew: boolean };

/** Takes out what was put in: the lowest rank first, within one in the order in which it came. */
const createRanked = <T>() => {
  let ranks: { readonly items: T[]; at: number }[] = [];
  let size = 0;
  return {
    size: () => size,
    put: (rank: number, item: T): void => {
      while (ranks.length <= rank) ranks.push({ items: [], at: 0 });
      ranks[rank]?.items.push(item);
      size += 1;
    },
    take: (): T | undefined => {
      for (const rank of ranks) {
        const item = rank.items[rank.at];
        if (item === undefined) continue;
        rank.at += 1;
        size -= 1;
        if (rank.at === rank.items.length) {
          rank.items.length = 0;
          rank.at = 0;
        }
        return item;
      }
      return undefined;
    },
    clear: (): void => {
      ranks = [];
      size = 0;
    },
  };
};

/** What stands for bytes that are no UTF-8. */
const replaced = '\ufffd';

import { opendir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@parapet/core';

export type DiskFigures = {
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** What the data folder takes, as far as we may look into it. */
  readonly dataBytes: number;
};

export type DiskState = 'ok' | 'tight' | 'full';

export type DiskWatch = {
  readonly figures: () => Promise<DiskFigures>;
};

/** What of a file system is free, and what is used or usable: blocks kept for root are not ours. */
export const readSpace = async (root: string): Promise<Pick<DiskFigures, 'freeBytes' | 'totalBytes'>> => {
  const { bavail, blocks, bfree, bsize } = await statfs(root);
  return { freeBytes: bavail * bsize, totalBytes: (blocks - bfree + bavail) * bsize };
};

const freshMs = 5_000;
const walkFreshMs = 60_000;
/** A walk is for a figure on a page, so it gives up rather than take long. */
const maxEntries = 50_000;

export const createDiskWatch = (deps: { readonly root: string; readonly clock: Clock }): DiskWatch => {
  const space = remembered(deps.clock, freshMs, () => readSpace(deps.root));
  const taken = remembered(deps.clock, walkFreshMs, () => sizeOf(deps.root));
  return {
    figures: async () => ({ ...(await space()), dataBytes: await taken() }),
  };
};

const remembered = <T>(clock: Clock, forMs: number, read: () => Promise<T>): (() => Promise<T>) => {
  let at = Number.NEGATIVE_INFINITY;
  let value: Promise<T> | undefined;
  return () => {
    if (value === undefined || clock.now() - at > forMs) {
      at = clock.now();
      value = read();
      value.catch(() => {
        value = undefined;
      });
    }
    return value;
  };
};

const sizeOf = async (root: string): Promise<number> => {
  let total = 0;
  let left = maxEntries;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    // What another user owns (the database, when it runs as one) or what vanishes meanwhile is left out.
    const entries = await opendir(folder).catch(() => undefined);
    if (entries === undefined) continue;
    for await (const entry of entries) {
      left -= 1;
      if (left < 0) return total;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) total += (await stat(path).catch(() => ({ size: 0 }))).size;
    }
  }
  return total;
};

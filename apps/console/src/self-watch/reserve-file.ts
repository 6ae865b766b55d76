import { randomFillSync } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file that holds room on the disk until the room is needed. */
export type ReserveFile = {
  /** Finds one that an earlier run made. */
  readonly open: () => Promise<void>;
  readonly isHeld: () => boolean;
  /** Makes it; rejects, and leaves nothing, when there is no room. */
  readonly make: (bytes: number) => Promise<void>;
  readonly release: () => Promise<void>;
};

const name = 'reserve';
const mostBytes = 256 * 1024 * 1024;
const mostShare = 0.05;
const chunkBytes = 1024 * 1024;

/** 256 MB, on a small file system a twentieth of it. */
export const reserveBytesFor = (totalBytes: number): number =>
  Math.floor(Math.min(mostBytes, totalBytes * mostShare) / chunkBytes) * chunkBytes;

export const createReserveFile = (root: string): ReserveFile => {
  const path = join(root, name);
  let held = false;
  return {
    open: async () => {
      held = ((await stat(path).catch(() => undefined))?.size ?? 0) > 0;
    },
    isHeld: () => held,
    make: async (bytes) => {
      if (bytes === 0) return;
      try {
        await using file = await open(path, 'w', 0o600);
        // Random, so that a file system that compresses keeps it at its size.
        const chunk = randomFillSync(Buffer.alloc(chunkBytes));
        for (let written = 0; written < bytes; written += chunkBytes) await file.writeFile(chunk);
        await file.sync();
        held = true;
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
    },
    release: async () => {
      await rm(path, { force: true });
      held = false;
    },
  };
};

import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type BulkBegin, bulkLimits } from '@parapet/contract/wire';
import { readFileBounded, writeFileDurably } from '@parapet/core';
import { z } from 'zod';

/** Documents that arrive in parts. What is here survives a restart, so a transfer goes on where it was. */
export type BulkSpool = {
  /** Opens a transfer, new or begun before. `full` when there is no room for it now. */
  readonly open: (hostId: string, begin: BulkBegin) => Promise<SpooledTransfer | 'full'>;
  /** Removes what nobody continued for a day. */
  readonly clean: (nowMs: number) => Promise<void>;
};

export type SpooledTransfer = {
  readonly begin: BulkBegin;
  /** Bytes written so far. */
  readonly offset: () => number;
  readonly append: (data: Buffer) => Promise<void>;
  /** Makes what was written survive a crash. */
  readonly sync: () => Promise<void>;
  /** The whole content when its hash fits, else `undefined`. */
  readonly finish: () => Promise<Buffer | undefined>;
  readonly discard: () => Promise<void>;
  readonly close: () => Promise<void>;
};

const Meta = z.object({ taskId: z.string(), sizeBytes: z.number(), sha256: z.string() });
const maxMetaBytes = 4096;
const keptMs = 24 * 3_600_000;

export type BulkSpoolLimits = {
  /** All unfinished documents together, at the sizes they will have. */
  readonly spoolBytes: number;
  /** Never the last of the disk. */
  readonly reserveBytes: number;
};

const bulkSpoolLimits: BulkSpoolLimits = { spoolBytes: 1024 * 1024 * 1024, reserveBytes: 512 * 1024 * 1024 };

export const createBulkSpool = (dir: string, limits: BulkSpoolLimits = bulkSpoolLimits): BulkSpool => {
  const pathOf = (hostId: string, transferId: string): string => join(dir, `${hostId}.${transferId}`);
  // Read once: when a fleet arrives, thousands of documents wait here, and looking at each for every other took a fifth of a core.
  let sizes: Promise<Map<string, number>> | undefined;
  const sizesNow = async (): Promise<Map<string, number>> => {
    sizes ??= readSizes(dir);
    return sizes.catch((error: unknown) => {
      sizes = undefined;
      throw error;
    });
  };
  return {
    open: async (hostId, begin) => {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const held = await sizesNow();
      const path = pathOf(hostId, begin.transferId);
      const metaPath = `${path}.json`;
      const { taskId, sizeBytes, sha256 } = begin;
      const meta = JSON.stringify({ taskId, sizeBytes, sha256 } satisfies z.infer<typeof Meta>);
      const known = await readFileBounded(metaPath, maxMetaBytes);
      if (!known.ok || known.value.toString('utf8') !== meta) {
        if (!(await hasRoom(dir, held, path, sizeBytes, limits))) return 'full';
        held.set(path, sizeBytes);
        try {
          await rm(path, { force: true });
          await writeFileDurably(metaPath, meta);
        } catch (error) {
          held.delete(path);
          throw error;
        }
      }
      held.set(path, sizeBytes);
      return openTransfer(path, begin, () => held.delete(path));
    },
    clean: async (nowMs) => {
      const held = await sizesNow();
      for (const name of await readdir(dir).catch(() => [])) {
        const path = join(dir, name);
        const info = await stat(path).catch(() => undefined);
        if (info === undefined || nowMs - info.mtimeMs <= keptMs) continue;
        await rm(path, { force: true });
        held.delete(path);
      }
    },
  };
};

/** What the documents that an earlier console left take, by their paths. */
const readSizes = async (dir: string): Promise<Map<string, number>> => {
  const sizes = new Map<string, number>();
  for (const name of await readdir(dir).catch(() => [])) {
    const info = await stat(join(dir, name)).catch(() => undefined);
    if (info !== undefined) sizes.set(join(dir, name), info.size);
  }
  return sizes;
};

const hasRoom = async (
  dir: string,
  held: ReadonlyMap<string, number>,
  path: string,
  sizeBytes: number,
  limits: BulkSpoolLimits,
): Promise<boolean> => {
  const disk = await statfs(dir);
  // Summed after the wait, so that two that ask at once do not both get the last room.
  let used = sizeBytes - (held.get(path) ?? 0);
  for (const size of held.values()) used += size;
  return used <= limits.spoolBytes && disk.bavail * disk.bsize - sizeBytes > limits.reserveBytes;
};

const openTransfer = async (path: string, begin: BulkBegin, onGone: () => void): Promise<SpooledTransfer> => {
  const handle = await openForAppend(path);
  let offset = 0;
  let open = true;
  const close = async (): Promise<void> => {
    if (open) await handle.close();
    open = false;
  };
  const discard = async (): Promise<void> => {
    await close();
    await rm(path, { force: true });
    await rm(`${path}.json`, { force: true });
    onGone();
  };
  try {
    offset = (await handle.stat()).size;
    if (offset > begin.sizeBytes) await handle.truncate(0);
    if (offset > begin.sizeBytes) offset = 0;
  } catch (error) {
    await close();
    throw error;
  }
  return {
    begin,
    offset: () => offset,
    append: async (data) => {
      const { bytesWritten } = await handle.write(data, 0, data.length, offset);
      offset += bytesWritten;
      if (bytesWritten !== data.length) throw new Error('The disk took only a part of a chunk.');
    },
    sync: () => handle.datasync(),
    finish: async () => {
      const content = await readFileBounded(path, bulkLimits.transferBytes);
      if (!content.ok) return undefined;
      const fits = createHash('sha256').update(content.value).digest('hex') === begin.sha256;
      return fits ? content.value : undefined;
    },
    discard,
    close,
  };
};

const openForAppend = async (path: string): Promise<FileHandle> => {
  try {
    return await open(path, 'r+');
  } catch {
    return open(path, 'wx+', 0o600);
  }
};

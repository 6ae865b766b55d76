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
/** All unfinished documents together. */
const spoolBytes = 1024 * 1024 * 1024;
/** Never the last of the disk. */
const reserveBytes = 512 * 1024 * 1024;

export const createBulkSpool = (dir: string): BulkSpool => {
  const pathOf = (hostId: string, transferId: string): string => join(dir, `${hostId}.${transferId}`);
  return {
    open: async (hostId, begin) => {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const path = pathOf(hostId, begin.transferId);
      const metaPath = `${path}.json`;
      const { taskId, sizeBytes, sha256 } = begin;
      const meta = JSON.stringify({ taskId, sizeBytes, sha256 } satisfies z.infer<typeof Meta>);
      const known = await readFileBounded(metaPath, maxMetaBytes);
      if (!known.ok || known.value.toString('utf8') !== meta) {
        if (!(await hasRoom(dir, sizeBytes))) return 'full';
        await rm(path, { force: true });
        await writeFileDurably(metaPath, meta);
      }
      return openTransfer(path, begin);
    },
    clean: async (nowMs) => {
      for (const name of await readdir(dir).catch(() => [])) {
        const path = join(dir, name);
        const info = await stat(path).catch(() => undefined);
        if (info !== undefined && nowMs - info.mtimeMs > keptMs) await rm(path, { force: true });
      }
    },
  };
};

const hasRoom = async (dir: string, sizeBytes: number): Promise<boolean> => {
  let used = 0;
  for (const name of await readdir(dir)) used += (await stat(join(dir, name)).catch(() => undefined))?.size ?? 0;
  const disk = await statfs(dir);
  return used + sizeBytes <= spoolBytes && disk.bavail * disk.bsize - sizeBytes > reserveBytes;
};

const openTransfer = async (path: string, begin: BulkBegin): Promise<SpooledTransfer> => {
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

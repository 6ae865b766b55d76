import { constants } from 'node:fs';
import { mkdir, open, readdir, readlink, rename, rm, stat, statfs, symlink } from 'node:fs/promises';

/**
 * What an upgrade does to the disk, in the steps between which a crash or power cut may come; tests stand in here and let it
 * happen at each of them.
 */
export type UpgradeFiles = {
  readonly freeBytes: (path: string) => Promise<number>;
  /** `undefined` when there is nothing. */
  readonly sizeOf: (path: string) => Promise<number | undefined>;
  readonly list: (folder: string) => Promise<readonly string[]>;
  readonly readLink: (path: string) => Promise<string | undefined>;
  readonly makeFolder: (path: string, mode: number) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly link: (target: string, path: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  /** Brings a file's content, or a folder's names, onto the disk. */
  readonly sync: (path: string) => Promise<void>;
};

export const systemFiles: UpgradeFiles = {
  freeBytes: async (path) => {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
  sizeOf: async (path) => (await orAbsent(stat(path)))?.size,
  list: async (folder) => (await orAbsent(readdir(folder))) ?? [],
  readLink: async (path) => orAbsent(readlink(path)),
  makeFolder: async (path, mode) => {
    await mkdir(path, { recursive: true, mode });
  },
  rename,
  link: symlink,
  remove: (path) => rm(path, { recursive: true, force: true }),
  sync: async (path) => {
    await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    await handle.sync();
  },
};

const orAbsent = async <T>(result: Promise<T>): Promise<T | undefined> => {
  try {
    return await result;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EINVAL'))
      return undefined;
    throw error;
  }
};

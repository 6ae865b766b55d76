import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, makeFolderDurably, parseJson, readFileBounded, writeFileDurably } from '@parapet/core';
import { z } from 'zod';
import { takeLock } from './lock.ts';
import { refuseHalfRestored } from './restore-marker.ts';

/** Paths inside the console's data folder, all private to its user. */
export type DataFolder = AsyncDisposable & {
  readonly root: string;
  /** Private keys (files 0600). */
  readonly keysDir: string;
  readonly logsDir: string;
  readonly postgresDir: string;
  /** Sockets of this run. */
  readonly runDir: string;
  /** Advisory databases and imported bundles. */
  readonly feedsDir: string;
  /** Uploads in progress; emptied when the folder is opened, since a killed console leaves them. */
  readonly temporaryDir: string;
  /** Backups that the console made by itself. */
  readonly backupsDir: string;
};

/** Raised when the layout changes so that an older program could not read it. */
const layoutFormat = 1;

const VersionFile = z.object({ format: z.number().int().min(1), version: z.string().max(64) });

/**
 * Opens the data folder for this one process, making it when it is missing. Throws AppError with a sentence that says
 * what to do when another process has it, when a newer program wrote it, or when it cannot be written.
 */
export const openDataFolder = async (
  root: string,
  version: string,
  options: { /** To finish a restore that was interrupted. */ readonly toRestore?: boolean } = {},
): Promise<DataFolder> => {
  const folder = {
    root,
    keysDir: join(root, 'keys'),
    logsDir: join(root, 'logs'),
    postgresDir: join(root, 'postgres'),
    runDir: join(root, 'run'),
    feedsDir: join(root, 'feeds'),
    temporaryDir: join(root, 'tmp'),
    backupsDir: join(root, 'backups'),
  };
  const { root: _, postgresDir, ...privateDirs } = folder;
  try {
    await makeFolderDurably(root);
    await makeFolderDurably(postgresDir);
    for (const dir of Object.values(privateDirs)) {
      await makeFolderDurably(dir);
      await chmod(dir, 0o700);
    }
  } catch (cause) {
    throw unusable(root, cause);
  }
  const lock = await takeLock(root);
  try {
    if (options.toRestore !== true) await refuseHalfRestored(root);
    await checkVersion(root, version);
    for (const name of await readdir(folder.temporaryDir))
      await rm(join(folder.temporaryDir, name), { recursive: true, force: true });
    return { ...folder, [Symbol.asyncDispose]: lock.release };
  } catch (error) {
    await lock.release();
    throw error;
  }
};

const checkVersion = async (root: string, version: string): Promise<void> => {
  const path = join(root, 'version.json');
  const read = await readFileBounded(path, 4096);
  if (read.ok) {
    const parsed = parseJson(read.value.toString('utf8'), VersionFile);
    if (!parsed.ok) {
      throw new AppError(
        'data-folder',
        500,
        `${path} is damaged. Restore it from a backup, or give another data folder.`,
      );
    }
    if (parsed.value.format > layoutFormat) {
      throw new AppError(
        'newer-data',
        500,
        `The data folder ${root} was written by Parapet ${parsed.value.version}, which is newer than this ${version}. Start that version or a later one.`,
      );
    }
    if (parsed.value.version === version) return;
  } else if (read.error.code !== 'enoent') {
    throw unusable(root, read.error.message);
  }
  await writeFileDurably(path, `${JSON.stringify({ format: layoutFormat, version })}\n`);
};

const unusable = (root: string, cause: unknown): AppError =>
  new AppError(
    'data-folder',
    500,
    `The data folder ${root} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}. Give one that this user may write, with --data-dir.`,
    { cause },
  );

import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, parseJson, readStreamBounded } from '@parapet/core';
import type { Sink } from './archive-writer.ts';
import { blockBytes } from './archive-writer.ts';
import { BackupHeader, type BackupOrigin, backupLimits } from './format.ts';

/** A whole backup in the console's own folder. */
export type StoredBackup = {
  readonly name: string;
  readonly takenAt: string;
  readonly origin: BackupOrigin;
  readonly program: string;
  readonly sizeBytes: number;
};

const pattern = /^parapet-[0-9]{8}T[0-9]{6}Z-(manual|scheduled|before-upgrade)\.tar$/;
const partialSuffix = '.partial';
const listed = 1000;

export const backupName = (origin: BackupOrigin, at: Date): string =>
  `parapet-${at.toISOString().replace(/[-:]|\.\d+/g, '')}-${origin}.tar`;

/** What is there, newest first. What is no backup is not told. */
export const listBackups = async (folder: string): Promise<readonly StoredBackup[]> => {
  const names = (await readdir(folder).catch(() => []))
    .filter((name) => pattern.test(name))
    .sort()
    .reverse();
  const found = await Promise.all(names.slice(0, listed).map((name) => describe(folder, name)));
  return found.flatMap((backup) => (backup === undefined ? [] : [backup]));
};

const describe = async (folder: string, name: string): Promise<StoredBackup | undefined> => {
  const path = join(folder, name);
  const info = await stat(path).catch(() => undefined);
  // The header is the first member, a small one.
  const start = createReadStream(path, { start: blockBytes, end: blockBytes + backupLimits.headerBytes - 1 });
  const read = await readStreamBounded(start, backupLimits.headerBytes).catch(() => undefined);
  if (info === undefined || read?.ok !== true) return undefined;
  const text = read.value.toString('utf8');
  const header = parseJson(text.slice(0, text.indexOf('\n}') + 2), BackupHeader);
  if (!header.ok) return undefined;
  const { takenAt, origin, program } = header.value;
  return { name, takenAt, origin, program, sizeBytes: info.size };
};

/**
 * Writes a file so that its name appears only when it is whole and on the disk. What a killed writer left is removed by the
 * next one.
 */
export const writeWhole = async <T>(folder: string, name: string, write: (sink: Sink) => Promise<T>): Promise<T> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const left of (await readdir(folder)).filter((other) => other.endsWith(partialSuffix))) {
    await rm(join(folder, left), { force: true });
  }
  const partial = join(folder, `${name}${partialSuffix}`);
  try {
    await using handle = await open(partial, 'wx', 0o600);
    const result = await write(async (bytes) => void (await handle.writeFile(bytes)));
    await handle.sync();
    await rename(partial, join(folder, name));
    await using parent = await open(folder, 'r');
    await parent.sync();
    return result;
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
};

/** Keeps the newest of an origin. */
export const rotate = async (folder: string, origin: BackupOrigin, keep: number): Promise<readonly string[]> => {
  const backups = (await listBackups(folder)).filter((backup) => backup.origin === origin);
  const over = backups.slice(keep);
  for (const { name } of over) await rm(join(folder, name), { force: true });
  return over.map(({ name }) => name);
};

/** Never the last of the disk: PostgreSQL needs some to go on. */
const reserveBytes = 512 * 1024 * 1024;

/** Throws AppError `no-room` when a file of that size would fill the disk. */
export const requireRoom = async (folder: string, neededBytes: number, what: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes + reserveBytes) return;
  const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;
  throw new AppError(
    'no-room',
    507,
    `There is too little room in ${folder} for ${what}: ${mib(freeBytes)} are free, ${mib(neededBytes + reserveBytes)} are needed. Make room and try again.`,
  );
};

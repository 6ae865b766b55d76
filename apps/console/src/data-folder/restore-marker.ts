import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, parseJson, readFileBounded, writeFileDurably } from '@parapet/core';
import { z } from 'zod';

/** Lies in the data folder while a backup is restored into it. */
const RestoreMarker = z.object({ format: z.literal(1), backup: z.uuid() });

const pathOf = (root: string): string => join(root, 'restore.json');

export const writeRestoreMarker = (root: string, backup: string): Promise<void> =>
  writeFileDurably(pathOf(root), `${JSON.stringify({ format: 1, backup } satisfies z.infer<typeof RestoreMarker>)}\n`);

export const removeRestoreMarker = (root: string): Promise<void> => rm(pathOf(root), { force: true });

/** The backup whose restore did not come to its end here, if any. */
export const readRestoreMarker = async (root: string): Promise<string | undefined> => {
  const read = await readFileBounded(pathOf(root), 4096);
  if (!read.ok) return undefined;
  const parsed = parseJson(read.value.toString('utf8'), RestoreMarker);
  // A marker that cannot be read still says that something was begun.
  return parsed.ok ? parsed.value.backup : 'unknown';
};

/** A half restored folder would start as a console without its keys or its data. */
export const refuseHalfRestored = async (root: string): Promise<void> => {
  if ((await readRestoreMarker(root)) === undefined) return;
  throw new AppError(
    'restore-unfinished',
    500,
    `A restore into ${root} was interrupted. Run the same restore again; it begins anew and finishes it.`,
  );
};

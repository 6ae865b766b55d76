import { link, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';

/** Below the console's data folder. */
export const telemetryFolder = 'telemetry';
const filesFolder = 'events';
const spoolFolder = 'spool';
/** Holds on to files while a backup reads them; what a killed one left is removed by the next, and by the next start. */
const heldFolder = 'held';

/** Of a file of the store or a segment of the spool, below the data folder. */
export const eventFilePattern = /^telemetry\/(events\/[0-9a-z-]{1,80}\.parquet|spool\/\d{12}\.(open|sealed))$/;

/** Path below the data folder, and where its content lies as it was. */
export type HeldFile = { readonly path: string; readonly heldAt: string };

/**
 * Holds on to the files of events as a transaction sees them, and to what of the spool is not in them yet, by hard links: the
 * store may put files together and delete them meanwhile. Call it while that view is fresh: files stay two minutes after
 * they were replaced.
 */
export const holdEventFiles = async (
  client: pg.ClientBase,
  dataFolder: string,
): Promise<AsyncDisposable & { readonly files: readonly HeldFile[] }> => {
  const root = join(dataFolder, telemetryFolder);
  const held = join(root, heldFolder);
  await releaseHeld(dataFolder);
  await mkdir(held, { recursive: true, mode: 0o700 });
  const wanted = !(await hasEvents(client))
    ? []
    : [
        ...(await filesInUse(client)).map((name) => `${filesFolder}/${name}`),
        ...(await segmentsAfter(client, join(root, spoolFolder))).map((name) => `${spoolFolder}/${name}`),
      ];
  const files: HeldFile[] = [];
  for (const name of wanted) {
    const heldAt = join(held, String(files.length));
    if (await linked(join(root, name), heldAt)) files.push({ path: `${telemetryFolder}/${name}`, heldAt });
  }
  return { files, [Symbol.asyncDispose]: () => releaseHeld(dataFolder) };
};

export const releaseHeld = (dataFolder: string): Promise<void> =>
  rm(join(dataFolder, telemetryFolder, heldFolder), { recursive: true, force: true });

/** The names of files of the store among those of a backup. */
export const storeFilesOf = (paths: readonly string[]): readonly string[] =>
  paths.flatMap((path) => {
    const prefix = `${telemetryFolder}/${filesFolder}/`;
    return path.startsWith(prefix) ? [path.slice(prefix.length)] : [];
  });

/** Not in data that an earlier version left and that was not upgraded yet. */
const hasEvents = async (client: pg.ClientBase): Promise<boolean> => {
  const { rows } = await client.query<{ there: boolean }>(
    "select to_regclass('public.telemetry_files') is not null as there",
  );
  return rows[0]?.there === true;
};

const filesInUse = async (client: pg.ClientBase): Promise<readonly string[]> => {
  const { rows } = await client.query<{ path: string }>(
    'select path from public.telemetry_files where retired_at is null order by last_at',
  );
  return rows.map(({ path }) => path);
};

/** Segments that the transaction does not see as stored. */
const segmentsAfter = async (client: pg.ClientBase, folder: string): Promise<readonly string[]> => {
  const { rows } = await client.query<{ segment: string }>(
    'select segment::text as segment from public.telemetry_progress',
  );
  const stored = Number(rows[0]?.segment ?? 0);
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /^\d{12}\.(open|sealed)$/.test(name) && Number(name.slice(0, 12)) > stored).sort();
};

/** Whether it was there: a file that is gone is missing in the backup as it is here, a segment was sealed meanwhile. */
const linked = async (from: string, to: string): Promise<boolean> => {
  for (const path of [from, from.replace(/\.open$/, '.sealed')]) {
    try {
      await link(path, to);
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  return false;
};

import { mkdir, open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AppError, type Clock } from '@parapet/core';
import pg from 'pg';
import type { ConsoleConfig } from '../config/config.ts';
import { type DataFolder, openDataFolder } from '../data-folder/data-folder.ts';
import { readRestoreMarker, removeRestoreMarker, writeRestoreMarker } from '../data-folder/restore-marker.ts';
import { clientConfig, connectDatabase, type DatabaseAddress } from '../database/connect.ts';
import { type OpenDatabaseOptions, openDatabase } from '../database/open-database.ts';
import { silentLog } from '../logging/log.ts';
import { adjustRestored, readRestoredFrom } from './after-restore.ts';
import { brokenBackup, type RandomAccess, readEntry } from './archive-reader.ts';
import { readConsoleKeys, requireFreeKeyPlace, writeConsoleKeys } from './console-keys.ts';
import { type BackupFile, type BackupManifest, backupLimits, memberNames } from './format.ts';
import { openPart } from './part-cutter.ts';
import { isEmptyDatabase, restoreDatabase } from './restore-database.ts';
import { type ConsoleKeys, openKeys } from './sealed-keys.ts';
import { type VerifiedBackup, verifyBackup } from './verify-backup.ts';
import { boundHash } from './write-backup.ts';

export type RestoreRequest = {
  readonly config: ConsoleConfig;
  readonly clock: Clock;
  readonly file: RandomAccess;
  readonly passphrase: string | undefined;
  /** Take the data without its keys: the place has them, or all sensors are enrolled anew. */
  readonly withoutKeys: boolean;
  readonly database?: OpenDatabaseOptions | undefined;
  readonly onStep: (step: string) => void;
};

export type RestoreOutcome = {
  readonly manifest: BackupManifest;
  readonly migrated: readonly string[];
  readonly keys: 'restored' | 'kept' | 'none';
};

/**
 * Makes an empty data folder, with an empty database, into the console that a backup was taken of. Everything is checked
 * before anything is touched. Keys come first and data last, in one transaction, so that a restore that was killed is begun
 * anew by the same command, and no console starts in between.
 */
export const restoreConsole = async (request: RestoreRequest): Promise<RestoreOutcome> => {
  const { config, file, onStep } = request;
  onStep('Checking the backup');
  const backup = await verifyBackup(file);
  const keys = await keysOf(request, backup);
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await openDataFolder(config.dataDir, config.version, { toRestore: true }));
  const places = { keysDir: folder.keysDir, keyFile: config.keyFile };
  if (keys !== undefined) await requireFreeKeyPlace(places, keys);
  onStep('Starting the database');
  const database = await openDatabase(config, folder, silentLog, request.database);
  stack.defer(database.stopServer);
  stack.defer(database.close);
  const isDone = await isRestoredAlready(database.address, folder.root, backup.manifest.id);
  await writeRestoreMarker(folder.root, backup.manifest.id);
  if (keys !== undefined) await writeConsoleKeys(places, keys);
  const hasAuthority = (await readConsoleKeys(places)) !== undefined;
  for (const kept of backup.manifest.files) await restoreFile(folder, file, backup, kept);
  const { migrated } = isDone
    ? { migrated: [] }
    : await restoreDatabase({
        ...{ address: database.address, file, backup, program: config.version, onStep },
        adjust: (db) => adjustRestored(db, backup.manifest, new Date(request.clock.now())),
      });
  await removeRestoreMarker(folder.root);
  return {
    manifest: backup.manifest,
    migrated,
    keys: keys !== undefined ? 'restored' : hasAuthority ? 'kept' : 'none',
  };
};

const keysOf = async (
  { withoutKeys, passphrase, file }: RestoreRequest,
  { manifest, entries }: VerifiedBackup,
): Promise<ConsoleKeys | undefined> => {
  if (withoutKeys) return undefined;
  const entry = entries.get(memberNames.keys);
  if (entry === undefined) {
    throw new AppError(
      'no-keys',
      400,
      'This backup has no keys, because none of its passphrase was set when it was made. With --without-keys its data is restored; keys that lie in the data folder are then used, and without any all sensors must be enrolled anew.',
    );
  }
  if (passphrase === undefined) {
    throw new AppError(
      'no-passphrase',
      400,
      'The keys in this backup need its passphrase: give it by --passphrase-file or PARAPET_BACKUP_PASSPHRASE.',
    );
  }
  const before = manifest.members.filter(({ name }) => name !== memberNames.keys);
  return openKeys(await readEntry(file, entry, backupLimits.memberBytes), passphrase, boundHash(before));
};

/** Throws AppError `not-empty` where there is other data; true when this very restore came to the end of its transaction. */
const isRestoredAlready = async (address: DatabaseAddress, root: string, backup: string): Promise<boolean> => {
  const client = new pg.Client(clientConfig(address));
  client.on('error', () => undefined);
  await client.connect();
  try {
    if (await isEmptyDatabase(client)) return false;
  } finally {
    await client.end();
  }
  if ((await readRestoreMarker(root)) === backup) {
    const { db, close } = connectDatabase({ address, maxConnections: 1 });
    try {
      if ((await readRestoredFrom(db))?.backup === backup) return true;
    } finally {
      await close();
    }
  }
  throw new AppError(
    'not-empty',
    409,
    'There is data already, and a restore never overwrites any. Give an empty database, or a data folder that is not there yet.',
  );
};

/** Written beside its name and renamed: what is there is whole. */
const restoreFile = async (
  folder: DataFolder,
  file: RandomAccess,
  backup: VerifiedBackup,
  kept: BackupFile,
): Promise<void> => {
  const target = join(folder.root, kept.path);
  const partial = `${target}.restoring`;
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  {
    await using handle = await open(partial, 'w', 0o600);
    for (let part = 1; part <= kept.parts; part += 1) {
      const name = memberNames.filePart(basename(kept.path), part);
      const entry = backup.entries.get(name);
      if (entry === undefined) throw brokenBackup(`${name} is missing`);
      await handle.write(await openPart(await readEntry(file, entry, backupLimits.memberBytes), name));
    }
    await handle.sync();
  }
  await rename(partial, target);
};

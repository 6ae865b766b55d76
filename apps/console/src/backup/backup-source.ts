import { readFile } from 'node:fs/promises';
import { AppError, type Clock, messageOf } from '@parapet/core';
import type { ConsoleConfig } from '../config/config.ts';
import type { DataFolder } from '../data-folder/data-folder.ts';
import type { DatabaseAddress } from '../database/connect.ts';
import { readConsoleKeys } from './console-keys.ts';
import type { BackupOrigin } from './format.ts';
import type { BackupProgress, BackupRequest } from './write-backup.ts';

export type BackupChoice = {
  readonly origin: BackupOrigin;
  readonly passphrase: string | undefined;
  readonly withFeeds: boolean;
  readonly onProgress?: (progress: BackupProgress) => void;
  readonly signal?: AbortSignal;
};

/** What of a console a backup is made of. */
export const describeSource = async (
  parts: {
    readonly config: ConsoleConfig;
    readonly folder: DataFolder;
    readonly address: DatabaseAddress;
    readonly clock: Clock;
  },
  choice: BackupChoice,
): Promise<BackupRequest> => {
  const { config, folder, address, clock } = parts;
  const { passphrase, origin, onProgress, signal } = choice;
  const keys =
    passphrase === undefined ? undefined : await readConsoleKeys({ keysDir: folder.keysDir, keyFile: config.keyFile });
  return {
    ...{ address, clock, origin, program: config.version, consoleName: config.name, onProgress, signal },
    keys: keys === undefined || passphrase === undefined ? undefined : { content: keys, passphrase },
    feedsDir: choice.withFeeds ? folder.feedsDir : undefined,
  };
};

const maxPassphraseBytes = 4096;

/** The passphrase of backups that the console makes by itself; `undefined` leaves the keys out. */
export const readConfiguredPassphrase = async (config: ConsoleConfig): Promise<string | undefined> => {
  const { passphrase, passphraseFile } = config.backup;
  if (passphraseFile === undefined) return passphrase;
  try {
    const text = await readFile(passphraseFile, 'utf8');
    return text.slice(0, maxPassphraseBytes).replace(/\r?\n$/, '');
  } catch (cause) {
    throw new AppError(
      'passphrase-file',
      500,
      `The passphrase of backups could not be read from ${passphraseFile}: ${messageOf(cause)}`,
      { cause },
    );
  }
};

import type { Clock } from '@parapet/core';
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
  /** Takes the files of events along. */
  readonly withEvents: boolean;
  /** Makes what sensors were told is stored part of the files of events; a console that does not run has no such thing to do. */
  readonly settleEvents?: () => Promise<void>;
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
  const { passphrase, origin, onProgress, signal, settleEvents } = choice;
  const keys =
    passphrase === undefined ? undefined : await readConsoleKeys({ keysDir: folder.keysDir, keyFile: config.keyFile });
  return {
    ...{ address, clock, origin, program: config.version, consoleName: config.name, onProgress, signal },
    keys: keys === undefined || passphrase === undefined ? undefined : { content: keys, passphrase },
    feedsDir: choice.withFeeds ? folder.feedsDir : undefined,
    events: choice.withEvents ? { dataFolder: folder.root, settle: settleEvents } : undefined,
  };
};

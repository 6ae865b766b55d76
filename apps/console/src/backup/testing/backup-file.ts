import { type Clock, systemClock } from '@parapet/core';
import type { Kysely } from 'kysely';
import type { Tables } from '../../database/database.ts';
import type { TestDatabase } from '../../testing/test-database.ts';
import type { RandomAccess } from '../archive-reader.ts';
import type { BackupManifest } from '../format.ts';
import { restoreDatabase } from '../restore-database.ts';
import { verifyBackup } from '../verify-backup.ts';
import { type BackupRequest, writeBackup } from '../write-backup.ts';

/** A backup held in memory, for tests. */
export const takeBackup = async (
  database: TestDatabase,
  part: Partial<BackupRequest> = {},
): Promise<{ readonly content: Buffer; readonly manifest: BackupManifest }> => {
  const chunks: Buffer[] = [];
  const clock: Clock = systemClock;
  const manifest = await writeBackup(
    {
      ...{ address: database.address, clock, program: '0.1.0', consoleName: 'test', origin: 'manual' },
      ...{ keys: undefined, feedsDir: undefined, events: undefined },
      ...part,
    },
    async (bytes) => void chunks.push(bytes),
  );
  return { content: Buffer.concat(chunks), manifest };
};

export const inMemory = (content: Buffer): RandomAccess => ({
  readAt: async (position, length) => content.subarray(position, position + length),
});

/** Restores into an empty test database. */
export const restoreInto = async (
  database: TestDatabase,
  content: Buffer,
  adjust: (db: Kysely<Tables>) => Promise<void> = async () => undefined,
): Promise<readonly string[]> => {
  const file = inMemory(content);
  const backup = await verifyBackup(file);
  const { migrated } = await restoreDatabase({ address: database.address, file, backup, program: '0.1.0', adjust });
  return migrated;
};

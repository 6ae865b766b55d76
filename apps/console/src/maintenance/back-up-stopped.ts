import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, systemClock } from '@parapet/core';
import { createAuditLog } from '../audit/audit-log.ts';
import type { Sink } from '../backup/archive-writer.ts';
import { auditOf } from '../backup/backup-service.ts';
import { describeSource } from '../backup/backup-source.ts';
import type { BackupManifest } from '../backup/format.ts';
import { writeBackup } from '../backup/write-backup.ts';
import type { ConsoleConfig } from '../config/config.ts';
import { openDataFolder } from '../data-folder/data-folder.ts';
import { type OpenDatabaseOptions, openDatabase } from '../database/open-database.ts';
import { silentLog } from '../logging/log.ts';

/** Backs a console up that does not run: takes its lock, starts its database, and stops it again. */
export const backUpStopped = async (
  config: ConsoleConfig,
  choice: { readonly passphrase?: string | undefined; readonly withFeeds: boolean; readonly withEvents: boolean },
  sink: Sink,
  onStep: (step: string) => void,
  options?: OpenDatabaseOptions,
): Promise<{ readonly manifest: BackupManifest; readonly sizeBytes: number }> => {
  await requireConsole(config.dataDir);
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await openDataFolder(config.dataDir, config.version));
  onStep('Starting the database');
  const database = await openDatabase(config, folder, silentLog, options);
  stack.defer(database.stopServer);
  stack.defer(database.close);
  const clock = systemClock;
  const request = await describeSource(
    { config, folder, clock, address: database.address },
    {
      ...{ origin: 'manual', passphrase: choice.passphrase },
      ...{ withFeeds: choice.withFeeds, withEvents: choice.withEvents },
      onProgress: ({ step, done }) => onStep(`${Math.round(done * 100)} %: ${step}`),
    },
  );
  let sizeBytes = 0;
  const manifest = await writeBackup(request, async (bytes) => {
    sizeBytes += bytes.length;
    await sink(bytes);
  });
  const audit = createAuditLog({ db: database.db, clock, log: silentLog });
  await audit.record(auditOf(manifest, { kind: 'system', name: 'command line' }, undefined));
  return { manifest, sizeBytes };
};

/** Looking must not make one. */
const requireConsole = async (dataDir: string): Promise<void> => {
  const there = await access(join(dataDir, 'version.json')).then(
    () => true,
    () => false,
  );
  if (!there) throw new AppError('no-data', 409, `There is no console in ${dataDir}. Name its folder with --data-dir.`);
};

// @peculiar/x509 asks for this before anything of it is loaded.
import 'reflect-metadata';
import { write as writeCallback } from 'node:fs';
import { promisify } from 'node:util';
import { type BackupAnswer, MaintenanceJob, type MaintenanceMessage } from '@parapet/contract/control';
import { AppError, messageOf, systemClock } from '@parapet/core';
import { readDescriptor } from '../backup/archive-reader.ts';
import type { Sink } from '../backup/archive-writer.ts';
import type { BackupManifest } from '../backup/format.ts';
import { restoreConsole } from '../backup/restore-console.ts';
import { verifyBackup } from '../backup/verify-backup.ts';
import { type ConsoleConfig, createConfig } from '../config/config.ts';
import { readOwnSettings } from '../config/read-settings.ts';
import { backUpStopped } from './back-up-stopped.ts';

/**
 * Work on a console that does not run, as a child of the command line, as the console's own user. The backup is a descriptor
 * that the command line opened, so that neither needs the other's rights on files.
 */
const descriptor = 4;
const writeTo = promisify(writeCallback);

const run = async (job: MaintenanceJob): Promise<BackupAnswer> => {
  const file = readDescriptor(descriptor);
  switch (job.kind) {
    case 'verify': {
      const { manifest, sizeBytes } = await verifyBackup(file);
      return answerOf(manifest, sizeBytes);
    }
    case 'backup': {
      const { manifest, sizeBytes } = await backUpStopped(await ownConfig(), job, toDescriptor(), step);
      return answerOf(manifest, sizeBytes);
    }
    case 'restore': {
      const { passphrase, withoutKeys } = job;
      const { manifest, migrated, keys } = await restoreConsole({
        ...{ config: await ownConfig(), clock: systemClock, file, passphrase, withoutKeys },
        onStep: step,
      });
      return { ...answerOf(manifest, 0), migrated: [...migrated], keys };
    }
  }
};

const ownConfig = async (): Promise<ConsoleConfig> => createConfig((await readOwnSettings()).environment);

const toDescriptor = (): Sink => async (bytes) => {
  for (let at = 0; at < bytes.length; ) at += (await writeTo(descriptor, bytes, at, bytes.length - at)).bytesWritten;
};

const answerOf = (manifest: BackupManifest, sizeBytes: number): BackupAnswer => ({
  takenAt: manifest.takenAt,
  program: manifest.program,
  console: manifest.console,
  tables: manifest.tables.length,
  rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
  sizeBytes,
  hasKeys: manifest.hasKeys,
  hasFeeds: manifest.files.some(({ path }) => path.startsWith('feeds/')),
  hasEvents: manifest.hasEvents,
});

const step = (text: string): void => void process.send?.({ kind: 'step', text } satisfies MaintenanceMessage);

const failureOf = (error: unknown): MaintenanceMessage => ({
  kind: 'failed',
  code: error instanceof AppError ? error.code : 'failed',
  message: messageOf(error).slice(0, 4096),
});

// Whoever asked is gone: what is half done is undone or begun anew by the next.
process.once('disconnect', () => process.exit(1));
process.once('message', (message: unknown) => {
  run(MaintenanceJob.parse(message))
    .then((answer): MaintenanceMessage => ({ kind: 'done', answer }), failureOf)
    .then((outcome) => process.send?.(outcome, undefined, undefined, () => process.exit(0)));
});

import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import type { BackupSchedule, BackupStatus } from '@parapet/contract/api';
import { type Clock, conflict, messageOf } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuditRecord } from '../audit/audit-record.ts';
import type { ConsoleConfig } from '../config/config.ts';
import type { DataFolder } from '../data-folder/data-folder.ts';
import type { DatabaseAddress } from '../database/connect.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../logging/log.ts';
import { readRestoredFrom } from './after-restore.ts';
import type { Sink } from './archive-writer.ts';
import { backupName, listBackups, requireRoom, rotate, writeWhole } from './backup-files.ts';
import { readBackupSettings, writeBackupSettings } from './backup-settings.ts';
import { describeSource } from './backup-source.ts';
import { readDatabaseBytes } from './database-size.ts';
import type { BackupManifest, BackupOrigin } from './format.ts';
import { writeBackup } from './write-backup.ts';

export type BackupService = {
  readonly status: () => Promise<BackupStatus>;
  readonly setSchedule: (schedule: BackupSchedule) => Promise<void>;
  /** Makes one in the console's folder, and removes the oldest of its origin. Throws AppError with a sentence for people. */
  readonly make: (origin: BackupOrigin, signal?: AbortSignal) => Promise<void>;
  /** The same as a stream, for whoever asked on the console's machine; its end is there only when it is whole. */
  readonly stream: (choice: StreamChoice) => Promise<Readable>;
  /** Whether a scheduled one is due; the first falls due one interval after the first look. */
  readonly isDue: () => Promise<boolean>;
};

/** What a backup holds beside the tables. */
export type StreamChoice = {
  readonly passphrase: string | undefined;
  readonly withFeeds: boolean;
  readonly withEvents: boolean;
};

export type BackupServiceDeps = {
  readonly db: Database;
  readonly address: DatabaseAddress;
  readonly config: ConsoleConfig;
  readonly folder: DataFolder;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  /** Makes what sensors were told is stored part of the files of events. */
  readonly settleEvents: () => Promise<void>;
};

const hourMs = 3_600_000;
/** After a failure, e.g. for want of room, it is tried again this much later. */
const retryMs = hourMs;
const streamBufferBytes = 1024 * 1024;

export const createBackupService = (deps: BackupServiceDeps): BackupService => {
  const { db, config, folder, clock, log, audit } = deps;
  let running: { step: string; progress: number; readonly startedAt: string } | undefined;
  const now = (): Date => new Date(clock.now());

  /** One at a time: two would only make each other slower. */
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running !== undefined) throw conflict('backup-busy', 'A backup is being made already. Wait for its end.');
    running = { step: 'Starting', progress: 0, startedAt: now().toISOString() };
    try {
      return await work();
    } finally {
      running = undefined;
    }
  };

  const write = async (
    origin: BackupOrigin,
    sink: Sink,
    choice: StreamChoice & { readonly signal?: AbortSignal | undefined },
  ): Promise<BackupManifest> => {
    const { signal, ...rest } = choice;
    const request = await describeSource(deps, {
      ...{ ...rest, origin, settleEvents: deps.settleEvents },
      ...(signal === undefined ? {} : { signal }),
      onProgress: ({ step, done }) => {
        if (running !== undefined) Object.assign(running, { step, progress: done });
      },
    });
    return writeBackup(request, sink);
  };

  const makeFile = async (origin: BackupOrigin, signal: AbortSignal | undefined): Promise<void> => {
    // Compressed it is far smaller; but what it will be is not known before.
    await requireRoom(folder.backupsDir, await readDatabaseBytes(deps.address), 'a backup');
    const { passphrase } = config.backup;
    const name = backupName(origin, now());
    const manifest = await writeWhole(folder.backupsDir, name, (sink) =>
      write(origin, sink, { passphrase, withFeeds: false, withEvents: false, signal }),
    );
    await audit.record(auditOf(manifest, { kind: 'system', name: 'console' }, name));
    const { keep } = await readBackupSettings(db);
    const removed = await rotate(folder.backupsDir, origin, keep);
    log.info({ name, rows: rowsOf(manifest), removed }, 'backup made');
  };

  /** When the next is due, and how this one went. */
  const remember = async (origin: BackupOrigin, failure: unknown): Promise<void> => {
    const { lastFailure: _, ...settings } = await readBackupSettings(db);
    const waitMs = failure === undefined ? settings.everyHours * hourMs : retryMs;
    await writeBackupSettings(
      db,
      {
        ...settings,
        ...(origin === 'scheduled' ? { nextAt: new Date(clock.now() + waitMs).toISOString() } : {}),
        ...(failure === undefined ? {} : { lastFailure: { at: now().toISOString(), message: messageOf(failure) } }),
      },
      now(),
    );
  };

  return {
    status: async () => {
      const [settings, backups, restored] = await Promise.all([
        readBackupSettings(db),
        listBackups(folder.backupsDir),
        readRestoredFrom(db),
      ]);
      const { enabled, everyHours, keep, nextAt, lastFailure } = settings;
      return {
        folder: folder.backupsDir,
        backups: [...backups],
        schedule: { enabled, everyHours, keep, ...(enabled && nextAt !== undefined ? { nextAt } : {}) },
        withKeys: config.backup.passphrase !== undefined,
        ...(running === undefined ? {} : { running: { ...running } }),
        ...(lastFailure === undefined ? {} : { lastFailure }),
        ...(restored === undefined ? {} : { restoredFrom: restored }),
      };
    },
    setSchedule: async (schedule) => {
      const { lastFailure } = await readBackupSettings(db);
      const nextAt = new Date(clock.now() + schedule.everyHours * hourMs).toISOString();
      await writeBackupSettings(
        db,
        { ...schedule, nextAt, ...(lastFailure === undefined ? {} : { lastFailure }) },
        now(),
      );
    },
    make: (origin, signal) =>
      alone(async () => {
        try {
          await makeFile(origin, signal);
          await remember(origin, undefined);
        } catch (error) {
          await remember(origin, error);
          throw error;
        }
      }),
    stream: async (choice) => {
      const out = new PassThrough({ highWaterMark: streamBufferBytes });
      const sink: Sink = async (bytes) => {
        if (out.destroyed) throw new Error('Nobody takes the backup any more.');
        if (!out.write(bytes)) await Promise.race([once(out, 'drain'), once(out, 'close')]);
      };
      // The first member comes when everything was found that it needs; until then a refusal can be said in words.
      const begun = Promise.withResolvers<void>();
      const whole = alone(() =>
        write(
          'manual',
          async (bytes) => {
            begun.resolve();
            await sink(bytes);
          },
          choice,
        ),
      );
      whole.then(
        async (manifest) => {
          await audit.record(auditOf(manifest, { kind: 'system', name: 'command line' }, undefined));
          out.end();
        },
        (error: unknown) => {
          begun.reject(error);
          out.destroy(error instanceof Error ? error : new Error(messageOf(error)));
        },
      );
      out.on('error', (error) => log.warn({ error: error.message }, 'a backup was not finished'));
      await begun.promise;
      return out;
    },
    isDue: async () => {
      const settings = await readBackupSettings(db);
      if (!settings.enabled) return false;
      if (settings.nextAt !== undefined) return Date.parse(settings.nextAt) <= clock.now();
      const nextAt = new Date(clock.now() + settings.everyHours * hourMs).toISOString();
      await writeBackupSettings(db, { ...settings, nextAt }, now());
      return false;
    },
  };
};

const rowsOf = ({ tables }: BackupManifest): number => tables.reduce((sum, { rows }) => sum + rows, 0);

/** The entry of a backup that was made. */
export const auditOf = (
  manifest: BackupManifest,
  actor: AuditRecord['actor'],
  name: string | undefined,
): AuditRecord => ({
  actor,
  action: 'backup.make',
  outcome: 'succeeded',
  target: name ?? manifest.id,
  details: {
    origin: manifest.origin,
    tables: manifest.tables.length,
    rows: rowsOf(manifest),
    keys: manifest.hasKeys,
    events: manifest.hasEvents,
  },
});

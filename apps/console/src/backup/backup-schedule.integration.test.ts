import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BackupStatus } from '@parapet/contract/api';
import { createManualClock } from '@parapet/core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAuditLog } from '../audit/audit-log.ts';
import { createConfig } from '../config/config.ts';
import { parseEnvironment } from '../config/env.ts';
import { openDataFolder } from '../data-folder/data-folder.ts';
import type { JobContext, Jobs } from '../jobs/jobs.ts';
import { silentLog } from '../logging/log.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { readDescriptor } from './archive-reader.ts';
import { createBackupFeature } from './backup-feature.ts';
import { verifyBackup } from './verify-backup.ts';

const hourMs = 3_600_000;
const start = Date.parse('2026-11-20T12:00:00Z');

let database: TestDatabase;
const stack = new AsyncDisposableStack();
beforeAll(async () => {
  database = stack.use(await createTestDatabase());
});
afterAll(() => stack.disposeAsync());
beforeEach(() => database.db.deleteFrom('console_settings').execute());

/** Jobs that run when they are enqueued; `tick` is what the clock of the queue does. */
const createPlainJobs = () => {
  const handlers = new Map<string, (data: unknown) => Promise<void>>();
  const context: JobContext = { id: '1', retryCount: 0, signal: new AbortController().signal };
  const crons: string[] = [];
  const jobs: Pick<Jobs, 'register' | 'enqueue' | 'schedule'> = {
    register: (name, handler, { schema }) => {
      handlers.set(name, (data) => handler(schema.parse(data) as never, context));
    },
    schedule: (name, cron) => void crons.push(`${name} ${cron}`),
    enqueue: async (name, data) => {
      // As of a job without retries: its failure is told by what it keeps.
      await handlers
        .get(name)?.(data)
        .catch(() => undefined);
      return true;
    },
  };
  return { jobs: jobs as Jobs, crons, tick: () => handlers.get('backup-tick')?.({}) };
};

const createFeature = async (environment: Readonly<Record<string, string>> = {}) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ppt-schedule-'));
  const config = createConfig(parseEnvironment({ PARAPET_DATA_DIR: dataDir, ...environment }));
  const folder = stack.use(await openDataFolder(dataDir, config.version));
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  const clock = createManualClock(start);
  const { jobs, tick, crons } = createPlainJobs();
  const { db, address } = database;
  const feature = createBackupFeature({
    ...{ db, address, config, folder, clock, log: silentLog, jobs, gate: alwaysOpen },
    audit: createAuditLog({ db, clock, log: silentLog }),
    settleEvents: async () => undefined,
  });
  const status = (): Promise<BackupStatus> => feature.handlers['backups.status']({} as never) as Promise<BackupStatus>;
  const names = async (origin: string): Promise<readonly string[]> =>
    (await status()).backups.filter((backup) => backup.origin === origin).map(({ takenAt }) => takenAt.slice(5, 13));
  return { ...{ feature, clock, tick, crons, status, names, folder } };
};

test('one is made when it is due, the newest are kept, and each is whole', async () => {
  const { clock, tick, crons, status, names, folder, feature } = await createFeature();
  expect(crons).toEqual(['backup-tick */10 * * * *']);
  await tick();
  expect(await status()).toMatchObject({ backups: [], schedule: { nextAt: '2026-11-21T12:00:00.000Z', keep: 3 } });
  await feature.handlers['backups.make']({} as never);
  for (let day = 1; day <= 5; day += 1) {
    clock.advance(24 * hourMs - 1);
    await tick();
    expect((await names('scheduled')).length).toBe(Math.min(day - 1, 3));
    clock.advance(1);
    await tick();
    // The queue's clock may strike twice.
    await tick();
  }
  expect(await names('scheduled')).toEqual(['11-25T12', '11-24T12', '11-23T12']);
  // Rotation is by origin: what somebody made by hand is not pushed out by the schedule.
  expect(await names('manual')).toEqual(['11-20T12']);
  for (const { name } of (await status()).backups) {
    await using handle = await open(join(folder.backupsDir, name), 'r');
    expect((await verifyBackup(readDescriptor(handle.fd))).manifest).toMatchObject({ hasKeys: false });
  }
});

test('a shorter interval and fewer kept hold from the next on; switched off, none is made', async () => {
  const { clock, tick, status, names, feature } = await createFeature();
  const schedule = (enabled: boolean) =>
    feature.handlers['backups.schedule']({ body: { enabled, everyHours: 6, keep: 1 } } as never);
  await schedule(true);
  expect((await status()).schedule.nextAt).toBe('2026-11-20T18:00:00.000Z');
  for (let round = 0; round < 3; round += 1) {
    clock.advance(6 * hourMs);
    await tick();
  }
  expect(await names('scheduled')).toEqual(['11-21T06']);
  await schedule(false);
  clock.advance(100 * hourMs);
  await tick();
  expect(await names('scheduled')).toEqual(['11-21T06']);
});

test('one that fails says why, leaves nothing half written, and is tried again after an hour', async () => {
  const { clock, tick, status, names, folder } = await createFeature();
  await tick();
  // A file where the folder should be: whoever runs the tests, this cannot be written.
  rmSync(folder.backupsDir, { recursive: true, force: true });
  writeFileSync(folder.backupsDir, '');
  clock.advance(24 * hourMs);
  await tick();
  expect(await status()).toMatchObject({
    backups: [],
    lastFailure: { at: '2026-11-21T12:00:00.000Z', message: expect.stringContaining('EEXIST') },
    schedule: { nextAt: '2026-11-21T13:00:00.000Z' },
  });
  rmSync(folder.backupsDir);
  mkdirSync(folder.backupsDir);
  chmodSync(folder.backupsDir, 0o700);
  clock.advance(hourMs);
  await tick();
  expect(await names('scheduled')).toEqual(['11-21T13']);
  const { lastFailure, schedule } = await status();
  expect(lastFailure).toBeUndefined();
  expect(schedule.nextAt).toBe('2026-11-22T13:00:00.000Z');
});

test('a passphrase in the configuration seals the keys in', async () => {
  const passphrase = 'a passphrase for this test';
  const { feature, status, folder } = await createFeature({ PARAPET_BACKUP_PASSPHRASE: passphrase });
  writeFileSync(
    join(folder.keysDir, 'authority.pem'),
    '-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n',
  );
  await feature.handlers['backups.make']({} as never);
  const [made] = (await status()).backups;
  await using handle = await open(join(folder.backupsDir, made?.name ?? ''), 'r');
  expect((await verifyBackup(readDescriptor(handle.fd))).manifest.hasKeys).toBe(true);
});

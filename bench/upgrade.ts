import { chmod, mkdir, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@parapet/core';
import { sql } from 'kysely';
import { readDescriptor } from '../apps/console/src/backup/archive-reader.ts';
import { writeWhole } from '../apps/console/src/backup/backup-files.ts';
import { describeSource } from '../apps/console/src/backup/backup-source.ts';
import { restoreConsole } from '../apps/console/src/backup/restore-console.ts';
import { verifyBackup } from '../apps/console/src/backup/verify-backup.ts';
import { writeBackup } from '../apps/console/src/backup/write-backup.ts';
import { createConfig } from '../apps/console/src/config/config.ts';
import { parseEnvironment } from '../apps/console/src/config/env.ts';
import { openDataFolder } from '../apps/console/src/data-folder/data-folder.ts';
import { connectDatabase, type DatabaseAddress } from '../apps/console/src/database/connect.ts';
import { migrateDatabase } from '../apps/console/src/database/migrate.ts';
import { migrations } from '../apps/console/src/database/migrations/index.ts';
import { startPostgres } from '../apps/console/src/database/postgres-launcher/index.ts';
import { testRunAs } from '../apps/console/src/testing/test-server.ts';
import { cpuSecondsOf } from '../tests/support/fleet/processes.ts';
import { fillFleet } from './upgrade/fill-fleet.ts';
import { coarserAccounts, fillTelemetry } from './upgrade/fill-telemetry.ts';

/**
 * The data of 1,000 hosts as 0.1.0 left it, with a day of events as they were stored first, on a durable PostgreSQL: backed up, restored
 * elsewhere, and upgraded in place to now (a backup and every migration since 0.1.0). `--hosts N` for another number, `--in-place` without the restore, which takes longest.
 * The seconds are wall time,
 * but for those of processors.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number>>> => {
  const hosts = Number(args[args.indexOf('--hosts') + 1] ?? 1000) || 1000;
  const folder = await mkdtemp(join(tmpdir(), 'ppt-upgrade-bench-'));
  await chmod(folder, 0o711);
  try {
    return await measure(folder, hosts, !args.includes('--in-place'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The schema of 0.1.0. */
const released = migrations.slice(0, 4);

const measure = async (
  folder: string,
  hosts: number,
  withRestore: boolean,
): Promise<Readonly<Record<string, number>>> => {
  await using stack = new AsyncDisposableStack();
  const sourceDir = join(folder, 'source');
  await mkdir(sourceDir, { mode: 0o711 });
  const postgres = await startPostgres({ rootDir: sourceDir, socketDir: join(sourceDir, 'run'), runAs: testRunAs });
  stack.defer(postgres.stop);
  const { port, user, socketDir } = postgres;
  const address: DatabaseAddress = { kind: 'socket', port, user, socketDir, database: 'postgres' };
  const { db, close } = connectDatabase({ address, statementTimeoutMs: 600_000 });
  stack.defer(close);
  await migrateDatabase(db, { version: '0.1.0', migrations: released });
  const filled = await timed(() => fillFleet(db, hosts));
  const before = migrations.slice(
    0,
    migrations.findIndex(([name]) => name === coarserAccounts),
  );
  const databaseCpu = (): Promise<number> => cpuSecondsOf(postgres.pid(), true);
  const migrated = { seconds: 0, databaseCpuSeconds: 0 };
  const migrateBy = async (known: typeof migrations): Promise<void> => {
    const cpuBefore = await databaseCpu();
    const { seconds } = await timed(() => migrateDatabase(db, { version: 'bench', migrations: known }));
    migrated.seconds += seconds;
    migrated.databaseCpuSeconds += (await databaseCpu()) - cpuBefore;
  };
  await migrateBy(before);
  await fillTelemetry(db, hosts);
  const { rows: size } = await sql<{ bytes: number; rows: number }>`
    select pg_database_size(current_database())::float8 as bytes, (select sum(n_live_tup)::float8 from pg_stat_user_tables) as rows`.execute(
    db,
  );

  const peak = watchMemory();
  const config = configOf(join(folder, 'first'));
  const path = join(folder, 'bench.tar');
  const backup = await timed(() => backUp(config, address, folder));
  await using handle = await open(path, 'r');
  const file = readDescriptor(handle.fd);
  const verify = await timed(() => verifyBackup(file));
  const target = configOf(join(folder, 'second'));
  const restored = withRestore
    ? await timed(() =>
        restoreConsole({
          ...{ config: target, clock: systemClock, file, passphrase: undefined, withoutKeys: true },
          database: { runAs: testRunAs },
          onStep: () => undefined,
        }),
      )
    : undefined;
  await migrateBy(migrations);
  return {
    hosts,
    rows: size[0]?.rows ?? 0,
    databaseMb: mb(size[0]?.bytes ?? 0),
    fillSeconds: filled.seconds,
    backupSeconds: backup.seconds,
    backupCpuSeconds: backup.cpuSeconds,
    verifySeconds: verify.seconds,
    ...(restored === undefined ? {} : { restoreSeconds: restored.seconds, restoreCpuSeconds: restored.cpuSeconds }),
    migrations: migrations.length - released.length,
    migrateSeconds: round(migrated.seconds),
    migrateDatabaseCpuSeconds: round(migrated.databaseCpuSeconds),
    upgradeSeconds: round(backup.seconds + migrated.seconds),
    bytes: (await stat(path)).size,
    peakRssMb: peak.stop(),
  };
};

const configOf = (dataDir: string) => createConfig(parseEnvironment({ PARAPET_DATA_DIR: dataDir }));

const backUp = async (config: ReturnType<typeof configOf>, address: DatabaseAddress, folder: string): Promise<void> => {
  await using data = await openDataFolder(config.dataDir, config.version);
  const request = await describeSource(
    { config, folder: data, address, clock: systemClock },
    { origin: 'before-upgrade', passphrase: undefined, withFeeds: false, withEvents: false },
  );
  await writeWhole(folder, 'bench.tar', (sink) => writeBackup(request, sink));
};

const timed = async (work: () => Promise<unknown>): Promise<{ seconds: number; cpuSeconds: number }> => {
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: round((performance.now() - startedAt) / 1000), cpuSeconds: round((user + system) / 1e6) };
};

/** Of this process: what makes and reads backups. PostgreSQL's memory is bounded by its settings. */
const watchMemory = (): { stop: () => number } => {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 50);
  return {
    stop: () => {
      clearInterval(timer);
      return mb(most);
    },
  };
};

const mb = (bytes: number): number => Math.round(bytes / 2 ** 20);
const round = (value: number): number => Math.round(value * 100) / 100;

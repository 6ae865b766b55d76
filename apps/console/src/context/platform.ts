import { join } from 'node:path';
import type { Clock } from '@parapet/core';
import { type AuditFigures, type AuditLog, createAuditLog } from '../audit/audit-log.ts';
import type { ConsoleConfig } from '../config/config.ts';
import { type DataFolder, openDataFolder } from '../data-folder/data-folder.ts';
import type { Database } from '../database/database.ts';
import { type DatabaseHealth, watchDatabase } from '../database/health.ts';
import type { migrations } from '../database/migrations/index.ts';
import { type OpenDatabase, type OpenDatabaseOptions, openDatabase } from '../database/open-database.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { createJobs } from '../jobs/pg-boss-jobs.ts';
import { createLiveHub, type LiveHub } from '../live/live-feed.ts';
import { createLog, type FileLog } from '../logging/create-log.ts';
import { upgradeDatabase } from './upgrade-database.ts';

/** What every feature stands on. */
export type Platform = {
  readonly config: ConsoleConfig;
  readonly clock: Clock;
  readonly folder: DataFolder;
  readonly log: FileLog;
  readonly database: OpenDatabase;
  readonly db: Database;
  readonly health: DatabaseHealth;
  readonly audit: AuditLog & { readonly figures: () => AuditFigures };
  readonly jobs: Jobs;
  readonly live: LiveHub;
};

export type PlatformOptions = {
  readonly clock: Clock;
  readonly database?: OpenDatabaseOptions | undefined;
  /** Told of steps that take a while. */
  readonly say: (step: string) => void;
  /** Others than this program's, in tests. */
  readonly migrations?: typeof migrations | undefined;
};

/** Opens data folder, log and database and brings the schema up to date. What was opened is closed by `stack`, last first. */
export const openPlatform = async (
  config: ConsoleConfig,
  options: PlatformOptions,
  stack: AsyncDisposableStack,
): Promise<Platform> => {
  const { clock, say } = options;
  const folder = stack.use(await openDataFolder(config.dataDir, config.version));
  const log = createLog({ file: join(folder.logsDir, 'console.log'), level: config.logLevel });
  stack.defer(() => log.close());
  log.info({ version: config.version, pid: process.pid, dataDir: config.dataDir }, 'console starts');

  say('Starting the database');
  const database = await openDatabase(config, folder, log, options.database);
  stack.defer(database.stopServer);
  stack.defer(database.close);
  await upgradeDatabase({ config, clock, folder, log, database, say, migrations: options.migrations });
  const health = stack.use(
    watchDatabase({
      pool: database.pool,
      clock,
      description: database.description,
      onChange: ({ state, detail }) => log[state === 'ok' ? 'info' : 'error']({ detail }, `database is ${state}`),
    }),
  );
  const audit = createAuditLog({ db: database.db, clock, log });
  const jobs = createJobs({ db: database.db, address: database.address, log });
  stack.defer(jobs.stop);
  const live = createLiveHub({ clock });
  stack.defer(live.close);
  return { config, clock, folder, log, database, db: database.db, health, audit, jobs, live };
};

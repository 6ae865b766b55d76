import { chmod, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, messageOf } from '@parapet/core';
import type { ConsoleConfig } from '../config/config.ts';
import type { DataFolder } from '../data-folder/data-folder.ts';
import type { Log } from '../logging/log.ts';
import { connectDatabase, type DatabaseAddress, type DatabaseConnection, ingestConnections } from './connect.ts';
import { readExternalAddress } from './external/address.ts';
import { explainDatabaseFailure } from './external/explain.ts';
import { requireFitServer } from './external/requirements.ts';
import { isDatabaseAway } from './failures.ts';
import { type PostgresEvent, type RunAs, startPostgres } from './postgres-launcher/index.ts';

export type OpenDatabase = DatabaseConnection & {
  readonly address: DatabaseAddress;
  /** One sentence for people: which database this is. */
  readonly description: string;
  /** Stops the embedded server; nothing for an external one. */
  readonly stopServer: () => Promise<void>;
};

export type OpenDatabaseOptions = {
  /** False only in tests. */
  readonly durable?: boolean | undefined;
  readonly runAs?: RunAs | undefined;
};

/** Our pool, without the connections of ingest and the three that jobs and the listener have of their own: 16 in all. */
const poolSize = 13 - ingestConnections;

/** Starts the embedded PostgreSQL, or finds the external one, and opens a pool on it. */
export const openDatabase = async (
  config: Pick<ConsoleConfig, 'database'>,
  folder: DataFolder,
  log: Log,
  options: OpenDatabaseOptions = {},
): Promise<OpenDatabase> => {
  const onError = (error: Error): void => log.warn({ error: error.message }, 'database connection lost');
  if (config.database.kind === 'url') {
    const { address, description } = await readExternalAddress(config.database);
    const connection = connectDatabase({ address, onError, maxConnections: poolSize });
    await waitForServer(connection, description);
    log.info({ description }, 'external database answers');
    return { ...connection, address, description, stopServer: async () => undefined };
  }
  const runAs = options.runAs ?? (await serverUser());
  // The server's user must be let through to its own folder; it sees nothing else on the way.
  if (runAs !== undefined) await chmod(folder.root, 0o711);
  const postgres = await startPostgres({
    rootDir: folder.postgresDir,
    socketDir: `${folder.postgresDir}/run`,
    runAs,
    prefixDir: config.database.prefixDir,
    durable: options.durable,
    onEvent: (event) => logEvent(log, event),
  });
  const address: DatabaseAddress = {
    kind: 'socket',
    socketDir: postgres.socketDir,
    port: postgres.port,
    user: postgres.user,
    database: 'postgres',
  };
  log.info({ pid: postgres.pid(), major: postgres.major, adopted: postgres.adopted }, 'embedded database runs');
  return {
    ...connectDatabase({ address, onError, maxConnections: poolSize }),
    address,
    description: `PostgreSQL ${postgres.major} of the console (${postgres.origin})`,
    stopServer: postgres.stop,
  };
};

const waitMs = 30_000;

const waitForServer = async ({ pool, close }: DatabaseConnection, description: string): Promise<void> => {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      await requireFitServer(pool);
      return;
    } catch (error) {
      if (isDatabaseAway(error) && Date.now() <= deadline) {
        await sleep(500);
        continue;
      }
      await close();
      if (error instanceof AppError) throw error;
      throw new AppError('no-database', 500, unusable(description, error), { cause: error });
    }
  }
};

const unusable = (description: string, error: unknown): string =>
  `The database named by DATABASE_URL cannot be used: ${description}. ${
    explainDatabaseFailure(error) ?? `${messageOf(error)}. Check the address and that it runs, then start again.`
  }`;

/** As root the server needs another user: "parapet" where that exists, else the one that owns nothing. */
const serverUser = async (): Promise<RunAs | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const [, uid, gid] = /^parapet:[^:]*:(\d+):(\d+):/m.exec(passwd) ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
};

const logEvent = (log: Log, event: PostgresEvent): void => {
  switch (event.kind) {
    case 'ended':
      log.error({}, 'embedded database ended');
      return;
    case 'restarted':
      log.info({ socketDir: event.socketDir }, 'embedded database runs again');
      return;
    case 'restart-failed':
      log.error({ reason: event.message }, 'embedded database could not be started again');
      return;
  }
};

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { connectDatabase, type DatabaseAddress } from '../database/connect.ts';
import type { Database } from '../database/database.ts';
import { migrateDatabase } from '../database/migrate.ts';
import type { Transact } from '../database/pipeline.ts';
import { type RunAs, type RunningPostgres, startPostgres } from '../database/postgres-launcher/index.ts';

/** The console's own PostgreSQL, or the machine's: on Debian 12 the oldest that is supported. */
export type TestPostgres = 'embedded' | 'system';

/** With `PARAPET_TEST_POSTGRES=system` all tests of a run use the machine's own. */
const usualPostgres: TestPostgres = process.env['PARAPET_TEST_POSTGRES'] === 'system' ? 'system' : 'embedded';

export type TestDatabase = AsyncDisposable & {
  readonly db: Database;
  readonly pool: pg.Pool;
  readonly transact: Transact;
  readonly address: DatabaseAddress;
};

/** PostgreSQL refuses to run as root; tests that run as root use the user "nobody". */
export const testRunAs: RunAs | undefined = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

/**
 * A fresh, migrated database on a real server. The server is started once a process and stopped soon after its last
 * database was disposed of, at the latest when the process ends.
 */
export const createTestDatabase = async (
  options: { readonly migrated?: boolean; readonly postgres?: TestPostgres } = {},
): Promise<TestDatabase> => {
  const shared = servers[options.postgres ?? usualPostgres];
  const server = await acquireServer(shared);
  const database = `test_${randomUUID().replaceAll('-', '')}`;
  const template = options.migrated === false ? 'template0' : await server.template();
  await server.execute(`create database ${database} template ${template}`);
  const address = addressOf(server.postgres, database);
  const connection = connectDatabase({ address });
  return {
    db: connection.db,
    pool: connection.pool,
    transact: connection.transact,
    address,
    [Symbol.asyncDispose]: async () => {
      await connection.close();
      await server.execute(`drop database if exists ${database} with (force)`);
      releaseServer(shared);
    },
  };
};

type TestServer = {
  readonly postgres: RunningPostgres;
  readonly execute: (statement: string) => Promise<void>;
  /** The name of a database that holds the migrated schema. */
  readonly template: () => Promise<string>;
  readonly stop: () => Promise<void>;
};

type SharedServer = {
  readonly kind: TestPostgres;
  running: Promise<TestServer> | undefined;
  users: number;
  idle: NodeJS.Timeout | undefined;
};

const sharedServer = (kind: TestPostgres): SharedServer => ({ kind, running: undefined, users: 0, idle: undefined });
const servers = { embedded: sharedServer('embedded'), system: sharedServer('system') };
/** A server outlives its last database this long, so that a file of tests does not start one for each. */
const idleMs = 2_000;

const acquireServer = (shared: SharedServer): Promise<TestServer> => {
  clearTimeout(shared.idle);
  shared.users += 1;
  shared.running ??= startServer(shared.kind);
  return shared.running;
};

const releaseServer = (shared: SharedServer): void => {
  shared.users -= 1;
  if (shared.users > 0) return;
  shared.idle = setTimeout(() => {
    const stopped = shared.running;
    shared.running = undefined;
    void stopped?.then((server) => server.stop());
  }, idleMs);
  shared.idle.unref();
};

const startServer = async (kind: TestPostgres): Promise<TestServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'ppt-pg-'));
  if (testRunAs !== undefined) await chmod(folder, 0o711);
  const postgres = await startPostgres({
    rootDir: folder,
    socketDir: join(folder, 'run'),
    runAs: testRunAs,
    durable: false,
    systemOnly: kind === 'system',
  });
  const leash = spawnLeash(postgres.pid(), folder);
  const execute = (statement: string): Promise<void> => executeOn(postgres, statement);
  let template: Promise<string> | undefined;
  return {
    postgres,
    execute,
    template: () => {
      template ??= createTemplate(postgres, execute);
      return template;
    },
    stop: async () => {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
      leash();
    },
  };
};

const createTemplate = async (
  postgres: RunningPostgres,
  execute: (statement: string) => Promise<void>,
): Promise<string> => {
  const name = 'migrated_template';
  await execute(`create database ${name} template template0`);
  const connection = connectDatabase({ address: addressOf(postgres, name), maxConnections: 2 });
  try {
    await migrateDatabase(connection.db, { version: '0.0.0-test' });
  } finally {
    await connection.close();
  }
  return name;
};

const addressOf = (postgres: RunningPostgres, database: string): DatabaseAddress => ({
  kind: 'socket',
  socketDir: postgres.socketDir,
  port: postgres.port,
  user: postgres.user,
  database,
});

const executeOn = async (postgres: RunningPostgres, statement: string): Promise<void> => {
  const client = new pg.Client({
    host: postgres.socketDir(),
    port: postgres.port,
    user: postgres.user,
    database: 'postgres',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/** Ends the server and removes its folder when this process ends in any way, a kill included: the pipe closes then. */
const spawnLeash = (pid: number, folder: string): (() => void) => {
  const script = 'read -r _; kill -QUIT "$1" 2>/dev/null; sleep 0.5; rm -rf -- "$2"';
  const child = spawn('/bin/sh', ['-c', script, 'leash', String(pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.unref();
  // An open pipe must not keep the process alive.
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return () => child.kill('SIGKILL');
};

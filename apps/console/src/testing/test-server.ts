import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { connectDatabase, type DatabaseAddress } from '../database/connect.ts';
import { migrateDatabase } from '../database/migrate.ts';
import { type RunAs, startPostgres } from '../database/postgres-launcher/index.ts';

/** The console's own PostgreSQL, or the machine's: on Debian 12 the oldest that is supported. */
export type TestPostgres = 'embedded' | 'system';

/** With `PARAPET_TEST_POSTGRES=system` all tests of a run use the machine's own. */
export const usualPostgres: TestPostgres = process.env['PARAPET_TEST_POSTGRES'] === 'system' ? 'system' : 'embedded';

/** PostgreSQL refuses to run as root; tests that run as root use the user "nobody". */
export const testRunAs: RunAs | undefined = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

/** Where a server of tests answers; plain data, so that other processes can be told. */
export type TestServerPlace = { readonly socketDir: string; readonly port: number; readonly user: string };

export type TestServer = TestServerPlace & { readonly stop: () => Promise<void> };

/** The database that holds the migrated schema: others are copies of it. */
export const migratedTemplate = 'migrated_template';

/** Starts a server on a folder of its own, with the template in it. It ends with this process, however that ends. */
export const startTestServer = async (kind: TestPostgres): Promise<TestServer> => {
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
  const place = { socketDir: postgres.socketDir(), port: postgres.port, user: postgres.user };
  await makeTemplate(place);
  return {
    ...place,
    stop: async () => {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
      leash();
    },
  };
};

export const addressOf = ({ socketDir, port, user }: TestServerPlace, database: string): DatabaseAddress => ({
  kind: 'socket',
  socketDir: () => socketDir,
  port,
  user,
  database,
});

/** Runs a statement outside of any test's database. */
export const executeOn = async ({ socketDir, port, user }: TestServerPlace, statement: string): Promise<void> => {
  const client = new pg.Client({ host: socketDir, port, user, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

const makeTemplate = async (place: TestServerPlace): Promise<void> => {
  await executeOn(place, `create database ${migratedTemplate} template template0`);
  const connection = connectDatabase({ address: addressOf(place, migratedTemplate), maxConnections: 2 });
  try {
    await migrateDatabase(connection.db, { version: '0.0.0-test' });
  } finally {
    await connection.close();
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

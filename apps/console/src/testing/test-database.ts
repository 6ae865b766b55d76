import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { connectDatabase, type DatabaseAddress } from '../database/connect.ts';
import type { Database } from '../database/database.ts';
import type { Transact } from '../database/pipeline.ts';
import { serverOfTheRun } from './server-of-the-run.ts';
import {
  addressOf,
  executeOn,
  migratedTemplate,
  startTestServer,
  type TestPostgres,
  type TestServer,
  type TestServerPlace,
  usualPostgres,
} from './test-server.ts';

export type TestDatabase = AsyncDisposable & {
  readonly db: Database;
  readonly pool: pg.Pool;
  readonly transact: Transact;
  readonly address: DatabaseAddress;
};

/**
 * A fresh, migrated database on a real server: that of the run where there is one, else one that is started once a process and
 * stopped soon after its last database was disposed of, at the latest when the process ends.
 */
export const createTestDatabase = async (
  options: { readonly migrated?: boolean; readonly postgres?: TestPostgres } = {},
): Promise<TestDatabase> => {
  const kind = options.postgres ?? usualPostgres;
  const server = serverOfTheRun(kind);
  return server === undefined ? onOwnServer(kind, options.migrated) : makeDatabase(server, options.migrated);
};

const makeDatabase = async (server: TestServerPlace, isMigrated = true): Promise<TestDatabase> => {
  const database = `test_${randomUUID().replaceAll('-', '')}`;
  await executeOn(server, `create database ${database} template ${isMigrated ? migratedTemplate : 'template0'}`);
  const address = addressOf(server, database);
  const connection = connectDatabase({ address });
  return {
    db: connection.db,
    pool: connection.pool,
    transact: connection.transact,
    address,
    [Symbol.asyncDispose]: async () => {
      await connection.close();
      await executeOn(server, `drop database if exists ${database} with (force)`);
    },
  };
};

const onOwnServer = async (kind: TestPostgres, isMigrated?: boolean): Promise<TestDatabase> => {
  const shared = ownServers[kind];
  const database = await makeDatabase(await acquireServer(shared), isMigrated);
  return {
    ...database,
    [Symbol.asyncDispose]: async () => {
      await database[Symbol.asyncDispose]();
      releaseServer(shared);
    },
  };
};

type SharedServer = {
  readonly kind: TestPostgres;
  running: Promise<TestServer> | undefined;
  users: number;
  idle: NodeJS.Timeout | undefined;
};

const sharedServer = (kind: TestPostgres): SharedServer => ({ kind, running: undefined, users: 0, idle: undefined });
const ownServers = { embedded: sharedServer('embedded'), system: sharedServer('system') };
/** A server outlives its last database this long, so that a file of tests does not start one for each. */
const idleMs = 2_000;

const acquireServer = (shared: SharedServer): Promise<TestServer> => {
  clearTimeout(shared.idle);
  shared.users += 1;
  shared.running ??= startTestServer(shared.kind);
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

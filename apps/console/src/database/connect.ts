import type { ConnectionOptions } from 'node:tls';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Database, Tables } from './database.ts';
import { createPipeline, type Transact } from './pipeline.ts';
import { createPool } from './pool.ts';
import { createPreparedDatabase } from './prepared.ts';

/** Where the database is: a server's socket folder, or a `postgres://` URL. */
export type DatabaseAddress =
  | {
      readonly kind: 'socket';
      /** Asked for every new connection: a restarted server may have another folder. */
      readonly socketDir: () => string;
      readonly port: number;
      readonly user: string;
      readonly database: string;
    }
  | { readonly kind: 'url'; readonly url: string; readonly ssl: false | ConnectionOptions };

export type DatabaseConnection = {
  readonly db: Database;
  /** The same database for what sensors send: few texts, used without end. */
  readonly preparedDb: Database;
  /** Transactions of ingest, on connections of their own. */
  readonly transact: Transact;
  readonly pool: pg.Pool;
  readonly close: () => Promise<void>;
};

export type ConnectOptions = {
  readonly address: DatabaseAddress;
  /** Without those of ingest, which are opened when it first stores something. */
  readonly maxConnections?: number;
  /** How long a statement may run; a route has its own, shorter patience. */
  readonly statementTimeoutMs?: number;
  /** Told of connections that broke while idle. */
  readonly onError?: (error: Error) => void;
};

/** As many transactions as ingest has at a time. */
export const ingestConnections = 3;

/** Opens a pool of at most 16 connections, and one for ingest. Connects at the first query, so it never throws for an absent server. */
export const connectDatabase = (options: ConnectOptions): DatabaseConnection => {
  let closing = false;
  const config = {
    ...clientConfig(options.address),
    types: { getTypeParser },
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 10_000,
    statement_timeout: options.statementTimeoutMs ?? 60_000,
    application_name: 'parapet-console',
  };
  const onIdleError = (error: Error): void => {
    if (!closing) options.onError?.(error);
  };
  const pool = createPool({ ...config, max: options.maxConnections ?? 16 }, onIdleError);
  const pipelined = createPool({ ...config, max: ingestConnections, pipeline: true }, onIdleError);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    db,
    preparedDb: createPreparedDatabase(pool),
    transact: createPipeline(pipelined),
    pool,
    close: async () => {
      closing = true;
      await Promise.all([db.destroy(), pipelined.end()]);
    },
  };
};

/** The configuration of a single client, for LISTEN and for jobs. */
export const clientConfig = (address: DatabaseAddress): pg.ClientConfig =>
  address.kind === 'url'
    ? { connectionString: address.url, ssl: address.ssl }
    : { host: address.socketDir(), port: address.port, user: address.user, database: address.database };

const int8Oid = 20;

/** Our 64-bit columns are counts and sizes below 2^53; as text they would have to be parsed everywhere. */
const getTypeParser: typeof pg.types.getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === int8Oid && format !== 'binary'
    ? Number
    : pg.types.getTypeParser(oid, format ?? 'text')) as typeof pg.types.getTypeParser;

import { AppError } from '@parapet/core';
import type pg from 'pg';
import { readOnlySentence } from './explain.ts';

const oldestMajor = 15;

type Row = {
  readonly version: number;
  readonly shown: string;
  readonly encoding: string;
  readonly read_only: boolean;
  readonly may_create: boolean;
  readonly may_extend: boolean;
  readonly user: string;
  readonly database: string;
};

/** Looks whether a server can hold the console's state, before anything is written to it. Throws AppError `database-unfit`. */
export const requireFitServer = async (pool: pg.Pool): Promise<void> => {
  const { rows } = await pool.query<Row>(`
    select current_setting('server_version_num')::int as version, current_setting('server_version') as shown,
      current_setting('server_encoding') as encoding,
      pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as read_only,
      coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create,
      has_database_privilege(current_database(), 'create')
        or exists (select from pg_extension where extname = 'pg_trgm') as may_extend,
      current_user::text as user, current_database()::text as database`);
  const [server] = rows;
  if (server === undefined) return;
  const problem = problemOf(server);
  if (problem !== undefined)
    throw new AppError('database-unfit', 500, `The database named by DATABASE_URL cannot be used. ${problem}`);
};

const problemOf = (server: Row): string | undefined => {
  const { user, database } = server;
  if (server.version < oldestMajor * 10_000)
    return `The server is PostgreSQL ${server.shown}; ${oldestMajor} is the oldest that works.`;
  if (server.read_only) return readOnlySentence;
  if (server.encoding !== 'UTF8')
    return `The database ${database} has the encoding ${server.encoding}. Make another: create database NAME owner ${user} encoding 'UTF8' template template0;`;
  // Since PostgreSQL 15 only the owner of a database may create tables in "public".
  if (!server.may_create || !server.may_extend)
    return `The user ${user} may not create tables and extensions in the database ${database}. Make it the owner: alter database ${database} owner to ${user};`;
  return undefined;
};

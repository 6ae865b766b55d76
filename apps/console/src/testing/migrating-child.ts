import { sql } from 'kysely';
import { connectDatabase } from '../database/connect.ts';
import { migrateDatabase } from '../database/migrate.ts';

/** Migrates as a console does and never comes to the end of its second step: to be killed there. */
const { SOCKET_DIR = '', DATABASE = '', DATABASE_USER = '' } = process.env;
const address = {
  kind: 'socket',
  socketDir: () => SOCKET_DIR,
  port: 5432,
  user: DATABASE_USER,
  database: DATABASE,
} as const;
const { db } = connectDatabase({ address, maxConnections: 2 });
await migrateDatabase(db, {
  version: '1.0.0',
  migrations: [
    ['0001-a', { up: async (on) => void (await sql`create table a (x int)`.execute(on)) }],
    [
      '0002-b',
      { up: async (on) => void (await sql`create table b (x int, half int); select pg_sleep(600)`.execute(on)) },
    ],
  ],
});

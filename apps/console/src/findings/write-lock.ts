import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';

/** Any constant of our own will do. */
const lockId = 7_227_003;

/**
 * The transaction in which findings may be written. One at a time over all consoles: its triggers update shared roll-ups,
 * which two writers would do in different orders and block each other for good.
 */
export const writeFindings = <T>(db: Database, write: (tx: DatabaseTransaction) => Promise<T>): Promise<T> =>
  db.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${lockId})`.execute(tx);
    return write(tx);
  });

import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';

/** Any constant of our own will do. */
const lockId = 7_227_003;
/** Ingest stores several hosts at a time; each try that it wins lets it finish with some of them. */
const attempts = 8;

const afterwards = new WeakMap<DatabaseTransaction, (() => void)[]>();

/** Does something in memory once what `writeFindings` wrote is stored, and not when it is undone. */
export const afterCommit = (tx: DatabaseTransaction, action: () => void): void => {
  afterwards.get(tx)?.push(action);
};

/**
 * The transaction in which findings may be written. One at a time over all consoles: its triggers update shared roll-ups,
 * which two writers would do in different orders and block each other for good. It also updates assets, as ingest does; when
 * the two lock each other out, it is done again, so `write` must not keep anything from a try that failed.
 */
export const writeFindings = async <T>(db: Database, write: (tx: DatabaseTransaction) => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    const then: (() => void)[] = [];
    try {
      const outcome = await db.transaction().execute(async (tx) => {
        await sql`select pg_advisory_xact_lock(${lockId})`.execute(tx);
        afterwards.set(tx, then);
        return write(tx);
      });
      for (const action of then) action();
      return outcome;
    } catch (error) {
      if (attempt === attempts || !isDeadlock(error)) throw error;
    }
  }
};

const isDeadlock = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '40P01';

import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import type { DatabaseTransaction, Tables } from './database.ts';
import { createNames } from './prepared.ts';

/** Does work in a transaction: committed when it resolves, undone when it rejects. */
export type Transact = <T>(work: (trx: DatabaseTransaction) => Promise<T>) => Promise<T>;

/**
 * Transactions whose statements do not wait for the answers of those before: what is asked at the same time goes out as one
 * write and is answered in its order. Work that begins several things at once must wait for all of them, also when one fails
 * (`allOf`): what is asked after the end of its transaction is refused. The pool must be made with `pipeline`.
 */
export const createPipeline = (pool: pg.Pool): Transact => {
  const nameOf = createNames();
  return async (work) => {
    const client = await pool.connect();
    const face = faceOf(client, nameOf);
    let isClean = false;
    try {
      await client.query('begin');
      const result = await work(face.trx);
      face.end();
      // A transaction that a statement has failed in is answered with another word, not with an error.
      const { command } = await client.query('commit');
      if (command !== 'COMMIT') throw new Error('The transaction was given up before its end.');
      isClean = true;
      return result;
    } catch (error) {
      face.end();
      isClean = await client.query('rollback').then(
        () => true,
        () => false,
      );
      throw error;
    } finally {
      client.release(!isClean);
    }
  };
};

/**
 * Waits for everything, and only then fails: with what went wrong, not with what only came after it in the same transaction,
 * because the one may be worth another try and the other says nothing.
 */
export const allOf = async <T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> => {
  const outcomes = await Promise.allSettled(work);
  const failed = outcomes.flatMap((outcome): unknown[] => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (failed.length > 0) throw failed.find((reason) => !isAftermath(reason)) ?? failed[0];
  return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined)) as unknown as T;
};

/** `in_failed_sql_transaction`, and the absence of a prepared statement whose preparation came to nothing for that. */
const isAftermath = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === '25P02' || error.code === '26000');

const faceOf = (
  client: pg.PoolClient,
  nameOf: (text: string) => string | undefined,
): { readonly trx: DatabaseTransaction; readonly end: () => void } => {
  let ended = false;
  const query = (text: string, values: readonly unknown[]): Promise<pg.QueryResult> => {
    if (ended) return Promise.reject(new Error('A statement came after the end of its transaction.'));
    gather(client.connection.stream);
    const name = nameOf(text);
    return name === undefined ? client.query(text, [...values]) : client.query({ name, text, values: [...values] });
  };
  const connection: PostgresPoolClient = {
    query: query as unknown as PostgresPoolClient['query'],
    release: () => undefined,
  };
  const dialect = new PostgresDialect({
    pool: { connect: async () => connection, end: async () => undefined, options: {} },
  });
  return {
    // It is one: the pool of this face has a single connection, between `begin` and `commit`.
    trx: new Kysely<Tables>({ dialect }) as DatabaseTransaction,
    end: () => {
      ended = true;
    },
  };
};

const gathering = new WeakSet<pg.Connection['stream']>();

/** What is written until the event loop has dealt with all that arrived is one system call: these were a third of ingest's time. */
const gather = (stream: pg.Connection['stream']): void => {
  if (gathering.has(stream)) return;
  gathering.add(stream);
  stream.cork();
  setImmediate(() => {
    gathering.delete(stream);
    stream.uncork();
  });
};

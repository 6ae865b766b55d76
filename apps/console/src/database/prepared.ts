import { createHash } from 'node:crypto';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import type { Database, Tables } from './database.ts';

/** A text is prepared once it was used this often: what is used once is not worth a place. */
const preparedFromUse = 4;
/** Texts that are prepared at most; each keeps some tens of KB in every connection that used it. */
const preparedTexts = 240;
const watchedTexts = 2000;

/**
 * Another face of a pool, whose statements are parsed and planned once on each connection and not each time: planning is half
 * of what the small statements of ingest cost. Not for texts that are built differently each time.
 */
export const createPreparedDatabase = (pool: pg.Pool): Database => {
  const nameOf = createNames();
  const faces = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const dialectPool: PostgresPool = {
    connect: async () => {
      const client = await pool.connect();
      const face = faces.get(client) ?? preparing(client, nameOf);
      faces.set(client, face);
      return face;
    },
    // The pool is another's to end.
    end: async () => undefined,
    options: pool.options,
  };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: dialectPool }) });
};

type NameOf = (text: string) => string | undefined;

const preparing = (client: pg.PoolClient, nameOf: NameOf): PostgresPoolClient => {
  const query = (text: string, values: readonly unknown[]): Promise<pg.QueryResult> => {
    const name = nameOf(text);
    return name === undefined ? client.query(text, [...values]) : client.query({ name, text, values: [...values] });
  };
  return {
    // Cursors, the other form, are not used here.
    query: query as unknown as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy),
  };
};

/** Names for texts that come again and again. */
export const createNames = (): NameOf => {
  const uses = new Map<string, number>();
  const names = new Map<string, string>();
  return (text) => {
    const name = names.get(text);
    if (name !== undefined || names.size >= preparedTexts) return name;
    // Transactions are not begun and ended by plans.
    if (/^(begin|commit|rollback|start|set|savepoint|release)\b/i.test(text)) return undefined;
    const used = (uses.get(text) ?? 0) + 1;
    if (used < preparedFromUse) {
      if (uses.size >= watchedTexts) uses.clear();
      uses.set(text, used);
      return undefined;
    }
    uses.delete(text);
    const made = `p${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
    names.set(text, made);
    return made;
  };
};

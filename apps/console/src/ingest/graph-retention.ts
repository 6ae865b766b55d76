import { sql } from 'kysely';
import type { Database } from '../database/database.ts';

/** Rows removed by one statement: short locks, and a stop is heard soon. */
const batchRows = 2000;

/**
 * Removes containers and images that are gone since before a time and that nothing speaks of any more. What was over in other
 * tables goes first (retention/), so an asset lasts as long as the last thing known of it. Returns how many went.
 */
export const forgetGoneAssets = async (db: Database, before: Date, signal: AbortSignal): Promise<number> => {
  const isForgotten = sql`status = 'gone' and ended_at < ${before} and ${await unreferenced(db)}`;
  let removed = 0;
  // Images after the containers that name them.
  for (const kind of ['container', 'image', 'upload']) {
    for (let count = batchRows; count === batchRows && !signal.aborted; removed += count) {
      const result = await sql`
        delete from assets where id in (select id from assets where kind = ${kind} and ${isForgotten} limit ${batchRows})`.execute(
        db,
      );
      count = Number(result.numAffectedRows ?? 0n);
    }
  }
  return removed;
};

/** True for assets that no row of any table names; the tables are asked of the schema, so that none is forgotten. */
const unreferenced = async (db: Database) => {
  const { rows } = await sql<{ table: string; column: string }>`
    select c.conrelid::regclass::text as "table", a.attname as "column"
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'f' and c.confrelid = 'assets'::regclass and array_length(c.conkey, 1) = 1`.execute(db);
  const conditions = rows.map(
    ({ table, column }) => sql`not exists (select 1 from ${sql.table(table)} r where r.${sql.ref(column)} = assets.id)`,
  );
  return conditions.length === 0 ? sql`true` : sql.join(conditions, sql` and `);
};

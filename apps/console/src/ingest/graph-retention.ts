import { sql } from 'kysely';
import type { Database } from '../database/database.ts';

/** How long the past can be drawn. */
export const graphRetentionMs = 30 * 86_400_000;

/** Rows removed by one statement: short locks, and a stop is heard soon. */
const batchRows = 5000;

/**
 * Removes what ended before the time that can be drawn: spans, processes, listeners, edges with their reports, blind spans
 * and losses; then containers and images that are gone and that nothing speaks of any more. What lasts is kept however old it
 * is. Returns how many rows went.
 */
export const pruneGraph = async (db: Database, nowMs: number, signal: AbortSignal): Promise<number> => {
  const before = new Date(nowMs - graphRetentionMs);
  const isForgotten = sql`status = 'gone' and ended_at < ${before} and ${await unreferenced(db)}`;
  let removed = 0;
  for (const [table, key, condition] of [
    ['edge_intervals', 'id', sql`ended_at < ${before}`],
    ['edges', 'id', sql`ended_at < ${before}`],
    ['processes', 'id', sql`ended_at < ${before}`],
    ['listeners', 'id', sql`ended_at < ${before}`],
    ['asset_intervals', 'id', sql`ended_at < ${before}`],
    ['blind_intervals', 'id', sql`ended_at < ${before}`],
    ['losses', 'ctid', sql`last_at < ${before}`],
    ['edge_reports', 'ctid', sql`not live and last_seen_at < ${before}`],
    ['image_locations', 'ctid', sql`ended_at < ${before}`],
    ['assets', 'id', sql`kind = 'container' and ${isForgotten}`],
    ['assets', 'id', sql`kind = 'image' and ${isForgotten}`],
  ] as const) {
    const target = sql.table(table);
    const column = sql.ref(key);
    for (let count = batchRows; count === batchRows && !signal.aborted; removed += count) {
      const result = await sql`
        delete from ${target} where ${column} in (select ${column} from ${target} where ${condition} limit ${batchRows})`.execute(
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

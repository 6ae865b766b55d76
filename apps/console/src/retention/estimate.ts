import { sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import type { AgingTable } from './kinds.ts';

/** Below this rows are counted; above, the planner's statistics say how many there are, which takes no time at any size. */
const countedRows = 50_000;

export type Span = { readonly after?: Date; readonly before?: Date };

/** How many rows of a table were over within a span. */
export const rowsWithin = async (db: Database, { table, endedAt, only }: AgingTable, span: Span): Promise<number> => {
  const column = sql.ref(endedAt);
  const conditions = sql.join(
    [
      sql`${column} is not null`,
      ...(span.after === undefined ? [] : [sql`${column} >= ${sql.lit(span.after.toISOString())}::timestamptz`]),
      ...(span.before === undefined ? [] : [sql`${column} < ${sql.lit(span.before.toISOString())}::timestamptz`]),
      ...(only === undefined ? [] : [only]),
    ],
    sql` and `,
  );
  const rows = sql`select 1 from ${sql.table(table)} where ${conditions}`;
  if ((await tableRows(db, table)) < countedRows) {
    const counted = await sql<{
      rows: number;
    }>`select count(*) as rows from (${rows} limit ${2 * countedRows}) r`.execute(db);
    return counted.rows[0]?.rows ?? 0;
  }
  const planned = await sql<{ 'QUERY PLAN': unknown }>`explain (format json) ${rows}`.execute(db);
  const plan = Plan.safeParse(planned.rows[0]?.['QUERY PLAN']);
  return plan.success ? plan.data[0].Plan['Plan Rows'] : 0;
};

const Plan = z.tuple([z.object({ Plan: z.object({ 'Plan Rows': z.number() }) })]);

/** 0 as long as it was never analysed, which the server does once some rows are in. */
const tableRows = async (db: Database, table: string): Promise<number> => {
  const { rows } = await sql<{ rows: number }>`
    select greatest(reltuples, 0)::float8 as rows from pg_class where oid = ${table}::regclass`.execute(db);
  return rows[0]?.rows ?? 0;
};

/** A guess for tables that were never analysed. */
const unknownRowBytes = 250;

/**
 * What a row of each table takes on the disk with its entries in indexes. From the widths that the server keeps and not from the size
 * of the files: these do not shrink when rows go, their room is used again. All in one statement, because the view of widths asks for
 * the right to read each column.
 */
export const rowBytesOf = async (db: Database, tables: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await sql<{ name: string; width: number | null; indexes: number }>`
    with stats as materialized (
      select tablename, attname, avg_width * (1 - null_frac) as width from pg_stats
      where schemaname = current_schema() and tablename = any(${[...tables]}::text[])
    )
    select t.name, (select sum(s.width) from stats s where s.tablename = t.name)::float8 as width,
      (select coalesce(sum(24 + (
        select coalesce(sum(s.width), 16) from unnest(i.indkey::smallint[]) k
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k
        join stats s on s.tablename = t.name and s.attname = a.attname)), 0)
       from pg_index i where i.indrelid = t.name::regclass)::float8 as indexes
    from unnest(${[...tables]}::text[]) as t (name)`.execute(db);
  return new Map(
    rows.map(({ name, width, indexes }) => [name, width == null ? unknownRowBytes : Math.round(width + 32 + indexes)]),
  );
};

/** When the oldest row that is kept was over. */
export const oldestOf = async (db: Database, { table, endedAt, only }: AgingTable): Promise<Date | undefined> => {
  const { rows } = await sql<{ oldest: Date | null }>`
    select min(${sql.ref(endedAt)})::timestamptz as oldest from ${sql.table(table)} where ${only ?? sql`true`}`.execute(
    db,
  );
  return rows[0]?.oldest ?? undefined;
};

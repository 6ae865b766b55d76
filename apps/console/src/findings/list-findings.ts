import type { FindingFilter, FindingSummary, Page, Scope } from '@parapet/contract/api';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { countCells, sumOf } from './count-cells.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { allOf, type CompiledFilter, compileFilter } from './filter.ts';
import { type FindingRow, presentFinding, readFindingRows } from './finding-rows.ts';

export type FindingSort = 'risk' | 'newest' | 'cvss';

/** Totals are exact up to here. */
const totalLimit = 10_000;

/** One page of findings in a stable order: rows that come or go do not move the others between pages. */
export const listFindings = async (
  db: Database,
  query: FindingFilter & { readonly sort: FindingSort; readonly limit: number; readonly after?: string | undefined },
  scope: Scope,
): Promise<Page<FindingSummary>> => {
  const after = decodeCursor(query.sort, query.after);
  const filter = await compileFilter(db, query, scope);
  if (filter.empty) return { items: [], total: 0, totalIsMinimum: false };
  const order = orders[query.sort];
  const conditions = after === undefined ? filter.all : [...filter.all, order.after(after.value, after.id)];
  const page = sql`
    select f.id, row_number() over (order by ${order.by}) as position
    from findings as f where ${allOf(conditions)} order by ${order.by} limit ${query.limit + 1}`;
  const [rows, total] = await Promise.all([readFindingRows(db, page, scope), countFindings(db, filter)]);
  const shown = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? shown.at(-1) : undefined;
  return {
    items: shown.map(presentFinding),
    next: last === undefined ? undefined : encodeCursor(query.sort, order.valueOf(last), last.id),
    total: Math.min(total, totalLimit),
    totalIsMinimum: total > totalLimit,
  };
};

/** Exact where a roll-up answers, else counted up to the limit and one more. */
const countFindings = async (db: Database, filter: CompiledFilter): Promise<number> => {
  if (filter.reach !== 'rows') return sumOf(await countCells(db, filter), filter);
  const { rows } = await sql<{ total: number }>`
    select count(*) as total from (
      select 1 from findings as f where ${allOf(filter.all)} limit ${totalLimit + 1}
    ) as counted`.execute(db);
  return rows[0]?.total ?? 0;
};

type Order = {
  readonly by: RawBuilder<unknown>;
  readonly after: (value: number, id: string) => RawBuilder<SqlBool>;
  readonly valueOf: (row: FindingRow) => number;
};

/** Each is an index's order, see the migration. */
const orders: Readonly<Record<FindingSort, Order>> = {
  risk: {
    by: sql`f.risk desc, f.id`,
    after: (value, id) => sql<SqlBool>`f.risk <= ${value}::real and (f.risk < ${value}::real or f.id > ${id}::uuid)`,
    valueOf: (row) => row.risk,
  },
  newest: {
    by: sql`f.first_seen_at desc, f.id`,
    after: (value, id) => {
      const at = new Date(value);
      return sql<SqlBool>`f.first_seen_at <= ${at} and (f.first_seen_at < ${at} or f.id > ${id}::uuid)`;
    },
    valueOf: (row) => row.first_seen_at.getTime(),
  },
  cvss: {
    by: sql`coalesce(f.cvss, -1) desc, f.id`,
    after: (value, id) =>
      sql<SqlBool>`coalesce(f.cvss, -1) <= ${value}::real and (coalesce(f.cvss, -1) < ${value}::real or f.id > ${id}::uuid)`,
    valueOf: (row) => row.cvss ?? -1,
  },
};

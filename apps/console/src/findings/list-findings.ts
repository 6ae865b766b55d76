import type { FindingFilter, FindingSummary, Page, Scope } from '@parapet/contract/api';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { countCells, sumOf } from './count-cells.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { allOf, type CompiledFilter, compileFilter } from './filter.ts';
import { type FindingRow, presentFinding, readFindingRows } from './finding-rows.ts';
import { type Asked, askIndex } from './index/ask.ts';
import type { FindingIndex } from './index/finding-index.ts';
import { scanRows } from './index/scan.ts';
import type { Segment } from './index/segment.ts';
import { createTopRows } from './index/top-rows.ts';

export type FindingSort = 'risk' | 'newest' | 'cvss';

/** Totals are exact up to here. */
const totalLimit = 10_000;

/** One page of findings in a stable order: rows that come or go do not move the others between pages. */
export const listFindings = async (
  db: Database,
  query: FindingFilter & { readonly sort: FindingSort; readonly limit: number; readonly after?: string | undefined },
  scope: Scope,
  index?: FindingIndex,
): Promise<Page<FindingSummary>> => {
  const after = decodeCursor(query.sort, query.after);
  const filter = await compileFilter(db, query, scope);
  if (filter.empty) return { items: [], total: 0, totalIsMinimum: false };
  const asked = isIndexOrder(filter) ? undefined : await askIndex(db, index, filter);
  const wanted = { sort: query.sort, after, limit: query.limit };
  const { page, total } =
    asked === undefined
      ? await readCountedPage(db, filter, scope, wanted)
      : await readIndexedPage(db, asked, scope, wanted);
  return {
    items: page.rows.map(presentFinding),
    next: page.next === undefined ? undefined : encodeCursor(query.sort, page.next.value, page.next.id),
    total: Math.min(total, totalLimit),
    totalIsMinimum: total > totalLimit,
  };
};

/** Most rows pass, so the first ones of an index's order are soon found: that is quicker than looking at all. */
const isIndexOrder = ({ reach, cells }: CompiledFilter): boolean => {
  const { kind: _, status, ...others } = cells;
  const isWide = status === undefined || status.includes('open');
  return reach === 'everything' && isWide && Object.values(others).every((value) => value === undefined);
};

type WantedPage = { readonly sort: FindingSort; readonly after: Position | undefined; readonly limit: number };

type CountedPage = { readonly page: FindingPage; readonly total: number };

const readCountedPage = async (
  db: Database,
  filter: CompiledFilter,
  scope: Scope,
  wanted: WantedPage,
): Promise<CountedPage> => {
  const [page, total] = await Promise.all([readFindingPage(db, filter, scope, wanted), countFindings(db, filter)]);
  return { page, total };
};

/** The same page, chosen and counted in one walk through memory; its rows are read by id. */
const readIndexedPage = async (
  db: Database,
  { columns, question }: Asked,
  scope: Scope,
  page: WantedPage,
): Promise<CountedPage> => {
  const order = orders[page.sort];
  let total = 0;
  const after = page.after === undefined ? undefined : { ...page.after, value: order.kept(page.after.value) };
  const top = createTopRows(page.limit + 1, after);
  scanRows(columns, question, (segment, rows, count) => {
    total += count;
    top.offer(segment, rows, count, order.ofSegment(segment));
  });
  const ids = top.ids();
  const selected = sql`select * from unnest(${ids}::uuid[]) with ordinality as page (id, position)`;
  // A row may have gone since; the list goes on nevertheless.
  return { page: pageOf(await readFindingRows(db, selected, scope), page, ids.length > page.limit), total };
};

const pageOf = (found: readonly FindingRow[], page: WantedPage, more = found.length > page.limit): FindingPage => {
  const rows = found.slice(0, page.limit);
  const last = more ? rows.at(-1) : undefined;
  return { rows, next: last === undefined ? undefined : { value: orders[page.sort].valueOf(last), id: last.id } };
};

type FindingPage = { readonly rows: readonly FindingRow[]; readonly next: Position | undefined };

export type Position = { readonly value: number; readonly id: string };

/** One page of rows, and where the next one begins. */
export const readFindingPage = async (
  db: Database,
  filter: CompiledFilter,
  scope: Scope,
  page: WantedPage,
): Promise<FindingPage> => {
  const order = orders[page.sort];
  const conditions =
    page.after === undefined ? filter.all : [...filter.all, order.after(page.after.value, page.after.id)];
  const ids = sql`
    select f.id, row_number() over (order by ${order.by}) as position
    from findings as f where ${allOf(conditions)} order by ${order.by} limit ${page.limit + 1}`;
  return pageOf(await readFindingRows(db, ids, scope), page);
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
  /** The same of rows in memory, and a cursor's value as it is kept there. */
  readonly ofSegment: (segment: Segment) => Float32Array | Float64Array;
  readonly kept: (value: number) => number;
};

/** Each is an index's order, see the migration. */
const orders: Readonly<Record<FindingSort, Order>> = {
  risk: {
    by: sql`f.risk desc, f.id`,
    after: (value, id) => sql<SqlBool>`f.risk <= ${value}::real and (f.risk < ${value}::real or f.id > ${id}::uuid)`,
    valueOf: (row) => row.risk,
    ofSegment: (segment) => segment.risks,
    kept: Math.fround,
  },
  newest: {
    by: sql`f.first_seen_at desc, f.id`,
    after: (value, id) => {
      const at = new Date(value);
      return sql<SqlBool>`f.first_seen_at <= ${at} and (f.first_seen_at < ${at} or f.id > ${id}::uuid)`;
    },
    valueOf: (row) => row.first_seen_at.getTime(),
    ofSegment: (segment) => segment.firstSeen,
    kept: (value) => value,
  },
  cvss: {
    by: sql`coalesce(f.cvss, -1) desc, f.id`,
    after: (value, id) =>
      sql<SqlBool>`coalesce(f.cvss, -1) <= ${value}::real and (coalesce(f.cvss, -1) < ${value}::real or f.id > ${id}::uuid)`,
    valueOf: (row) => row.cvss ?? -1,
    ofSegment: (segment) => segment.cvss,
    kept: Math.fround,
  },
};

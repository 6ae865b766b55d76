import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type CellCount, decodeCell, passes } from './cells.ts';
import { allOf, type CompiledFilter } from './filter.ts';
import type { Asked } from './index/ask.ts';
import { countRows } from './index/scan.ts';

/** Counts by cell under the filter's row conditions; from the roll-up of everything, from memory, or from the smallest roll-up that can tell. */
export const countCells = async (
  db: Database,
  filter: CompiledFilter,
  asked?: Asked | undefined,
): Promise<readonly CellCount[]> => {
  if (filter.empty) return [];
  if (filter.reach === 'everything') {
    return db.selectFrom('finding_totals').select(['cell', 'findings']).where('findings', '>', 0).execute();
  }
  if (asked !== undefined) return countRows(asked.columns, asked.question);
  const source =
    filter.reach === 'assets'
      ? sql`select f.cell, sum(f.findings)::bigint as findings from finding_asset_counts as f`
      : sql`select f.cell, count(*) as findings from findings as f`;
  const { rows } = await sql<CellCount>`${source} where ${allOf(filter.rows)} group by f.cell`.execute(db);
  return rows;
};

/** How many findings pass the whole filter. */
export const sumOf = (counts: readonly CellCount[], filter: CompiledFilter): number =>
  counts.reduce((sum, count) => sum + (passes(decodeCell(count.cell), filter.cells) ? count.findings : 0), 0);

/** The cells that pass, of those that exist. */
export const passingCells = (counts: readonly CellCount[], filter: CompiledFilter): number[] =>
  counts.filter((count) => passes(decodeCell(count.cell), filter.cells)).map((count) => count.cell);

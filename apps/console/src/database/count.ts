import { type SelectQueryBuilder, sql } from 'kysely';
import type { Database } from './database.ts';

/** Beyond this many, counting costs more than anyone gains from the number. */
export const countLimit = 10_000;

/** How many rows a query has, exact up to the limit. The builder may have any selection; it is replaced. */
export const countUpTo = async <DB, TB extends keyof DB>(
  db: Database,
  query: SelectQueryBuilder<DB, TB, object>,
  most = countLimit,
): Promise<{ total: number; totalIsMinimum: boolean }> => {
  const limited = query
    .clearSelect()
    .select(sql<number>`1`.as('one'))
    .limit(most + 1);
  const { rows } = await sql<{ total: number }>`select count(*) as total from (${limited}) as counted`.execute(db);
  const total = rows[0]?.total ?? 0;
  return { total: Math.min(total, most), totalIsMinimum: total > most };
};

import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { allOf, type CompiledFilter } from '../filter.ts';
import type { FindingColumns, FindingIndex } from './finding-index.ts';
import type { RowQuestion } from './scan.ts';

/** Findings in memory with a question to them. */
export type Asked = { readonly columns: FindingColumns; readonly question: RowQuestion };

/**
 * The question of a filter, when the findings are in memory; undefined leaves it to the database. What depends on the asset
 * alone, the scope above all, is always asked of the database.
 */
export const askIndex = async (
  db: Database,
  index: FindingIndex | undefined,
  filter: CompiledFilter,
): Promise<Asked | undefined> => {
  if (index === undefined || filter.empty) return undefined;
  const [columns, assets] = await Promise.all([index.current(), allowedAssets(db, filter)]);
  return columns === undefined ? undefined : { columns, question: { ...filter.question, assets } };
};

const allowedAssets = async (db: Database, filter: CompiledFilter): Promise<ReadonlySet<string> | undefined> => {
  if (filter.assets.length === 0) return undefined;
  const { rows } = await sql<{ ids: string | null }>`
    select string_agg(f.asset_id::text, ',') as ids from finding_changes as f where ${allOf(filter.assets)}`.execute(
    db,
  );
  return new Set(rows[0]?.ids?.split(',') ?? []);
};

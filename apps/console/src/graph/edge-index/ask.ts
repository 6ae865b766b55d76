import type { Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { inScope } from '../../people/scope.ts';
import type { EdgeColumns } from './edge-columns.ts';
import type { EdgeIndex } from './edge-index.ts';

/** Live edges with the assets that the caller sees; absent for all. */
export type AskedEdges = { readonly columns: EdgeColumns; readonly visible: ReadonlySet<string> | undefined };

/** Undefined when the edges are not in memory: ask the database then. */
export const askEdges = async (db: Database, index: EdgeIndex, scope: Scope): Promise<AskedEdges | undefined> => {
  const [columns, visible] = await Promise.all([index.current(), visibleAssets(db, scope)]);
  return columns === undefined ? undefined : { columns, visible };
};

const visibleAssets = async (db: Database, scope: Scope): Promise<ReadonlySet<string> | undefined> => {
  if (scope === null) return undefined;
  const { rows } = await sql<{ ids: string | null }>`
    select string_agg(a.id::text, ',') as ids from assets a where ${inScope(scope, sql.ref('a.id'))}`.execute(db);
  return new Set(rows[0]?.ids?.split(',') ?? []);
};

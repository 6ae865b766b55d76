import type { Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import type { AssetIndex } from './asset-index/asset-index.ts';
import type { AssetTable } from './asset-index/asset-table.ts';
import type { EdgeColumns, EdgeCopy } from './edge-index/edge-columns.ts';
import type { EdgeIndex } from './edge-index/edge-index.ts';
import { readPastEdges } from './edge-index/past-edges.ts';
import type { Moment } from './moment.ts';

/** Edges with the assets that the caller sees; absent for all. */
export type SeenEdges = { readonly columns: EdgeColumns; readonly visible: ReadonlySet<string> | undefined };
/** Live hosts and containers, the same. */
export type SeenAssets = { readonly table: AssetTable; readonly visible: ReadonlySet<string> | undefined };

/** What is there at a moment, from memory, for one question: each part is read when it is first asked for, and then once. */
export type GraphInMemory = {
  /** Undefined when they are not in memory: ask the database then. */
  readonly edges: () => Promise<SeenEdges | undefined>;
  readonly assets: () => Promise<SeenAssets | undefined>;
};

export type GraphIndexes = { readonly edgeIndex: EdgeIndex; readonly assetIndex: AssetIndex };

export const openGraph = (db: Database, indexes: GraphIndexes, scope: Scope, moment: Moment): GraphInMemory => {
  const visible = once(() => visibleAssets(db, scope));
  const edgesThen = async (): Promise<EdgeCopy | undefined> => {
    if (moment.live) return indexes.edgeIndex.current();
    // Of the few that a scope holds the database finds the past sooner.
    return scope === null ? readPastEdges(db, indexes.edgeIndex, moment) : undefined;
  };
  return {
    edges: once(async () => {
      const [table, seen] = await Promise.all([edgesThen(), visible()]);
      return table === undefined ? undefined : { columns: table.columns(), visible: seen };
    }),
    // Of a past moment they are asked of the database: what was there then are spans that memory does not hold.
    assets: once(async () => {
      if (!moment.live) return undefined;
      const [table, seen] = await Promise.all([indexes.assetIndex.current(), visible()]);
      return table === undefined ? undefined : { table, visible: seen };
    }),
  };
};

const once = <T>(ask: () => Promise<T>): (() => Promise<T>) => {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
};

const visibleAssets = async (db: Database, scope: Scope): Promise<ReadonlySet<string> | undefined> => {
  if (scope === null) return undefined;
  const { rows } = await sql<{ ids: string | null }>`
    select string_agg(a.id::text, ',') as ids from assets a where ${inScope(scope, sql.ref('a.id'))}`.execute(db);
  return new Set(rows[0]?.ids?.split(',') ?? []);
};

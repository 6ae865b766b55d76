import type { Scope } from '@parapet/contract/api';
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';

const assetIds: unique symbol = Symbol('ids of the assets in scope');

/** A scope as a person has it, or worked out for one answer. */
export type AskedScope = Scope | { readonly [assetIds]: string };

/** More ids take a statement longer to read than the labels take to be asked. */
const idLimit = 5_000;

/** The scope for an answer that takes many statements: its assets as of now, found once instead of in each. Not to be kept. */
export const workOutScope = async (db: Database, scope: Scope): Promise<AskedScope> => {
  if (scope === null) return null;
  const { rows } = await sql<{ assets: number; ids: string | null }>`
    select count(*)::int as assets, string_agg(id::text, ',') as ids
    from (select id from (${scopedAssetIds(scope)}) as scoped limit ${idLimit + 1}) as counted`.execute(db);
  const [found] = rows;
  return found === undefined || found.assets > idLimit ? scope : { [assetIds]: `{${found.ids ?? ''}}` };
};

/**
 * The one scope filter: true for assets the caller may see. `assetId` is the column with an asset's id, e.g.
 * `sql.ref('findings.asset_id')`.
 *
 * A scope names labels and their allowed values; an asset matches when each named label has one of them. An asset is in
 * scope when it or its host matches; an image also when a host that holds it or a container made from it matches. Null
 * sees everything.
 */
export const inScope = (scope: AskedScope, assetId: Expression<unknown>): RawBuilder<SqlBool> => {
  if (scope === null) return sql<SqlBool>`true`;
  const ids = assetIds in scope ? sql`select unnest(${scope[assetIds]}::uuid[])` : scopedAssetIds(scope);
  return sql<SqlBool>`${assetId} in (${ids})`;
};

/**
 * The same for a query that asks it of several columns: worked out once, as the common table `in_scope` (to stand after
 * `with`), and asked by `has`.
 */
export const scopeOnce = (
  scope: Scope,
): { readonly table: RawBuilder<unknown>; readonly has: (assetId: Expression<unknown>) => RawBuilder<SqlBool> } =>
  scope === null
    ? { table: sql`in_scope (id) as (select null::uuid where false)`, has: () => sql<SqlBool>`true` }
    : {
        table: sql`in_scope (id) as materialized (${scopedAssetIds(scope)})`,
        // A test of truth, so that the table is hashed once and not joined anew in each sub-query.
        has: (assetId) => sql<SqlBool>`(${assetId} in (select id from in_scope)) is true`,
      };

/**
 * True for an asset that has the labels itself, under the alias of the assets table. Only for questions of hosts and of what no
 * host in scope brings along: everything else is in scope by what it runs on or holds, see `inScope`.
 */
export const hasLabels = (scope: NonNullable<Scope>, alias: string): RawBuilder<SqlBool> => labelsMatch(scope, alias);

/**
 * A query of the ids in scope. It does not depend on the row, so PostgreSQL runs it once and probes its hash; a function
 * called for each row would cost more than the query it filters. Labels are asked by containment, which the index on them
 * answers: one team's share of a large fleet is found without looking at the rest. What has the labels is read once, and of
 * it only hosts are asked for what they hold: asked in each part anew it would cost four times as much.
 */
const scopedAssetIds = (scope: NonNullable<Scope>): RawBuilder<unknown> => sql`
  with labelled as materialized (
    select asset.id, asset.kind, asset.image_id from assets as asset where ${labelsMatch(scope, 'asset')}
  )
  select labelled.id from labelled
  union all
  select asset.id from labelled join assets as asset on asset.host_id = labelled.id where labelled.kind = 'host'
  union all
  select location.image_id from labelled join image_locations as location on location.host_id = labelled.id
    where labelled.kind = 'host'
  union all
  select labelled.image_id from labelled where labelled.image_id is not null`;

const labelsMatch = (scope: NonNullable<Scope>, table: string): RawBuilder<SqlBool> => {
  const labels = sql.ref(`${table}.effective_labels`);
  const terms = Object.entries(scope).map(([label, values]) => {
    const anyValue = values.map((value) => sql<SqlBool>`${labels} @> ${JSON.stringify({ [label]: value })}::jsonb`);
    return sql<SqlBool>`(${sql.join(anyValue, sql` or `)})`;
  });
  // An empty selector names no label, so nothing is left out.
  return terms.length === 0 ? sql<SqlBool>`true` : sql<SqlBool>`(${sql.join(terms, sql` and `)})`;
};

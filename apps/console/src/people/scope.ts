import type { Scope } from '@parapet/contract/api';
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';

/**
 * The one scope filter: true for assets the caller may see. `assetId` is the column with an asset's id, e.g.
 * `sql.ref('findings.asset_id')`.
 *
 * A scope names labels and their allowed values; an asset matches when each named label has one of them. An asset is in
 * scope when it or its host matches; an image also when a host that holds it or a container made from it matches. Null
 * sees everything.
 */
export const inScope = (scope: Scope, assetId: Expression<unknown>): RawBuilder<SqlBool> =>
  scope === null ? sql<SqlBool>`true` : sql<SqlBool>`${assetId} in (${scopedAssetIds(scope)})`;

/**
 * A query of the ids in scope. It does not depend on the row, so PostgreSQL runs it once and probes its hash; a function
 * called for each row would cost more than the query it filters.
 */
const scopedAssetIds = (scope: NonNullable<Scope>): RawBuilder<unknown> => sql`
  select asset.id from assets as asset
    left join assets as its_host on its_host.id = asset.host_id
    where ${labelsMatch(scope, 'asset')} or ${labelsMatch(scope, 'its_host')}
  union all
  select location.image_id from image_locations as location
    join assets as holder on holder.id = location.host_id
    where ${labelsMatch(scope, 'holder')}
  union all
  select instance.image_id from assets as instance
    where instance.image_id is not null and ${labelsMatch(scope, 'instance')}`;

const labelsMatch = (scope: NonNullable<Scope>, table: string): RawBuilder<SqlBool> => {
  const terms = Object.entries(scope).map(
    ([label, values]) => sql<SqlBool>`${sql.ref(`${table}.effective_labels`)} ->> ${label} = any(${values}::text[])`,
  );
  // An empty selector names no label, so nothing is left out; a missing host (outer join) still matches nothing.
  if (terms.length === 0) return sql<SqlBool>`${sql.ref(`${table}.id`)} is not null`;
  return sql<SqlBool>`(${sql.join(terms, sql` and `)})`;
};

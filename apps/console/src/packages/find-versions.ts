import type { PackageVersion, ParsedOf, ResultOf, Scope } from '@parapet/contract/api';
import { badRequest } from '@parapet/core';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import { parseVersionBounds, schemeOfType, type VersionBounds } from './version-bounds.ts';

export type PackageQuestion = ParsedOf<'packages.versions'>['query'];

/** Names shown of those that hold a text: the rest is found by a longer one. */
export const nameLimit = 25;
/** Names looked at for some that the caller sees. */
const candidateLimit = 100;
/** Versions of these names that are counted, and shown. */
const countedLimit = 5000;
const shownLimit = 500;

/** What is true of each package that is found over the fleet; the partial index of migration 0011 asks for it. */
export const isIndexed = sql<SqlBool>`octet_length(p.name) <= 512 and octet_length(p.version) <= 512`;

/** Versions of the packages that are asked for, those of the best name first and the newest first of each. */
export const findVersions = async (
  db: Database,
  query: PackageQuestion,
  scope: Scope,
): Promise<ResultOf<'packages.versions'>> => {
  const bounds = boundsOf(query.version);
  const live = liveAssets(scope);
  const { rows } = await sql<PackageVersion & { readonly rank: number }>`
    with ${live.table}, ${meantNames(query, live)}
    select meant.rank, meant.type, meant.name, held.version, held.assets from meant
    -- Counted name by name, the index tells versions and assets in order; all together they would be sorted first.
    cross join lateral (
      select p.version, count(distinct p.asset_id)::int as assets from asset_packages as p
      where p.name = meant.name and p.type = meant.type and ${isIndexed} and ${live.has('p.asset_id')} group by p.version
    ) as held
    order by meant.rank, held.assets desc, held.version limit ${countedLimit}`.execute(db);
  const counted = rows.filter(({ rank }) => rank <= nameLimit);
  const held = counted.map((row) => ({ row, holds: bounds === undefined ? true : bounds.hold(row.type, row.version) }));
  const kept = held.filter(({ holds }) => holds === true).map(({ row }) => row);
  const ordered = kept.toSorted((a, b) => a.rank - b.rank || newestFirst(a, b));
  return {
    items: ordered.slice(0, shownLimit).map(({ rank: _, ...item }) => item),
    moreNames: rows.length > counted.length,
    moreVersions: ordered.length > shownLimit || rows.length === countedLimit,
    notCompared: held.filter(({ holds }) => holds === undefined).length,
  };
};

/** The copies of one name in `meant`. The offset keeps the index in use, whatever number of rows the planner expects. */
export const copiesOfMeant = sql`(
  select p.id, p.type, p.name, p.version, p.asset_id from asset_packages as p
  where p.name = meant.name and p.type = meant.type and ${isIndexed} offset 0
)`;

/** The same of one name and version. */
export const copiesOfMeantVersion = sql`(
  select p.id, p.type, p.name, p.version, p.asset_id from asset_packages as p
  where p.name = meant.name and p.type = meant.type and p.version = meant.version and ${isIndexed} offset 0
)`;

/** Throws AppError `bad-version` (400). */
const boundsOf = (text: string | undefined): VersionBounds | undefined => {
  if (text === undefined) return undefined;
  const parsed = parseVersionBounds(text);
  if (!parsed.ok) throw badRequest(parsed.error.code, parsed.error.message);
  return parsed.value;
};

const newestFirst = (a: PackageVersion, b: PackageVersion): number =>
  schemeOfType(a.type)?.compare(b.version, a.version) ?? b.version.localeCompare(a.version, 'en', { numeric: true });

/** The assets that count: those that are there and in the scope. */
export type LiveAssets = {
  /** A common table, to stand after `with`. */
  readonly table: RawBuilder<unknown>;
  /** Asked as a test of truth, so that the table is hashed once and not joined for each row. */
  readonly has: (assetId: string) => RawBuilder<SqlBool>;
};

/** Who sees all is asked for what is gone, which is little: a table of everything that is there would cost more than what asks it. */
export const liveAssets = (scope: Scope): LiveAssets =>
  scope === null
    ? {
        table: sql`gone (id) as materialized (select a.id from assets as a where a.status = 'gone')`,
        has: (assetId) => sql<SqlBool>`(${sql.ref(assetId)} in (select id from gone)) is not true`,
      }
    : {
        table: sql`live (id) as materialized (
          select a.id from assets as a where a.status <> 'gone' and ${inScope(scope, sql.ref('a.id'))})`,
        has: (assetId) => sql<SqlBool>`(${sql.ref(assetId)} in (select id from live)) is true`,
      };

/**
 * The names that are meant, of which the caller sees a package, as the common table `meant` with their `rank` from 1: the text
 * itself first, then what begins with it, shorter ones first. One more than is shown tells that there are more. The trigram
 * index answers from three letters on; shorter texts look at beginnings only. Wants the table of `live`.
 */
export const meantNames = (
  query: Pick<PackageQuestion, 'q' | 'match' | 'type'>,
  live: LiveAssets,
): RawBuilder<unknown> => {
  const text = query.q.toLowerCase();
  const literal = text.replace(/[\\%_]/g, '\\$&');
  const order = sql`lower(n.name) <> ${text}, lower(n.name) not like ${`${literal}%`}, length(n.name), n.name, n.type`;
  return sql`
  meant as materialized (
    select n.type, n.name, row_number() over (order by ${order})::int as rank from (
      select n.type, n.name from package_names as n
      where ${nameMatches(query.match, text, literal)}
        and ${query.type === undefined ? sql<SqlBool>`true` : sql<SqlBool>`n.type = any(${query.type}::text[])`}
      order by ${order} limit ${candidateLimit}
    ) as n
    cross join lateral (
      select 1 from asset_packages as p where p.name = n.name and p.type = n.type and ${isIndexed}
        and ${live.has('p.asset_id')} limit 1
    ) as one
    order by ${order} limit ${nameLimit + 1}
  )`;
};

const nameMatches = (match: PackageQuestion['match'], text: string, literal: string): RawBuilder<SqlBool> => {
  if (match === 'exact') return sql<SqlBool>`lower(n.name) = ${text}`;
  if (match === 'prefix' || text.length < 3) return sql<SqlBool>`lower(n.name) like ${`${literal}%`}`;
  return sql<SqlBool>`lower(n.name) like ${`%${literal}%`}`;
};

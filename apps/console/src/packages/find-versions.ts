import type { PackageVersion, ParsedOf, ResultOf, Scope } from '@parapet/contract/api';
import { badRequest } from '@parapet/core';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import { parseVersionBounds, schemeOfType, type VersionBounds } from './version-bounds.ts';

export type PackageQuestion = ParsedOf<'packages.versions'>['query'];
export type NamedPackage = { readonly type: string; readonly name: string };

/** Names shown of those that hold a text: the rest is found by a longer one. */
const nameLimit = 25;
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
  const { names, more } = await findNames(db, query, scope);
  const counted = await countVersions(db, names, scope);
  const kept = bounds === undefined ? counted : counted.filter((row) => bounds.hold(row.type, row.version) === true);
  const notCompared =
    bounds === undefined ? 0 : counted.filter((row) => bounds.hold(row.type, row.version) === undefined).length;
  const rank = new Map(names.map((item, index) => [keyOf(item), index]));
  const ordered = kept.toSorted((a, b) => (rank.get(keyOf(a)) ?? 0) - (rank.get(keyOf(b)) ?? 0) || newestFirst(a, b));
  return {
    items: ordered.slice(0, shownLimit),
    moreNames: more,
    moreVersions: ordered.length > shownLimit || counted.length === countedLimit,
    notCompared,
  };
};

/** Throws AppError `bad-version` (400). */
const boundsOf = (text: string | undefined): VersionBounds | undefined => {
  if (text === undefined) return undefined;
  const parsed = parseVersionBounds(text);
  if (!parsed.ok) throw badRequest(parsed.error.code, parsed.error.message);
  return parsed.value;
};

const keyOf = ({ type, name }: NamedPackage): string => `${type}/${name}`;

const newestFirst = (a: PackageVersion, b: PackageVersion): number =>
  schemeOfType(a.type)?.compare(b.version, a.version) ?? b.version.localeCompare(a.version, 'en', { numeric: true });

/**
 * The names that are meant, of which the caller sees a package: the text itself first, then what begins with it, shorter ones
 * first. The trigram index answers from three letters on; shorter texts look at beginnings only.
 */
export const findNames = async (
  db: Database,
  query: Pick<PackageQuestion, 'q' | 'match' | 'type'>,
  scope: Scope,
): Promise<{ readonly names: readonly NamedPackage[]; readonly more: boolean }> => {
  const text = query.q.toLowerCase();
  const literal = text.replace(/[\\%_]/g, '\\$&');
  const { rows } = await sql<NamedPackage>`
    select n.type, n.name from (
      select n.type, n.name from package_names as n
      where ${nameMatches(query.match, text, literal)}
        and ${query.type === undefined ? sql<SqlBool>`true` : sql<SqlBool>`n.type = any(${query.type}::text[])`}
      order by lower(n.name) <> ${text}, lower(n.name) not like ${`${literal}%`}, length(n.name), n.name, n.type
      limit ${candidateLimit}
    ) as n
    where exists (
      select 1 from asset_packages as p join assets as a on a.id = p.asset_id
      where p.name = n.name and p.type = n.type and ${isIndexed} and a.status <> 'gone' and ${inScope(scope, sql.ref('a.id'))}
    )
    order by lower(n.name) <> ${text}, lower(n.name) not like ${`${literal}%`}, length(n.name), n.name, n.type
    limit ${nameLimit + 1}`.execute(db);
  return { names: rows.slice(0, nameLimit), more: rows.length > nameLimit };
};

const nameMatches = (match: PackageQuestion['match'], text: string, literal: string): RawBuilder<SqlBool> => {
  if (match === 'exact') return sql<SqlBool>`lower(n.name) = ${text}`;
  if (match === 'prefix' || text.length < 3) return sql<SqlBool>`lower(n.name) like ${`${literal}%`}`;
  return sql<SqlBool>`lower(n.name) like ${`%${literal}%`}`;
};

const countVersions = async (
  db: Database,
  names: readonly NamedPackage[],
  scope: Scope,
): Promise<readonly PackageVersion[]> => {
  if (names.length === 0) return [];
  const { rows } = await sql<PackageVersion>`
    select p.type, p.name, p.version, count(distinct p.asset_id)::int as assets
    from asset_packages as p join assets as a on a.id = p.asset_id
    where ${namedAs(names)} and ${isIndexed} and a.status <> 'gone' and ${inScope(scope, sql.ref('a.id'))}
    group by p.type, p.name, p.version order by assets desc, p.name, p.version limit ${countedLimit}`.execute(db);
  return rows;
};

/** Packages with one of these names; `p` is the table. */
export const namedAs = (names: readonly NamedPackage[]): RawBuilder<SqlBool> => {
  const [columns, types] = [names.map(({ name }) => name), names.map(({ type }) => type)];
  return sql<SqlBool>`p.name = any(${columns}::text[])
    and (p.name, p.type) in (select * from unnest(${columns}::text[], ${types}::text[]))`;
};

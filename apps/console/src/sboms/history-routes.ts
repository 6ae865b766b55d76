import type { PackageChanges, PackageList, Scope } from '@parapet/contract/api';
import { notFound } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { inScope } from '../people/scope.ts';
import { compareLists } from './compare-lists.ts';
import { decompressSbom } from './parse-sbom.ts';

/** Routes of what changed between two scans of an asset. */
export const createHistoryRoutes = ({ db }: { readonly db: Database }) =>
  ({
    'assets.packageLists': async ({ params, caller }) => ({
      items: (await readLists(db, params.assetId, caller.scope)).map(presentList),
    }),
    'assets.packageChanges': ({ params, query, caller }) => readChanges(db, params.assetId, query, caller.scope),
  }) satisfies Partial<RouteHandlers>;

type ListRow = {
  readonly id: string;
  readonly package_count: number;
  readonly received_at: Date;
  readonly replaced_at: Date | null;
};

/** The present list first, then the former ones. */
const readLists = async (db: Database, assetId: string, scope: Scope): Promise<readonly ListRow[]> => {
  const { rows } = await sql<ListRow>`
    select id, package_count, received_at, replaced_at from (
      select id, asset_id, package_count, received_at, null as replaced_at from sboms where asset_id = ${assetId} and current
      union all select id, asset_id, package_count, received_at, replaced_at from package_history where asset_id = ${assetId}
    ) as lists
    where ${inScope(scope, sql.ref('asset_id'))} order by replaced_at desc nulls first, id`.execute(db);
  return rows;
};

const presentList = (row: ListRow): PackageList => ({
  id: row.id,
  packages: row.package_count,
  at: row.received_at.toISOString(),
  replacedAt: row.replaced_at?.toISOString(),
});

const readChanges = async (
  db: Database,
  assetId: string,
  query: { readonly from: string; readonly to?: string | undefined },
  scope: Scope,
): Promise<PackageChanges> => {
  const lists = await readLists(db, assetId, scope);
  const from = lists.find(({ id }) => id === query.from);
  const to = query.to === undefined ? lists[0] : lists.find(({ id }) => id === query.to);
  if (from === undefined || to === undefined) throw notFound('This package list, of which the last few are kept,');
  const [before, after, findings] = await Promise.all([
    readDocument(db, from),
    readDocument(db, to),
    readFindings(db, assetId, from, to),
  ]);
  return { ...compareLists(before.packages, after.packages), ...findings };
};

const readDocument = async (db: Database, list: ListRow) => {
  const { rows } = await sql<{ document: Buffer }>`
    select document from ${sql.table(list.replaced_at === null ? 'sboms' : 'package_history')} where id = ${list.id}`.execute(
    db,
  );
  const document = rows[0]?.document;
  // A scan that ended between the two queries has replaced it.
  if (document === undefined) throw notFound('This package list');
  return decompressSbom(document);
};

/** Findings told of one kind, the highest risk first. */
const findingLimit = 200;

/** Findings of the asset that opened or closed while the one list was replaced by the other. */
const readFindings = async (
  db: Database,
  assetId: string,
  from: ListRow,
  to: ListRow,
): Promise<Pick<PackageChanges, 'opened' | 'closed'>> => {
  const since = from.received_at;
  const until = to.replaced_at ?? new Date('9999-01-01T00:00:00Z');
  const read = async (column: 'first_seen_at' | 'closed_at') => {
    const { rows } = await sql<{ total: number; id: string; vulnerability: string; package: string; risk: number }>`
      select count(*) over ()::int as total, f.id, v.key as vulnerability, p.name as package, f.risk
      from findings as f join vulnerabilities as v on v.id = f.vulnerability_id join products as p on p.id = f.product_id
      where f.asset_id = ${assetId} and ${sql.ref(`f.${column}`)} > ${since} and ${sql.ref(`f.${column}`)} < ${until}
      order by f.risk desc, f.id limit ${findingLimit}`.execute(db);
    return { total: rows[0]?.total ?? 0, items: rows.map(({ total: _, ...item }) => item) };
  };
  const [opened, closed] = await Promise.all([read('first_seen_at'), read('closed_at')]);
  return { opened, closed };
};

import { Readable } from 'node:stream';
import type { PackageItem, Page, Scope } from '@parapet/contract/api';
import { notFound } from '@parapet/core';
import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import { containing } from '../findings/filter.ts';
import type { FeedState } from '../findings/unmatched.ts';
import { decodeCursor, encodeCursor } from '../graph/cursor.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { inScope } from '../people/scope.ts';
import { openFindings, type PackageRow, packageColumns, presentPackage } from './package-row.ts';
import { readCurrentSbom } from './store-sbom.ts';
import { writeSbom } from './write-sbom.ts';

/** Routes of what is installed on an asset. */
export const createSoftwareRoutes = ({ db, content }: { readonly db: Database; readonly content: FeedState }) =>
  ({
    'assets.packages': ({ params, query, caller }) =>
      listPackages({ db, content }, params.assetId, query, caller.scope),
    'assets.sbom': async ({ params, query, caller }) => {
      await requireAsset(db, params.assetId, caller.scope);
      const sbom = await readCurrentSbom(db, params.assetId);
      if (sbom === undefined) throw notFound('An SBOM of this asset');
      return {
        stream: Readable.from([Buffer.from(writeSbom(sbom, query.format))], { objectMode: false }),
        contentType: 'application/json',
        headers: { 'content-disposition': `attachment; filename="sbom-${params.assetId}.${query.format}.json"` },
      };
    },
  }) satisfies Partial<RouteHandlers>;

const requireAsset = async (db: Database, assetId: string, scope: Scope): Promise<void> => {
  const row = await db
    .selectFrom('assets')
    .select('id')
    .where('id', '=', assetId)
    .where(inScope(scope, sql.ref('assets.id')))
    .executeTakeFirst();
  if (row === undefined) throw notFound('This asset');
};

type PackageQuery = {
  readonly q?: string | undefined;
  readonly use?: readonly string[] | undefined;
  readonly type?: readonly string[] | undefined;
  readonly evidence?: readonly string[] | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
};

/**
 * Packages by name. A container shows those of its image too, but what it removed: that is what it has; their use is that of
 * the image's containers together.
 */
const listPackages = async (
  { db, content }: { readonly db: Database; readonly content: FeedState },
  assetId: string,
  query: PackageQuery,
  scope: Scope,
): Promise<Page<PackageItem>> => {
  await requireAsset(db, assetId, scope);
  const installed = installedOn(assetId, query);
  const [afterName, afterId] = query.after === undefined ? ['', 0] : decodeCursor(query.after, PackageCursor);
  const [page, total] = await Promise.all([
    sql<PackageRow>`
      select ${packageColumns}
      from (select p.* ${installed} and (p.name, p.id) > (${afterName}, ${afterId}::bigint) order by p.name, p.id limit ${query.limit + 1}) as p
      ${openFindings}
      order by p.name, p.id`.execute(db),
    sql<{ total: number }>`select count(*) as total ${installed}`.execute(db),
  ]);
  const shown = page.rows.slice(0, query.limit);
  const last = page.rows.length > query.limit ? shown.at(-1) : undefined;
  return {
    items: shown.map((row) => presentPackage(row, content)),
    next: last === undefined ? undefined : encodeCursor([last.name, last.id]),
    total: total.rows[0]?.total ?? 0,
    totalIsMinimum: false,
  };
};

/** The name is compared in small letters so that the trigram index is left aside: it finds the word on all assets first. */
const installedOn = (assetId: string, query: PackageQuery): RawBuilder<unknown> => sql`
  from asset_packages as p
  where (p.asset_id = ${assetId} or (
      p.asset_id = (select image_id from assets where id = ${assetId} and kind = 'container')
      and not p.purl = any(coalesce((select removed_purls from asset_software where asset_id = ${assetId}), '{}'))
    ))
    and ${query.q === undefined ? sql`true` : sql`lower(p.name) like ${containing(query.q)}`}
    and ${query.use === undefined ? sql`true` : sql`p.use_kind = any(${query.use}::text[])`}
    and ${query.type === undefined ? sql`true` : sql`p.type = any(${query.type}::text[])`}
    and ${query.evidence === undefined ? sql`true` : sql`coalesce(p.evidence, 'installed') = any(${query.evidence}::text[])`}`;

const PackageCursor = z.tuple([z.string().max(4096), z.number().int()]);

import type { PackagePlace, PackageVersion, Page, Scope } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import type { FeedState } from '../findings/unmatched.ts';
import { decodeCursor, encodeCursor } from '../graph/cursor.ts';
import { openFindings, type PackageRow, packageColumns, presentPackage } from '../sboms/package-row.ts';
import {
  copiesOfMeant,
  copiesOfMeantVersion,
  findVersions,
  type LiveAssets,
  liveAssets,
  meantNames,
  nameLimit,
  type PackageQuestion,
} from './find-versions.ts';

type PlaceQuestion = PackageQuestion & { readonly after?: string | undefined; readonly limit: number };

const totalLimit = 10_000;
/** Containers named with an image. */
const namedContainers = 5;
const PlaceCursor = z.tuple([z.number(), z.number().int()]);

/** The copies of the packages that are asked for, by the risk of the asset that holds them. */
export const findPlaces = async (
  { db, content }: { readonly db: Database; readonly content: FeedState },
  query: PlaceQuestion,
  scope: Scope,
): Promise<Page<PackagePlace>> => {
  const after = query.after === undefined ? undefined : decodeCursor(query.after, PlaceCursor);
  const live = liveAssets(scope);
  const meant = query.version === undefined ? meantNames(query, live) : await meantVersions(db, query, scope);
  if (meant === undefined) return { items: [], total: 0, totalIsMinimum: false };
  const rows = await readPlaces(db, live, {
    ...{ meant, after },
    hasVersion: query.version !== undefined,
    limit: query.limit + 1,
  });
  const shown = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? shown.at(-1) : undefined;
  const total = rows[0]?.total ?? 0;
  return {
    items: shown.map((row) => presentPlace(row, content)),
    next: last === undefined ? undefined : encodeCursor([last.place, last.id]),
    total: Math.min(total, totalLimit),
    totalIsMinimum: total > totalLimit,
  };
};

/** The versions within the bounds that are asked for, in the form of `meantNames`. */
const meantVersions = async (
  db: Database,
  query: PackageQuestion,
  scope: Scope,
): Promise<RawBuilder<unknown> | undefined> => {
  const { items } = await findVersions(db, query, scope);
  if (items.length === 0) return undefined;
  const column = (value: (item: PackageVersion) => string) => sql`${items.map(value)}::text[]`;
  return sql`
  meant as materialized (
    select 1 as rank, * from unnest(${column(({ type }) => type)}, ${column(({ name }) => name)}, ${column(({ version }) => version)})
      as meant (type, name, version)
  )`;
};

type PlaceRow = PackageRow & {
  readonly place: number;
  readonly total: number;
  readonly asset_id: string;
  readonly asset_kind: PackagePlace['asset']['kind'];
  readonly asset_name: string;
  readonly host_id: string | null;
  readonly host_name: string | null;
  readonly container_count: number | null;
  readonly some_containers: { id: string; name: string }[] | null;
};

const readPlaces = async (
  db: Database,
  live: LiveAssets,
  page: {
    readonly meant: RawBuilder<unknown>;
    readonly hasVersion: boolean;
    readonly after: readonly [number, number] | undefined;
    readonly limit: number;
  },
): Promise<readonly PlaceRow[]> => {
  const { after } = page;
  const beyond =
    after === undefined
      ? sql`true`
      : sql`(found.place, found.id) < (${after[0]}::double precision, ${after[1]}::bigint)`;
  const { rows } = await sql<PlaceRow>`
    with ${live.table}, ${page.meant}, found as materialized (
      select p.id, coalesce(holder.risk, -1)::double precision as place from meant
      cross join lateral ${page.hasVersion ? copiesOfMeantVersion : copiesOfMeant} as p
      join assets as holder on holder.id = p.asset_id
      where meant.rank <= ${nameLimit} and ${live.has('p.asset_id')}
    )
    select ${packageColumns}, page.place, (select count(*)::int from found) as total, a.id as asset_id, a.kind as asset_kind, a.name as asset_name,
      host.id as host_id, host.name as host_name, containers.container_count, containers.some_containers
    from (select * from found where ${beyond} order by found.place desc, found.id desc limit ${page.limit}) as page
    join asset_packages as p on p.id = page.id join assets as a on a.id = p.asset_id
    left join assets as host on a.kind = 'container' and host.id = a.host_id and ${live.has('host.id')}
    ${openFindings}
    left join lateral (
      select count(*)::int as container_count,
        (jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name)) filter (where c.nth <= ${namedContainers}))::jsonb as some_containers
      from (
        select c.id, c.name, row_number() over (order by c.name, c.id) as nth from assets as c
        where c.image_id = a.id and ${live.has('c.id')}
          and not exists (select 1 from asset_software as s where s.asset_id = c.id and p.purl = any(s.removed_purls))
      ) as c
    ) as containers on a.kind = 'image'
    order by page.place desc, page.id desc`.execute(db);
  return rows;
};

const presentPlace = (row: PlaceRow, feeds: FeedState): PackagePlace => ({
  id: String(row.id),
  ...presentPackage(row, feeds),
  asset: { id: row.asset_id, kind: row.asset_kind, name: row.asset_name },
  host: row.host_id === null || row.host_name === null ? undefined : { id: row.host_id, name: row.host_name },
  containers:
    row.container_count === null ? undefined : { count: row.container_count, some: row.some_containers ?? [] },
});

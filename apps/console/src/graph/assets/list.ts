import type { ParsedOf, ResultOf } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../database/database.ts';
import type { FeedState } from '../../findings/unmatched.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { assetThere, type Moment } from '../moment.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import { type AssetRow, assetColumns, assetTables, presentAsset, statusColumn } from './asset-row.ts';

type Query = ParsedOf<'assets.list'>['query'];
export type AssetFilter = Pick<Query, 'q' | 'kind' | 'status' | 'exposure' | 'hostId' | 'imageId'>;

/** Totals are counted up to here. */
const countLimit = 10_000;

/** One page of assets. Without a status asked for, what is gone is left out; at a past moment, what was not there. */
export const readAssets = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  query: Query,
  feeds?: FeedState,
): Promise<ResultOf<'assets.list'>> => {
  const where = conditions(moment, inScope, query);
  const after = query.after === undefined ? sql`true` : orders[query.sort].after(query.after);
  const [{ rows }, counted] = await Promise.all([
    sql<AssetRow>`
      select ${assetColumns(moment)} from ${assetTables}
      where ${where} and ${after} order by ${orders[query.sort].by} limit ${query.limit + 1}`.execute(db),
    sql<{ total: number }>`
      select count(*)::int as total from (select 1 from assets a where ${where} limit ${countLimit + 1}) counted`.execute(
      db,
    ),
  ]);
  const total = counted.rows[0]?.total ?? 0;
  const items = rows.slice(0, query.limit);
  const last = items.at(-1);
  return {
    items: items.map((row) => presentAsset(row, feeds)),
    total: Math.min(total, countLimit),
    totalIsMinimum: total > countLimit,
    ...(rows.length > query.limit && last !== undefined
      ? { next: encodeCursor(orders[query.sort].position(last)) }
      : {}),
  };
};

/** The condition of a filter on `assets a`, one of its dimensions left out if asked. */
export const conditions = (
  moment: Moment,
  inScope: ScopeFilter,
  filter: AssetFilter,
  except?: keyof AssetFilter,
): RawBuilder<unknown> => {
  const all: RawBuilder<unknown>[] = [inScope('a')];
  const uses = <K extends keyof AssetFilter>(name: K): AssetFilter[K] => (name === except ? undefined : filter[name]);
  const [q, kind, status, exposure] = [uses('q'), uses('kind'), uses('status'), uses('exposure')];
  if (q !== undefined && q !== '') all.push(sql`a.name ilike ${`%${likeLiteral(q)}%`}`);
  if (kind !== undefined) all.push(sql`a.kind = any(${kind}::text[])`);
  if (status !== undefined) all.push(sql`${statusColumn(moment)} = any(${status}::text[])`);
  else if (moment.live && except !== 'status') all.push(sql`a.status <> 'gone'`);
  if (exposure !== undefined) all.push(sql`a.exposure = any(${exposure}::text[])`);
  if (filter.hostId !== undefined) all.push(onHost(filter.hostId));
  if (filter.imageId !== undefined) all.push(sql`a.image_id = ${filter.imageId}::uuid`);
  if (!moment.live) all.push(assetThere('a', moment));
  return sql.join(all, sql` and `);
};

/** Text as itself inside a LIKE pattern. */
export const likeLiteral = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

const onHost = (
  hostId: string,
): RawBuilder<unknown> => sql`(a.host_id = ${hostId}::uuid or a.kind = 'image' and a.id in (
  select l.image_id from image_locations l where l.host_id = ${hostId}::uuid and l.ended_at is null))`;

type Order = {
  readonly by: RawBuilder<unknown>;
  readonly after: (cursor: string) => RawBuilder<unknown>;
  readonly position: (row: AssetRow) => unknown;
};

const RiskPosition = z.tuple([z.number().nullable(), z.uuid()]);
const NamePosition = z.tuple([z.string().max(2048), z.uuid()]);
const TimePosition = z.tuple([z.iso.datetime(), z.uuid()]);

const orders: Readonly<Record<Query['sort'], Order>> = {
  risk: {
    by: sql`a.risk desc nulls last, a.id`,
    after: (cursor) => {
      const [risk, id] = decodeCursor(cursor, RiskPosition);
      return risk === null
        ? sql`(a.risk is null and a.id > ${id}::uuid)`
        : sql`(a.risk < ${risk}::real or a.risk is null or (a.risk = ${risk}::real and a.id > ${id}::uuid))`;
    },
    position: (row) => [row.risk, row.id],
  },
  name: {
    by: sql`a.name, a.id`,
    after: (cursor) => {
      const [name, id] = decodeCursor(cursor, NamePosition);
      return sql`(a.name, a.id) > (${name}, ${id}::uuid)`;
    },
    position: (row) => [row.name, row.id],
  },
  newest: {
    by: sql`a.first_seen_at desc, a.id desc`,
    after: (cursor) => {
      const [at, id] = decodeCursor(cursor, TimePosition);
      return sql`(date_trunc('milliseconds', a.first_seen_at), a.id) < (${at}::timestamptz, ${id}::uuid)`;
    },
    position: (row) => [row.firstSeenAt.toISOString(), row.id],
  },
};

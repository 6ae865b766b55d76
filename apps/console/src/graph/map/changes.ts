import type { ResultOf, Scope } from '@parapet/contract/api';
import { badRequest } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { scopeOnce } from '../../people/scope.ts';
import { createScopeFilter, type ScopeFilter } from '../scope-filter.ts';

type Changes = ResultOf<'map.changes'>;
type Range = { readonly from: Date; readonly to: Date; readonly buckets: number };

const maxRangeMs = 400 * 86_400_000;
const maxBlindSpans = 200;

/** What appeared and went per bucket of time, and when hosts could not be seen. */
export const readChanges = async (db: Database, scope: Scope, range: Range): Promise<Changes> => {
  const inScope = createScopeFilter(scope);
  const spanMs = range.to.getTime() - range.from.getTime();
  if (spanMs <= 0 || spanMs > maxRangeMs) {
    throw badRequest('bad-range', 'The end must lie after the start, by at most 400 days.');
  }
  const bucketMs = spanMs / range.buckets;
  const [{ appeared, gone }, blind, earliest] = await Promise.all([
    countByBucket(db, scope, range),
    readBlind(db, inScope, range),
    readEarliest(db, inScope),
  ]);
  return {
    from: range.from.toISOString(),
    to: range.to.toISOString(),
    bucketMs,
    buckets: Array.from({ length: range.buckets }, (_, index) => ({
      at: new Date(range.from.getTime() + index * bucketMs).toISOString(),
      appeared: appeared.get(index) ?? 0,
      gone: gone.get(index) ?? 0,
    })),
    blind,
    ...(earliest === undefined ? {} : { earliest: earliest.toISOString() }),
  };
};

type Counts = { readonly appeared: ReadonlyMap<number, number>; readonly gone: ReadonlyMap<number, number> };

/** In one statement, so that what the scope holds is worked out once. */
const countByBucket = async (db: Database, scope: Scope, range: Range): Promise<Counts> => {
  const { table, has } = scopeOnce(scope);
  // By the indexes on the ends: the edges of one team are few among the fleet's. They are hashed, see `scopeOnce`. Who sees
  // all assets sees all edges, for one has an asset at one end at least.
  const seen =
    scope === null
      ? sql``
      : sql`, seen (id) as materialized (
          select e.id from in_scope join edges e on e.source_asset = in_scope.id
          union select e.id from in_scope join edges e on e.target_asset = in_scope.id
        )`;
  const isSeen = scope === null ? sql`true` : sql`(i.edge_id in (select id from seen)) is true`;
  const stepMs = (range.to.getTime() - range.from.getTime()) / range.buckets;
  const counted = (what: 'appeared' | 'gone', column: 'started_at' | 'ended_at') => {
    const time = sql.ref(`i.${column}`);
    const within = sql`${time} >= ${range.from} and ${time} < ${range.to}`;
    const bucket = sql`least(${range.buckets - 1}, floor(date_part('epoch', ${time} - ${range.from}::timestamptz) * 1000 / ${stepMs}::float8))::int`;
    return sql`
      select ${sql.lit(what)} as what, ${bucket} as bucket, count(*) as count from asset_intervals i join assets a on a.id = i.asset_id
      where ${within} and a.kind in ('host', 'container') and ${has(sql.ref('a.id'))} group by 2
      union all
      select ${sql.lit(what)}, ${bucket}, count(*) from edge_intervals i where ${within} and ${isSeen} group by 2`;
  };
  const { rows } = await sql<{ what: 'appeared' | 'gone'; bucket: number; count: number }>`
    with ${table}${seen}
    select what, bucket, sum(count)::int as count
    from (${counted('appeared', 'started_at')} union all ${counted('gone', 'ended_at')}) as all_kinds group by 1, 2`.execute(
    db,
  );
  const of = (what: 'appeared' | 'gone') =>
    new Map(rows.filter((row) => row.what === what).map((row) => [row.bucket, row.count]));
  return { appeared: of('appeared'), gone: of('gone') };
};

type BlindRow = { readonly from: Date; readonly to: Date | null; readonly hosts: number };

/**
 * Spans in which a whole sensor was not heard: those that overlap are one, with how many hosts were blind at some time within.
 * Joined in the database, where their number needs no limit.
 */
const readBlind = async (db: Database, inScope: ScopeFilter, range: Range): Promise<Changes['blind']> => {
  const { rows } = await sql<BlindRow>`
    with spans as (
      select b.host_id, b.started_at, coalesce(b.ended_at, 'infinity') as ended_at
      from blind_intervals b join assets a on a.id = b.host_id
      where b.started_at < ${range.to} and (b.ended_at is null or b.ended_at > ${range.from}) and ${inScope('a')}
    ), reached as (
      select *, max(ended_at) over (order by started_at, host_id rows between unbounded preceding and 1 preceding) as blind_until from spans
    ), joined as (
      select *, count(*) filter (where started_at > blind_until) over (order by started_at, host_id rows unbounded preceding) as joined from reached
    )
    select min(started_at) as "from", nullif(max(ended_at), 'infinity') as "to", count(distinct host_id)::int as hosts
    from joined group by joined order by 1 desc limit ${maxBlindSpans}`.execute(db);
  return rows.toReversed().map(({ from, to, hosts }) => ({
    from: from.toISOString(),
    hosts,
    ...(to === null ? {} : { to: to.toISOString() }),
  }));
};

const readEarliest = async (db: Database, inScope: ScopeFilter): Promise<Date | undefined> => {
  const { rows } = await sql<{ earliest: Date | null }>`
    select min(i.started_at) as earliest from asset_intervals i join assets a on a.id = i.asset_id
    where a.kind = 'host' and ${inScope('a')}`.execute(db);
  return rows[0]?.earliest ?? undefined;
};

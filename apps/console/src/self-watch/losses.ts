import type { BlindInterval, Loss, Scope, TrustSigns } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';

/** Losses and blind intervals older than this are history, not the state of things. */
const recentMs = 7 * 86_400_000;
const limit = 200;

/** Counted losses of the last 7 days, the latest first. */
export const recentLosses = async (db: Database, now: number, scope: Scope): Promise<Loss[]> => {
  const rows = await db
    .selectFrom('losses')
    .innerJoin('assets', 'assets.id', 'losses.host_id')
    .select(['losses.host_id', 'assets.name', 'collector', 'stage', 'cause', 'losses.kind'])
    .select((eb) => [eb.fn.sum<number>('lost').as('lost'), eb.fn.max('last_at').as('last_at')])
    .where('last_at', '>', new Date(now - recentMs))
    .where(inScope(scope, sql.ref('losses.host_id')))
    .groupBy(['losses.host_id', 'assets.name', 'collector', 'stage', 'cause', 'losses.kind'])
    .orderBy('last_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    hostId: row.host_id,
    hostname: row.name,
    collector: row.collector,
    stage: row.stage,
    cause: row.cause,
    kind: row.kind,
    lost: Number(row.lost),
    lastAt: row.last_at.toISOString(),
  }));
};

/** When and where the sensors could not see within the last 7 days; those that last come first. */
export const recentBlindness = async (db: Database, now: number, scope: Scope): Promise<BlindInterval[]> => {
  const rows = await db
    .selectFrom('blind_intervals')
    .innerJoin('assets', 'assets.id', 'blind_intervals.host_id')
    .select(['blind_intervals.host_id', 'assets.name', 'collector', 'started_at', 'blind_intervals.ended_at', 'cause'])
    .where((eb) =>
      eb.or([
        eb('blind_intervals.ended_at', 'is', null),
        eb('blind_intervals.ended_at', '>', new Date(now - recentMs)),
      ]),
    )
    .where(inScope(scope, sql.ref('blind_intervals.host_id')))
    .orderBy('blind_intervals.ended_at', (order) => order.desc().nullsFirst())
    .orderBy('started_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    hostId: row.host_id,
    hostname: row.name,
    collector: row.collector,
    from: row.started_at.toISOString(),
    ...(row.ended_at === null ? {} : { to: row.ended_at.toISOString() }),
    cause: row.cause,
  }));
};

/** What the trust signs count. */
export const readTrust = async (
  db: Database,
  now: number,
  scope: Scope,
): Promise<Pick<TrustSigns, 'hosts' | 'lostEvents' | 'lostRecords' | 'blindHosts'>> => {
  const { rows } = await sql<Trust>`
    select
      count(*) as total,
      count(*) filter (where presence <> 'online') as silent,
      count(*) filter (where exists (select 1 from assets
        where assets.id = sensors.host_id and assets.runtime_labels ->> 'simulated' = 'true')) as simulated,
      coalesce(sum(lost.events), 0)::bigint as "lostEvents",
      coalesce(sum(lost.records), 0)::bigint as "lostRecords",
      count(*) filter (where exists (select 1 from blind_intervals
        where blind_intervals.host_id = sensors.host_id and ended_at is null)) as "blindHosts"
    from sensors, lateral (
      select sum(lost) filter (where kind = 'events') as events, sum(lost) filter (where kind = 'records') as records
      from losses where losses.host_id = sensors.host_id and last_at > ${new Date(now - recentMs)}
    ) as lost
    where presence not in ('revoked', 'removed') and ${inScope(scope, sql.ref('sensors.host_id'))}`.execute(db);
  // An aggregate without groups always has one row.
  const row = rows[0] ?? { total: 0, silent: 0, simulated: 0, lostEvents: 0, lostRecords: 0, blindHosts: 0 };
  const { total, silent, simulated, ...lost } = row;
  return { hosts: { total, silent, simulated }, ...lost };
};

type Trust = {
  readonly total: number;
  readonly silent: number;
  readonly simulated: number;
  readonly lostEvents: number;
  readonly lostRecords: number;
  readonly blindHosts: number;
};

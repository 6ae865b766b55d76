import type { BlindInterval, Loss } from '@parapet/contract/api';
import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';

/** What was lost or not seen longer ago, in ms, is history, not the state of things. */
export const recentMs = 7 * 86_400_000;

/** Of which hosts (`has` is asked of a column with a host's id), since when, and how many rows at most. */
export type LossQuery = {
  readonly has: (hostId: Expression<unknown>) => RawBuilder<SqlBool>;
  readonly since: Date;
  readonly limit: number;
};

/** What was lost and counted, by host, collector, stage, cause and kind; the latest first. */
export const readLosses = async (db: Database, { has, since, limit }: LossQuery): Promise<Loss[]> => {
  const rows = await db
    .selectFrom('losses as l')
    .innerJoin('assets as a', 'a.id', 'l.host_id')
    .select(['l.host_id', 'a.name', 'l.collector', 'l.stage', 'l.cause', 'l.kind'])
    .select((eb) => [eb.fn.sum<number>('l.lost').as('lost'), eb.fn.max('l.last_at').as('last_at')])
    .where(has(sql.ref('l.host_id')))
    .where('l.last_at', '>', since)
    .where('l.lost', '>', 0)
    .groupBy(['l.host_id', 'a.name', 'l.collector', 'l.stage', 'l.cause', 'l.kind'])
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

/** Spans in which something could not be seen and that are open or ended since then: open ones first, then those that ended last. */
export const readBlindness = async (db: Database, { has, since, limit }: LossQuery): Promise<BlindInterval[]> => {
  const rows = await db
    .selectFrom('blind_intervals as b')
    .innerJoin('assets as a', 'a.id', 'b.host_id')
    .select(['b.host_id', 'a.name', 'b.collector', 'b.started_at', 'b.ended_at', 'b.cause'])
    .where(has(sql.ref('b.host_id')))
    .where((eb) => eb.or([eb('b.ended_at', 'is', null), eb('b.ended_at', '>', since)]))
    .orderBy('b.ended_at', (order) => order.desc().nullsFirst())
    .orderBy('b.started_at', 'desc')
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

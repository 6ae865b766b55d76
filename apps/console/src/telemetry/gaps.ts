import type { HuntGap, Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import { readGone } from './gone.ts';

/**
 * What may be missing from a span of time, in milliseconds: losses that were counted in it, from the sums that collectors tell,
 * spans in which a collector was blind, and what was there and was let go.
 */
export const readGaps = async (
  db: Database,
  span: { readonly from: number; readonly to: number },
  scope: Scope,
): Promise<HuntGap[]> =>
  [
    ...(await readGone(db, span, scope)),
    ...(await readCounted(db, span, scope)),
    ...(await readBlind(db, span, scope)),
  ].slice(0, maxGaps);

const maxGaps = 500;

const readCounted = async (
  db: Database,
  { from, to }: { readonly from: number; readonly to: number },
  scope: Scope,
): Promise<HuntGap[]> => {
  // Sums of one start only grow: between one account and the one before it lies what was lost in that time.
  const { rows } = await sql<{
    host_id: string;
    name: string;
    collector: string;
    began: number;
    until: number;
    lost: number;
    losses: unknown;
  }>`
with steps as (
  select host_id, collector, until, losses,
    lag(until, 1, since) over w as began,
    lost - lag(lost, 1, 0) over w as lost
  from telemetry_accounts
  window w as (partition by host_id, collector, since order by until)
)
select steps.*, assets.name from steps join assets on assets.id = steps.host_id
where steps.lost > 0 and steps.until >= ${from} and steps.began < ${to} and ${inScope(scope, sql.ref('assets.id'))}
order by steps.until desc limit ${maxGaps}`.execute(db);
  return rows.map((row) => ({
    hostId: row.host_id,
    hostName: row.name,
    collector: row.collector,
    from: new Date(Number(row.began)).toISOString(),
    to: new Date(Number(row.until)).toISOString(),
    lost: Number(row.lost),
    cause: causesOf(row.losses),
  }));
};

const causesOf = (losses: unknown): string =>
  Array.isArray(losses)
    ? losses.map((loss: { stage: string; cause: string }) => `${loss.stage}: ${loss.cause}`).join(', ')
    : '';

const readBlind = async (
  db: Database,
  { from, to }: { readonly from: number; readonly to: number },
  scope: Scope,
): Promise<HuntGap[]> => {
  const { rows } = await sql<{
    host_id: string;
    name: string;
    collector: string;
    cause: string;
    started_at: Date;
    ended_at: Date | null;
  }>`
select blind.host_id, assets.name, blind.collector, blind.cause, blind.started_at, blind.ended_at
from blind_intervals blind join assets on assets.id = blind.host_id
where blind.collector in ('activity', 'sensor', '*') and blind.started_at < ${new Date(to)}
  and (blind.ended_at is null or blind.ended_at >= ${new Date(from)}) and ${inScope(scope, sql.ref('assets.id'))}
order by blind.started_at desc limit ${maxGaps}`.execute(db);
  return rows.map((row) => ({
    hostId: row.host_id,
    hostName: row.name,
    collector: row.collector,
    from: row.started_at.toISOString(),
    ...(row.ended_at === null ? {} : { to: row.ended_at.toISOString() }),
    cause: row.cause,
  }));
};

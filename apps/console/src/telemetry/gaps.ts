import type { HuntGap, Scope } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { readLeftOut } from '../telemetry-policy/left-out.ts';
import { type Losses, lossesSince } from './accounts.ts';
import { allowedIn } from './allowed.ts';
import { readGone } from './gone.ts';

/**
 * What may be missing from a span of time, in milliseconds: losses that were counted in it, from the sums that collectors tell,
 * spans in which a collector was blind, and what was there and was let go. Of the hosts of which the scope shows anything: what a
 * host did not see its containers did not tell, and who sees one of them is told. They can be given by who knows them.
 */
export const readGaps = async (
  db: Database,
  span: { readonly from: number; readonly to: number },
  scope: Scope,
  shown?: readonly string[],
): Promise<HuntGap[]> => {
  const hosts = shown ?? (await allowedIn(db, scope))?.allHosts;
  const gaps = await Promise.all([
    readGone(db, span, scope),
    readLeftOut(db, span, isOf(hosts)),
    readCounted(db, span, hosts),
    readBlind(db, span, hosts),
  ]);
  return gaps.flat().slice(0, maxGaps);
};

/** What the name of a file says that it lacks: a file is passed on without its page. */
export const markOfGaps = (gaps: readonly HuntGap[]): string => {
  if (gaps.length === 0) return '';
  return gaps.every(({ collector }) => collector === 'policy') ? '-with-policy-gaps' : '-with-gaps';
};

/** Of all hosts where none are named. */
const isOf = (hosts: readonly string[] | undefined): RawBuilder<unknown> =>
  hosts === undefined ? sql`true` : sql`assets.id = any(${[...hosts]}::uuid[])`;

const maxGaps = 500;

const readCounted = async (
  db: Database,
  { from, to }: { readonly from: number; readonly to: number },
  hosts: readonly string[] | undefined,
): Promise<HuntGap[]> => {
  // Sums of one start only grow: between one account and the one before it lies what was lost in that time.
  const { rows } = await sql<{
    host_id: string;
    name: string;
    collector: string;
    began: number;
    until: number;
    lost: number;
    losses: Losses;
    earlier: Losses | null;
  }>`
select a.host_id, assets.name, a.collector, coalesce(before.until, a.since) as began, a.until,
  a.lost - coalesce(before.lost, 0) as lost, a.losses, before.losses as earlier
from telemetry_accounts a
join assets on assets.id = a.host_id
left join lateral (
  select until, lost, losses from telemetry_accounts b
  where b.host_id = a.host_id and b.collector = a.collector and b.since = a.since and b.until < a.until
  order by b.until desc limit 1
) before on true
where a.until >= ${from} and a.lost > coalesce(before.lost, 0) and coalesce(before.until, a.since) < ${to}
  and ${isOf(hosts)}
order by a.until desc limit ${maxGaps}`.execute(db);
  return rows.map((row) => ({
    hostId: row.host_id,
    hostName: row.name,
    collector: row.collector,
    from: new Date(Number(row.began)).toISOString(),
    to: new Date(Number(row.until)).toISOString(),
    lost: Number(row.lost),
    cause: lossesSince(row.losses, row.earlier ?? [])
      .map(({ stage, cause }) => `${stage}: ${cause}`)
      .join(', '),
  }));
};

/** Spans in which collectors of events were blind. */
export const readBlind = async (
  db: Database,
  { from, to }: { readonly from: number; readonly to: number },
  hosts: readonly string[] | undefined,
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
where blind.collector in ('activity', 'files', 'logins', 'sensor', '*') and blind.started_at < ${new Date(to)}
  and (blind.ended_at is null or blind.ended_at >= ${new Date(from)}) and ${isOf(hosts)}
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

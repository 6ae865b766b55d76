import type { Scope, TrustSigns } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import { recentMs } from '../sensors/losses.ts';

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

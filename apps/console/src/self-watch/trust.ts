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
  // Few hosts lost something or are blind: they are read once and not looked for with each sensor.
  const { rows } = await sql<Trust>`
    select
      count(*) as total,
      count(*) filter (where s.presence <> 'online') as silent,
      count(*) filter (where a.runtime_labels ->> 'simulated' = 'true') as simulated,
      coalesce(sum(lost.events), 0)::bigint as "lostEvents",
      coalesce(sum(lost.records), 0)::bigint as "lostRecords",
      count(blind.host_id) as "blindHosts"
    from sensors as s
    join assets as a on a.id = s.host_id
    left join (
      select host_id, sum(lost) filter (where kind = 'events') as events, sum(lost) filter (where kind = 'records') as records
      from losses where last_at > ${new Date(now - recentMs)} group by host_id
    ) as lost on lost.host_id = s.host_id
    left join (select distinct host_id from blind_intervals where ended_at is null) as blind on blind.host_id = s.host_id
    where s.presence not in ('revoked', 'removed') and ${inScope(scope, sql.ref('s.host_id'))}`.execute(db);
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

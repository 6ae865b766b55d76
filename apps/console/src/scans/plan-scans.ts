import type { ScanPolicy } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';

export const scanTimes = {
  /** Package managers write in several steps; a scan waits until they are done. */
  debounceMs: 60_000,
  /** How long a scan may wait for its host to connect. */
  waitMs: 24 * 3_600_000,
  /** How long a sensor may take. */
  runMs: 30 * 60_000,
  /** After all tries failed, the next need is looked at this much later. */
  restMs: 3_600_000,
} as const;

/** Planned in one turn; the rest follows in the next. */
const planLimit = 500;

/**
 * Adds the scans that are needed now: of new hosts and containers with packages of their own, of those whose package databases
 * changed, and as often as the policy says; of an image by one host that holds it, and by a second one for confirmation. Returns how many.
 */
export const planScans = async (db: Database, now: Date, policy: ScanPolicy): Promise<number> => {
  if (policy.paused) return 0;
  const workloads = await planWorkloads(db, now, policy);
  const images = await planImages(db, now, policy);
  return workloads + images;
};

/** Of hosts and containers, by the sensor of their own host. */
const planWorkloads = async (db: Database, now: Date, policy: ScanPolicy): Promise<number> => {
  const { debounceMs, waitMs, restMs } = scanTimes;
  const everyMs = policy.everyHours * 3_600_000;
  const ago = (ms: number): Date => new Date(now.getTime() - ms);
  const result = await sql`
    insert into scans (id, asset_id, host_id, cause, state, created_at, due_at, deadline)
    select gen_random_uuid(), a.id, coalesce(a.host_id, a.id), need.cause, 'waiting', ${now},
      case need.cause when 'changed' then ${new Date(now.getTime() + debounceMs)} else ${now} end::timestamptz, ${new Date(now.getTime() + waitMs)}
    from assets as a
    join sensors as s on s.host_id = coalesce(a.host_id, a.id) and s.presence = 'online'
    left join scan_stamps as stamped on stamped.asset_id = a.id
    cross join lateral (
      select case
        when not exists (select 1 from sboms as b where b.asset_id = a.id) then 'new'
        when stamped.stamp is distinct from ${stampOf('a')} then 'changed'
        when a.scanned_at < ${ago(everyMs)}::timestamptz - (abs(hashtext(a.id::text)) % 3600) * interval '1 second' then 'schedule'
      end as cause
    ) as need
    where a.kind in ('host', 'container') and a.status = 'running' and need.cause is not null and ${inScope(policy.scope, sql.ref('a.id'))}
      and (a.kind = 'host' or jsonb_array_length(coalesce(a.record -> 'packageDatabases', '[]')) > 0)
      and not exists (select 1 from scans as active where active.asset_id = a.id and active.state in ('waiting', 'sent', 'running'))
      and not exists (
        select 1 from scans as failed where failed.asset_id = a.id and failed.state in ('failed', 'expired', 'cancelled')
          and failed.ended_at > ${ago(restMs)} and stamped.stamp is not distinct from ${stampOf('a')}
      )
    limit ${planLimit}
    on conflict do nothing`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
};

const planImages = async (db: Database, now: Date, policy: ScanPolicy): Promise<number> => {
  const rested = new Date(now.getTime() - scanTimes.restMs);
  const result = await sql`
    insert into scans (id, asset_id, host_id, cause, state, created_at, due_at, deadline)
    select gen_random_uuid(), a.id, holder.host_id, 'new', 'waiting', ${now}, ${now}, ${new Date(now.getTime() + scanTimes.waitMs)}
    from assets as a cross join lateral (
      select l.host_id from image_locations as l join sensors as s on s.host_id = l.host_id and s.presence = 'online'
      where l.image_id = a.id and l.ended_at is null
        and not exists (select 1 from sboms as b where b.asset_id = a.id and b.reporter_host_id = l.host_id)
        and not exists (
          select 1 from scans as failed where failed.asset_id = a.id and failed.host_id = l.host_id
            and failed.state in ('failed', 'expired', 'cancelled') and failed.ended_at > ${rested}
        )
      -- spreads images over their hosts
      order by md5(a.id::text || l.host_id::text) limit 1
    ) as holder
    where a.kind = 'image' and a.status <> 'gone' and ${inScope(policy.scope, sql.ref('a.id'))} and (select count(*) from sboms as b where b.asset_id = a.id and b.reporter_host_id is not null) < 2
      and not exists (select 1 from scans as active where active.asset_id = a.id and active.state in ('waiting', 'sent', 'running'))
    limit ${planLimit}
    on conflict do nothing`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
};

/** What the package databases of an asset look like, in short. */
export const stampOf = (alias: string) =>
  sql<string>`md5(coalesce(${sql.ref(`${alias}.record`)} -> 'packageDatabases', '[]')::text)`;

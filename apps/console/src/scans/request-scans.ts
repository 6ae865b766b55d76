import { randomUUID } from 'node:crypto';
import type { Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import { scanTimes } from './plan-scans.ts';

export type ScanRequest = {
  readonly assetIds: readonly string[];
  /** A host with the containers and images on it. */
  readonly deep: boolean;
  readonly by: string;
  readonly at: Date;
};

/** Asks for scans as a person: they go before all others. Says of each asset left out why. */
export const requestScans = async (
  db: Database,
  request: ScanRequest,
  scope: Scope,
): Promise<{ readonly scanIds: readonly string[]; readonly skipped: { assetId: string; reason: string }[] }> => {
  const targets = await readTargets(db, request, scope);
  const scanIds: string[] = [];
  const skipped: { assetId: string; reason: string }[] = [];
  for (const assetId of request.assetIds) {
    if (!targets.some((target) => target.id === assetId)) skipped.push({ assetId, reason: 'There is no such asset.' });
  }
  for (const target of targets) {
    const reason = whyNot(target);
    if (reason !== undefined) skipped.push({ assetId: target.id, reason });
    else {
      const id = await insertScan(db, target, request);
      if (id === undefined) skipped.push({ assetId: target.id, reason: 'A scan of it is already under way.' });
      else scanIds.push(id);
    }
  }
  return { scanIds, skipped };
};

type Target = {
  readonly id: string;
  readonly status: string;
  readonly scan_host: string | null;
  readonly presence: string | null;
};

const targetLimit = 5000;

const readTargets = async (db: Database, request: ScanRequest, scope: Scope): Promise<readonly Target[]> => {
  const ids = sql`${[...request.assetIds]}::uuid[]`;
  const deeper = request.deep
    ? sql`
      union select id from assets where host_id = any(${ids}) and kind = 'container' and status <> 'gone'
        and jsonb_array_length(coalesce(record -> 'packageDatabases', '[]')) > 0
      union select image_id from assets where (host_id = any(${ids}) or id = any(${ids})) and image_id is not null and status <> 'gone'`
    : sql``;
  const { rows } = await sql<Target>`
    select a.id, a.status, holder.host_id as scan_host, holder.presence
    from (select unnest(${ids}) as id ${deeper}) as wanted join assets as a on a.id = wanted.id
    left join lateral (
      select s.host_id, s.presence from sensors as s
      where case a.kind when 'image'
        then exists (select 1 from image_locations as l where l.image_id = a.id and l.host_id = s.host_id and l.ended_at is null)
        else s.host_id = coalesce(a.host_id, a.id) end
      order by s.presence <> 'online', exists (select 1 from sboms as b where b.asset_id = a.id and b.reporter_host_id = s.host_id), s.host_id
      limit 1
    ) as holder on true
    where ${inScope(scope, sql.ref('a.id'))} limit ${targetLimit}`.execute(db);
  return rows;
};

const whyNot = (target: Target): string | undefined => {
  if (target.status === 'gone') return 'It is gone.';
  if (target.scan_host === null) return 'No sensor holds it: it was scanned elsewhere, or its hosts are gone.';
  if (target.presence === 'revoked') return 'The certificate of its sensor was revoked.';
  return undefined;
};

/** A scan that only waits is taken over: it becomes the person's and is due now. */
const insertScan = async (db: Database, target: Target, request: ScanRequest): Promise<string | undefined> => {
  const { rows } = await sql<{ id: string }>`
    insert into scans (id, asset_id, host_id, cause, requested_by, state, created_at, due_at, deadline)
    values (${randomUUID()}, ${target.id}, ${target.scan_host}, 'person', ${request.by}, 'waiting', ${request.at}, ${request.at},
      ${new Date(request.at.getTime() + scanTimes.waitMs)})
    on conflict (asset_id) where state in ('waiting', 'sent', 'running') do update
      set cause = 'person', requested_by = excluded.requested_by, due_at = excluded.due_at where scans.state = 'waiting'
    returning id`.execute(db);
  return rows[0]?.id;
};

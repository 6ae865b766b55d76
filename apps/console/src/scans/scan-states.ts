import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { HostTaskState } from '../tasks/task-dispatcher.ts';
import { scanTimes } from './plan-scans.ts';

/** Tries of one need before it rests. */
const maxAttempts = 3;
const backOffMs: readonly number[] = [60_000, 300_000];

/** Takes what a sensor says of a scan. Says of scans that are over, or of another host's, change nothing. Returns whether this did. */
export const applyScanState = async (db: Database, state: HostTaskState, now: Date): Promise<boolean> => {
  switch (state.state) {
    case 'accepted':
    case 'running': {
      const result = await sql`
        update scans set state = 'running', started_at = coalesce(started_at, ${now}), progress = ${state.progress ?? null}
        where id = ${state.taskId} and host_id = ${state.hostId} and state in ('sent', 'running')`.execute(db);
      return result.numAffectedRows === 1n;
    }
    case 'done':
      // The document comes first and ends the scan; one that is still running brought none.
      return failScan(db, state, 'The sensor sent no SBOM.', now);
    case 'failed':
      return failScan(db, state, state.message ?? 'The sensor could not scan it.', now);
    case 'cancelled':
      return endScan(db, state, { state: 'cancelled', message: state.message ?? 'Cancelled' }, now);
  }
};

export type ScanEnd = {
  readonly state: 'done' | 'partial' | 'failed' | 'cancelled' | 'expired';
  readonly message?: string | undefined;
  readonly packages?: number;
  readonly findings?: number;
};

type ScanOfHost = { readonly taskId: string; readonly hostId: string };

/** Ends a scan that is under way. False when it was not. */
export const endScan = async (db: Database, scan: ScanOfHost, end: ScanEnd, now: Date): Promise<boolean> => {
  const result = await sql`
    update scans set state = ${end.state}, message = ${end.message ?? null}, packages = ${end.packages ?? null},
      findings = ${end.findings ?? null}, progress = case when ${end.state} in ('done', 'partial') then 1 else progress end,
      started_at = coalesce(started_at, ${now}), ended_at = ${now}
    where id = ${scan.taskId} and host_id = ${scan.hostId} and state in ('sent', 'running')`.execute(db);
  return result.numAffectedRows === 1n;
};

/** Ends a scan as failed and plans the next try, a few times and later each time. */
export const failScan = async (db: Database, scan: ScanOfHost, message: string, now: Date): Promise<boolean> => {
  const ended = await endScan(db, scan, { state: 'failed', message }, now);
  if (ended) await retryScans(db, [scan.taskId], now);
  return ended;
};

/** Ends scans whose time is over, with the reason. Returns their ids. */
export const expireScans = async (db: Database, now: Date): Promise<readonly string[]> => {
  const { rows } = await sql<{ id: string; was: string }>`
    update scans as s set state = 'expired', ended_at = ${now},
      message = case old.state when 'waiting' then 'The host did not connect in time.' else 'The sensor did not finish in time.' end
    from (select id, state from scans where state in ('waiting', 'sent', 'running') and deadline <= ${now} for update skip locked) as old
    where s.id = old.id returning s.id, old.state as was`.execute(db);
  await retryScans(
    db,
    rows.filter((row) => row.was !== 'waiting').map((row) => row.id),
    now,
  );
  return rows.map((row) => row.id);
};

const retryScans = async (db: Database, ids: readonly string[], now: Date): Promise<void> => {
  if (ids.length === 0) return;
  const [first = 0, second = 0] = backOffMs;
  await sql`
    insert into scans (id, asset_id, host_id, cause, requested_by, state, attempt, created_at, due_at, deadline)
    select gen_random_uuid(), asset_id, host_id, cause, requested_by, 'waiting', attempt + 1, ${now},
      case attempt when 1 then ${new Date(now.getTime() + first)} else ${new Date(now.getTime() + second)} end::timestamptz,
      ${new Date(now.getTime() + scanTimes.waitMs)}
    from scans where id = any(${ids}::uuid[]) and attempt < ${maxAttempts}
    on conflict do nothing`.execute(db);
};

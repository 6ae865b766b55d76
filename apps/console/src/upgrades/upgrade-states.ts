import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { HostTaskState } from '../tasks/task-dispatcher.ts';

/** Takes what a sensor says of its upgrade. Says of one that is over, or of another host's, change nothing. Returns whether this did. */
export const applyUpgradeState = async (db: Database, state: HostTaskState, now: Date): Promise<boolean> => {
  switch (state.state) {
    case 'accepted':
    case 'running': {
      const result = await sql`
        update sensor_upgrades set state = 'running', started_at = coalesce(started_at, ${now}),
          step = coalesce(${state.step ?? null}, step), progress = ${state.progress ?? null}
        where id = ${state.taskId} and host_id = ${state.hostId} and state in ('sent', 'running')`.execute(db);
      return result.numAffectedRows === 1n;
    }
    case 'done':
      return endAsDone(db, state, now);
    case 'failed':
      return endUpgrade(db, state, { state: 'failed', reason: state.reason, message: state.message }, now);
    case 'cancelled':
      return endUpgrade(db, state, { state: 'cancelled', message: state.message ?? 'Cancelled.' }, now);
  }
};

type UpgradeOfHost = { readonly taskId: string; readonly hostId: string };

/** Which version runs is told by the hello, not by the word for it. */
const endAsDone = async (db: Database, upgrade: UpgradeOfHost, now: Date): Promise<boolean> => {
  const { rows } = await sql<{ fits: boolean; version: string }>`
    select s.program ->> 'build' is not distinct from u.archive ->> 'build' as fits, s.version
    from sensor_upgrades u join sensors s on s.host_id = u.host_id
    where u.id = ${upgrade.taskId} and u.host_id = ${upgrade.hostId}`.execute(db);
  const [row] = rows;
  if (row === undefined) return false;
  if (row.fits) return endUpgrade(db, upgrade, { state: 'done' }, now);
  const message = `The sensor says that it is upgraded, but it still runs ${row.version}.`;
  return endUpgrade(db, upgrade, { state: 'failed', reason: 'not-switched', message }, now);
};

const endUpgrade = async (
  db: Database,
  upgrade: UpgradeOfHost,
  end: {
    readonly state: 'done' | 'failed' | 'cancelled';
    readonly reason?: string | undefined;
    readonly message?: string | undefined;
  },
  now: Date,
): Promise<boolean> => {
  const result = await sql`
    update sensor_upgrades set state = ${end.state}, reason = ${end.reason ?? null}, message = ${end.message ?? null},
      progress = case when ${end.state} = 'done' then 1 else progress end,
      started_at = coalesce(started_at, ${now}), ended_at = ${now}
    where id = ${upgrade.taskId} and host_id = ${upgrade.hostId} and state in ('sent', 'running')`.execute(db);
  return result.numAffectedRows === 1n;
};

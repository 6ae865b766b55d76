import type { ScanTarget, Task } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { HostOrder, TaskStore } from '../tasks/task-dispatcher.ts';
import { scanTimes, stampOf } from './plan-scans.ts';

type TaskRow = {
  readonly id: string;
  readonly host_id: string;
  readonly deadline: Date;
  readonly kind: 'host' | 'image' | 'container';
  readonly key: string;
};

/** What the dispatcher sends: scans are kept here, it holds nothing. */
export const createScanTaskStore = (db: Database): TaskStore => ({
  pendingFor: async (hostId, limit) => {
    const { rows } = await sql<TaskRow>`
      select s.id, s.host_id, s.deadline, a.kind, a.key from scans as s join assets as a on a.id = s.asset_id
      where s.host_id = ${hostId} and s.state in ('sent', 'running') order by s.created_at limit ${limit}`.execute(db);
    return rows.map(taskOf);
  },
});

/**
 * Takes the scans whose time has come, one for each connected host that has none: people's first, then what is new. The stamp
 * of the package databases is kept from now: what changes during the scan asks for another.
 */
export const takeDueScans = (db: Database, now: Date): Promise<readonly HostOrder[]> =>
  db.transaction().execute(async (tx) => {
    const { rows } = await sql<TaskRow>`
      with due as (
        select distinct on (s.host_id) s.id from scans as s
        join sensors as sensor on sensor.host_id = s.host_id and sensor.presence = 'online'
        where s.state = 'waiting' and s.due_at <= ${now} and s.deadline > ${now}
          and not exists (select 1 from scans as busy where busy.host_id = s.host_id and busy.state in ('sent', 'running'))
        order by s.host_id, array_position(array['person', 'new', 'changed', 'schedule'], s.cause), s.due_at
      ), locked as (
        select s.id from scans as s join due using (id) where s.state = 'waiting' for update of s skip locked
      )
      update scans as s set state = 'sent', deadline = ${new Date(now.getTime() + scanTimes.runMs)}
      from locked, assets as a where s.id = locked.id and a.id = s.asset_id
      returning s.id, s.host_id, s.deadline, a.kind, a.key`.execute(tx);
    if (rows.length > 0) {
      await sql`
        insert into scan_stamps (asset_id, stamp)
        select a.id, ${stampOf('a')} from assets as a join scans as s on s.asset_id = a.id
        where s.id = any(${rows.map((row) => row.id)}::uuid[])
        on conflict (asset_id) do update set stamp = excluded.stamp`.execute(tx);
    }
    return rows.map((row) => ({ hostId: row.host_id, order: taskOf(row) }));
  });

const taskOf = (row: TaskRow): Task => ({
  kind: 'task',
  taskId: row.id,
  deadline: row.deadline.getTime(),
  work: { kind: 'sbom', target: targetOf(row) },
});

const targetOf = (row: TaskRow): ScanTarget => {
  switch (row.kind) {
    case 'host':
      return { kind: 'host' };
    case 'image':
      return { kind: 'image', imageKey: row.key };
    case 'container':
      return { kind: 'container', containerKey: row.key };
  }
};

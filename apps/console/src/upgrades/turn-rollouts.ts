import type { SensorArchive, Upgrade } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';

/** An upgrade on its way to one host. */
export type HostUpgrade = { readonly hostId: string } & Upgrade;

export type RolloutTurn = {
  readonly send: readonly HostUpgrade[];
  /** Hosts of which something changed. */
  readonly changed: readonly string[];
};

/** So many at a time once one host of the rollout has shown that the version works. */
export const laterAtOnce = 5;
/** Download, unpacking and trial; slow links go on where they stopped until then. */
const runMs = 30 * 60_000;

/** Moves every rollout on: ends what is over, stops after a failure, begins what is next. One turn at a time. */
export const turnRollouts = (db: Database, now: Date): Promise<RolloutTurn> =>
  db.transaction().execute(async (trx) => {
    const changed = new Set<string>(await endOverdue(trx, now));
    for (const hostId of await endByBuild(trx, now)) changed.add(hostId);
    const send: HostUpgrade[] = [];
    for (const rollout of await readRollouts(trx)) {
      if (rollout.failed !== null) {
        for (const hostId of await stopRollout(trx, rollout.id, `${rollout.failed}’s upgrade failed.`, now)) {
          changed.add(hostId);
        }
        continue;
      }
      const room = (rollout.done === 0 ? 1 : laterAtOnce) - rollout.active;
      for (const begun of rollout.waiting === 0 || room < 1 ? [] : await beginNext(trx, rollout.id, room, now)) {
        send.push(begun);
        changed.add(begun.hostId);
      }
      if (rollout.waiting === 0 && rollout.active === 0) {
        await sql`update sensor_rollouts set state = 'done', ended_at = ${now} where id = ${rollout.id}`.execute(trx);
      }
    }
    return { send, changed: [...changed] };
  });

/** Begins nothing more of a rollout. Returns the hosts whose upgrade is not begun any more. */
export const stopRollout = async (
  trx: DatabaseTransaction,
  rolloutId: string,
  why: string,
  now: Date,
): Promise<readonly string[]> => {
  const { rows } = await sql<{ host_id: string }>`
    update sensor_upgrades set state = 'cancelled', ended_at = ${now}, message = ${`Not begun: ${why}`}
    where rollout_id = ${rolloutId} and state = 'waiting' returning host_id`.execute(trx);
  await sql`
    update sensor_rollouts set state = 'stopped', message = ${why}, ended_at = ${now}
    where id = ${rolloutId} and state = 'running'`.execute(trx);
  return rows.map((row) => row.host_id);
};

/** What a host that connects is to be told: upgrades are kept here, the dispatcher holds nothing. */
export const pendingUpgrades = async (db: Database, hostId: string): Promise<readonly Upgrade[]> => {
  const { rows } = await sql<UpgradeRow>`
    select id, host_id, deadline, archive from sensor_upgrades
    where host_id = ${hostId} and state in ('sent', 'running') limit 1`.execute(db);
  return rows.map(orderOf);
};

type UpgradeRow = {
  readonly id: string;
  readonly host_id: string;
  readonly deadline: Date;
  readonly archive: SensorArchive;
};

const orderOf = (row: UpgradeRow): Upgrade => ({
  kind: 'upgrade',
  taskId: row.id,
  deadline: row.deadline.getTime(),
  archive: row.archive,
});

/** A host that was away all the time is no sign against the version; one that began and did not end is. */
const endOverdue = async (trx: DatabaseTransaction, now: Date): Promise<readonly string[]> => {
  const { rows } = await sql<{ host_id: string }>`
    update sensor_upgrades as u set ended_at = ${now},
      state = case old.state when 'waiting' then 'expired' else 'failed' end,
      reason = case old.state when 'waiting' then null else 'deadline' end,
      message = case old.state when 'waiting' then 'The host did not connect in time.'
        else 'The sensor did not say in time how it went.' end
    from (select id, state from sensor_upgrades where state in ('waiting', 'sent', 'running') and deadline <= ${now}
      for update skip locked) as old
    where u.id = old.id returning u.host_id`.execute(trx);
  return rows.map((row) => row.host_id);
};

/** A sensor that says in its hello that it is the new one is upgraded, whatever became of its word for it. */
const endByBuild = async (trx: DatabaseTransaction, now: Date): Promise<readonly string[]> => {
  const settledBefore = new Date(now.getTime() - settleMs);
  const { rows } = await sql<{ host_id: string }>`
    update sensor_upgrades as u set state = 'done', progress = 1, ended_at = ${now}, started_at = coalesce(u.started_at, ${now})
    from sensors s where s.host_id = u.host_id and u.state in ('sent', 'running') and s.presence = 'online'
      and s.program ->> 'build' = u.archive ->> 'build' and s.presence_since < ${settledBefore}
    returning u.host_id`.execute(trx);
  return rows.map((row) => row.host_id);
};

/** Longer than a trial lasts, which says the same in its hello. */
const settleMs = 120_000;

type RolloutRow = {
  readonly id: string;
  readonly waiting: number;
  readonly active: number;
  readonly done: number;
  /** The name of a host whose upgrade failed. */
  readonly failed: string | null;
};

const readRollouts = async (trx: DatabaseTransaction): Promise<readonly RolloutRow[]> => {
  // One console at a time: two would begin twice as many.
  await sql`select id from sensor_rollouts where state = 'running' for update`.execute(trx);
  const { rows } = await sql<RolloutRow>`
    select r.id, count(*) filter (where u.state = 'waiting') as waiting,
      count(*) filter (where u.state in ('sent', 'running')) as active,
      count(*) filter (where u.state = 'done') as done,
      min(a.name) filter (where u.state = 'failed') as failed
    from sensor_rollouts r join sensor_upgrades u on u.rollout_id = r.id join assets a on a.id = u.host_id
    where r.state = 'running' group by r.id`.execute(trx);
  return rows;
};

const beginNext = async (
  trx: DatabaseTransaction,
  rolloutId: string,
  room: number,
  now: Date,
): Promise<readonly HostUpgrade[]> => {
  const { rows } = await sql<UpgradeRow>`
    update sensor_upgrades as u set state = 'sent', deadline = ${new Date(now.getTime() + runMs)}
    from (select w.id from sensor_upgrades w join sensors s on s.host_id = w.host_id and s.presence = 'online'
      join assets a on a.id = w.host_id
      where w.rollout_id = ${rolloutId} and w.state = 'waiting' order by a.name, w.id limit ${room}) as next
    where u.id = next.id returning u.id, u.host_id, u.deadline, u.archive`.execute(trx);
  return rows.map((row) => ({ hostId: row.host_id, ...orderOf(row) }));
};

import type { FollowedPolicy, SensorProgram } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import { type PreviousRun, runEndCause } from './run-ends.ts';

/** What a sensor says when it connects, with our times. */
export type HostArrival = {
  readonly hostId: string;
  readonly version: string;
  readonly address: string;
  readonly runId: string;
  readonly bootId: string;
  readonly program: SensorProgram | undefined;
  /** Undefined from a sensor that follows no policy. */
  readonly policy: FollowedPolicy | undefined;
  readonly startedAt: Date;
  readonly previous: PreviousRun | undefined;
  readonly now: Date;
};

export type StoredSensor = {
  readonly epoch: number;
  readonly seq: number;
  readonly snapshotOpen: boolean;
};

/**
 * Stores that a sensor is here. When its run is another one than before, what happened in between was not seen: that span is
 * marked blind, with how the earlier run ended. The same run after a silence saw everything, and its silence ends here.
 */
export const storeArrival = async (db: Database, arrival: HostArrival): Promise<StoredSensor | undefined> =>
  (await storeReturn(db, arrival)) ?? storeFirstOfRun(db, arrival);

/** The same run again, in one statement: that is what a whole fleet does at once after an outage. */
const storeReturn = async (db: Database, arrival: HostArrival): Promise<StoredSensor | undefined> => {
  const { hostId, now } = arrival;
  const program = jsonOrNull(arrival.program);
  const { rows } = await sql<StoredSensor>`
    with known as (
      select host_id from sensors
      where host_id = ${hostId} and run_id = ${arrival.runId} and presence <> 'revoked' for update),
    silence as (
      update blind_intervals b set ended_at = greatest(${now}, b.started_at) from known k
      where b.host_id = k.host_id and b.collector = 'sensor' and b.ended_at is null),
    there as (
      update assets a set status = 'running', last_seen_at = ${now} from known k
      where (a.id = ${hostId} or a.host_id = ${hostId}) and a.status = 'unknown')
    update sensors s set version = ${arrival.version}, address = ${arrival.address}, program = ${program}::jsonb,
      telemetry_policy = ${jsonOrNull(arrival.policy)}::jsonb,
      presence = 'online', presence_since = case when s.presence = 'online' then s.presence_since else ${now} end,
      last_seen_at = ${now}
    from known k where s.host_id = k.host_id
    returning s.stream_epoch as epoch, s.stream_seq as seq, s.snapshot_open as "snapshotOpen"`.execute(db);
  return rows[0];
};

const jsonOrNull = (value: object | undefined): string | null => (value === undefined ? null : JSON.stringify(value));

const storeFirstOfRun = (db: Database, arrival: HostArrival): Promise<StoredSensor | undefined> =>
  db.transaction().execute(async (trx) => {
    const before = await trx
      .selectFrom('sensors')
      .select(['run_id', 'boot_id', 'last_seen_at', 'presence', 'stream_epoch', 'stream_seq', 'snapshot_open'])
      .where('host_id', '=', arrival.hostId)
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined || before.presence === 'revoked') return undefined;
    const newRun = before.run_id !== null && before.run_id !== arrival.runId;
    const back = newRun ? arrival.startedAt : arrival.now;
    await endSilence(trx, arrival.hostId, back);
    if (newRun && before.last_seen_at !== null) await markGap(trx, arrival, before.boot_id, before.last_seen_at);
    await trx
      .updateTable('sensors')
      .set({
        version: arrival.version,
        address: arrival.address,
        run_id: arrival.runId,
        program: jsonOrNull(arrival.program),
        telemetry_policy: jsonOrNull(arrival.policy),
        presence: 'online',
        presence_since: before.presence === 'online' ? sql`presence_since` : arrival.now,
        last_seen_at: arrival.now,
      })
      .where('host_id', '=', arrival.hostId)
      .execute();
    await trx
      .updateTable('assets')
      .set({ status: 'running', last_seen_at: arrival.now })
      .where((eb) => eb.or([eb('id', '=', arrival.hostId), eb('host_id', '=', arrival.hostId)]))
      .where('status', '=', 'unknown')
      .execute();
    return { epoch: before.stream_epoch, seq: before.stream_seq, snapshotOpen: before.snapshot_open };
  });

/** What ended the word of a host. */
export type HostSilence = {
  readonly hostId: string;
  readonly presence: 'unknown' | 'stopped' | 'removed';
  readonly since: Date;
  readonly cause: string;
};

/**
 * Marks hosts as ones that do not speak any more: whatever runs there is unknown from `since` on, never gone. All in one
 * transaction, since a whole fleet may be away after a start of the console; the caller bounds their number. It locks sensors in
 * the order of their ids, as heartbeats do. Returns those that were online until now.
 */
export const storeSilences = (db: Database, silences: readonly HostSilence[]): Promise<readonly string[]> =>
  db.transaction().execute(async (trx) => {
    const input = JSON.stringify(
      silences.map(({ hostId, presence, since, cause }) => ({
        ...{ host_id: hostId, presence, since, cause },
        key: `sensor|${since.getTime()}`,
      })),
    );
    // Who came back while this was on its way is not silent.
    const { rows } = await sql<{ readonly hostId: string }>`
      with gone as materialized (
        select s.host_id, x.presence, x.since, x.cause, x.key
        from jsonb_to_recordset(${input}::jsonb) as x (host_id uuid, presence text, since timestamptz, cause text, key text)
          join sensors s on s.host_id = x.host_id
        where s.presence = 'online' and (s.last_seen_at is null or s.last_seen_at <= x.since)
        order by s.host_id for no key update of s),
      told as (
        insert into blind_intervals (host_id, collector, key, started_at, cause)
        select host_id, 'sensor', key, since, cause from gone
        on conflict (host_id, key) do update set ended_at = null, cause = excluded.cause)
      update sensors s set presence = g.presence, presence_since = g.since, in_sync = null from gone g
      where s.host_id = g.host_id
      returning s.host_id as "hostId"`.execute(trx);
    const gone = rows.map(({ hostId }) => hostId);
    // A statement of its own: it must see what was stored until the sensors were locked.
    if (gone.length > 0)
      await sql`
        update assets a set status = 'unknown'
        from (select unnest(${gone}::uuid[]) as id
          union all select t.id from assets t where t.host_id = any(${gone}::uuid[]) and t.status = 'running') x
        where a.id = x.id and a.status = 'running'`.execute(trx);
    return gone;
  });

export type HeartbeatFigures = {
  readonly hostId: string;
  readonly seenAt: Date;
  readonly skewMs: number;
  readonly rssBytes: number | undefined;
  readonly anonymousBytes: number | undefined;
  readonly cpuCores: number | undefined;
  readonly queued: number | undefined;
  readonly queueAgeMs: number | undefined;
  readonly inSync: boolean | undefined;
  readonly refusedFrames: number;
};

/**
 * Writes the latest figures of many sensors in one statement, which locks them in the order of their ids as ingest does. A sign of life well in the future is one of a clock that was set
 * back since: kept, it would hide every silence until that time has come.
 */
export const storeHeartbeats = async (db: Database, figures: readonly HeartbeatFigures[]): Promise<void> => {
  if (figures.length === 0) return;
  const input = JSON.stringify(
    figures.map((figure) => ({
      host_id: figure.hostId,
      seen_at: figure.seenAt,
      skew_ms: figure.skewMs,
      rss: figure.rssBytes,
      anonymous: figure.anonymousBytes,
      cpu: figure.cpuCores,
      queued: figure.queued === undefined ? undefined : Math.min(figure.queued, 2 ** 31 - 1),
      queue_age: figure.queueAgeMs,
      in_sync: figure.inSync,
      refused: figure.refusedFrames,
    })),
  );
  await sql`
    with here as materialized (
      select host_id from sensors where host_id = any(${figures.map((figure) => figure.hostId)}::uuid[])
      order by host_id for no key update)
    update sensors s set last_seen_at = case when s.last_seen_at > x.seen_at + interval '1 minute' then x.seen_at
        else greatest(s.last_seen_at, x.seen_at) end, skew_ms = x.skew_ms,
      rss_bytes = coalesce(x.rss, s.rss_bytes), anonymous_bytes = coalesce(x.anonymous, s.anonymous_bytes),
      cpu_cores = coalesce(x.cpu, s.cpu_cores), queued = coalesce(x.queued, s.queued),
      queue_age_ms = coalesce(x.queue_age, s.queue_age_ms), in_sync = coalesce(x.in_sync, s.in_sync),
      refused_frames = s.refused_frames + x.refused
    from jsonb_to_recordset(${input}::jsonb) as x (host_id uuid, seen_at timestamptz, skew_ms double precision, rss bigint,
      anonymous bigint, cpu real, queued integer, queue_age bigint, in_sync boolean, refused bigint)
      join here on here.host_id = x.host_id
    where s.host_id = here.host_id`.execute(db);
};

const endSilence = async (trx: DatabaseTransaction, hostId: string, at: Date): Promise<void> => {
  await sql`
    update blind_intervals set ended_at = greatest(${at}, started_at)
    where host_id = ${hostId} and collector = 'sensor' and ended_at is null`.execute(trx);
};

/** The span between two runs of a sensor. A silence that was noticed covers part of it already and is made to cover it all. */
const markGap = async (
  trx: DatabaseTransaction,
  arrival: HostArrival,
  bootBefore: string | null,
  lastSeenAt: Date,
): Promise<void> => {
  const { hostId, previous } = arrival;
  // The sensor knows better than we when it was last alive, but it cannot have been before we last heard of it.
  const told = previous?.lastAliveAt ?? lastSeenAt;
  const from = new Date(Math.min(arrival.startedAt.getTime(), Math.max(told.getTime(), lastSeenAt.getTime())));
  const cause = causeOf(arrival, bootBefore);
  const { rows } = await sql<{ id: number }>`
    update blind_intervals set cause = ${cause}
    where id = (select id from blind_intervals where host_id = ${hostId} and collector = 'sensor'
      and ended_at >= ${arrival.startedAt} and started_at <= ${arrival.startedAt} order by started_at desc limit 1)
    returning id`.execute(trx);
  if (rows.length > 0) return;
  await sql`
    insert into blind_intervals (host_id, collector, key, started_at, ended_at, cause)
    values (${hostId}, 'sensor', ${`sensor|${from.getTime()}`}, ${from}, ${arrival.startedAt}, ${cause})
    on conflict (host_id, key) do nothing`.execute(trx);
};

const causeOf = (arrival: HostArrival, bootBefore: string | null): string => {
  if (bootBefore !== null && bootBefore !== arrival.bootId) return 'The host was started anew.';
  return runEndCause(arrival.previous);
};

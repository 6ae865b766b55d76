import type { ContainerRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { HostContext } from '../host-context.ts';
import { storeLives, type ToldLifeOf } from './store-lives.ts';

/** Stores containers with the spans in which they ran. Returns their ids by key. */
export const storeContainers = async (
  context: HostContext,
  records: readonly ContainerRecord[],
): Promise<ReadonlyMap<string, string>> => {
  if (records.length === 0) return new Map();
  const { trx, hostId, time } = context;
  const input = JSON.stringify(records.map((record) => inputOf(context, record)));
  const { rows } = await sql<{ id: string; key: string }>`
    insert into assets (id, kind, host_id, key, name, status, image_id, zone, runtime_labels, record, first_seen_at,
      last_seen_at, ended_at)
    select gen_random_uuid(), 'container', ${hostId}, x.key, x.name, x.status, i.id, ${context.zone}, x.labels, x.record,
      ${time.now}, ${time.now}, x.ended_at
    from jsonb_to_recordset(${input}::jsonb) as x (key text, name text, status text, image_key text, labels jsonb,
      record jsonb, ended_at timestamptz)
    left join assets i on i.kind = 'image' and i.key = x.image_key
      and exists (select 1 from image_locations l where l.image_id = i.id and l.host_id = ${hostId})
    on conflict (host_id, key) where kind = 'container' do update set
      name = excluded.name, status = excluded.status, image_id = coalesce(excluded.image_id, assets.image_id),
      zone = excluded.zone, runtime_labels = excluded.runtime_labels, record = excluded.record,
      last_seen_at = excluded.last_seen_at, ended_at = excluded.ended_at
    returning id, key`.execute(trx);
  const ids = new Map(rows.map((row) => [row.key, row.id]));
  await linkParents(context, records);
  await storeLives(
    context,
    records.flatMap((record) => livesOf(context, record, ids.get(record.key))),
  );
  await linkLatecomers(context, ids);
  context.changes.note('container', [...ids.values()]);
  return ids;
};

/** Containers that the host no longer has, found missing by a snapshot. */
export const endContainers = async (
  context: HostContext,
  keys: readonly string[],
  at: Date,
): Promise<readonly string[]> => {
  const { rows } = await sql<{ id: string }>`
    with gone as (
      update assets set status = 'gone', ended_at = coalesce(ended_at, ${at})
      where host_id = ${context.hostId} and kind = 'container' and key = any(${keys}::text[]) returning id),
    closed as (
      update asset_intervals i set ended_at = greatest(${at}, i.started_at), end_inferred = true from gone
      where i.asset_id = gone.id and i.ended_at is null)
    select id from gone`.execute(context.trx);
  const ids = rows.map((row) => row.id);
  context.changes.note('container', ids);
  return ids;
};

/** Ids of containers of this host by their keys. */
export const findContainers = async (
  context: HostContext,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  if (keys.length === 0) return new Map();
  const rows = await context.trx
    .selectFrom('assets')
    .select(['id', 'key'])
    .where('host_id', '=', context.hostId)
    .where('kind', '=', 'container')
    .where(sql<boolean>`key = any(${keys}::text[])`)
    .execute();
  return new Map(rows.map((row) => [row.key, row.id]));
};

const runningStates: ReadonlySet<ContainerRecord['state']> = new Set(['running', 'paused', 'restarting']);

const isRunning = (record: ContainerRecord): boolean => runningStates.has(record.state) && record.endedAt === undefined;

const statusOf = (record: ContainerRecord): 'running' | 'stopped' | 'gone' => {
  if (record.state === 'removed') return 'gone';
  return isRunning(record) ? 'running' : 'stopped';
};

const inputOf = (context: HostContext, record: ContainerRecord) => {
  const started = context.time.past(record.startedAt);
  const status = statusOf(record);
  const ended = record.endedAt === undefined ? context.time.now : context.time.end(record.endedAt, started);
  return {
    key: record.key,
    name: record.name === '' ? record.runtimeId.slice(0, 12) : record.name,
    status,
    image_key: record.imageDigest,
    labels: record.labels,
    record,
    ended_at: status === 'running' || record.state === 'created' ? null : ended,
  };
};

const linkParents = async (context: HostContext, records: readonly ContainerRecord[]): Promise<void> => {
  const nested = records.filter((record) => record.parentKey !== undefined);
  if (nested.length === 0) return;
  await sql`
    update assets c set parent_id = p.id
    from unnest(${nested.map((r) => r.key)}::text[], ${nested.map((r) => r.parentKey)}::text[]) as x (key, parent_key)
    join assets p on p.host_id = ${context.hostId} and p.kind = 'container' and p.key = x.parent_key
    where c.host_id = ${context.hostId} and c.kind = 'container' and c.key = x.key and p.id <> c.id`.execute(
    context.trx,
  );
};

/** The life that a record tells of; one that was only created has not lived yet. */
const livesOf = (context: HostContext, record: ContainerRecord, assetId: string | undefined): readonly ToldLifeOf[] => {
  if (assetId === undefined || record.state === 'created') return [];
  const { time } = context;
  const started = time.past(record.startedAt);
  const ended = record.endedAt === undefined ? time.now : time.end(record.endedAt, started);
  return [
    {
      assetId,
      toldStart: record.startedAt,
      startInferred: record.startInferred ?? record.imageName === '',
      startedAt: started.getTime(),
      endedAt: isRunning(record) ? undefined : ended.getTime(),
      endInferred: !isRunning(record) && record.endedAt === undefined,
    },
  ];
};

/** Processes and listeners that named a container before its record came. */
const linkLatecomers = async (context: HostContext, ids: ReadonlyMap<string, string>): Promise<void> => {
  const keys = [...ids.keys()];
  const assets = [...ids.values()];
  for (const table of ['processes', 'listeners'] as const) {
    await sql`
      update ${sql.table(table)} t set container_id = x.id
      from unnest(${keys}::text[], ${assets}::uuid[]) as x (key, id)
      where t.host_id = ${context.hostId} and t.container_id is null and t.ended_at is null
        and t.container_key = x.key`.execute(context.trx);
  }
};

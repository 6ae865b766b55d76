import type { ListenerRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { HostContext } from '../host-context.ts';

/** Stores listening sockets; a port that is opened again is a new row. */
export const storeListeners = async (
  context: HostContext,
  records: readonly ListenerRecord[],
  containers: ReadonlyMap<string, string>,
): Promise<void> => {
  if (records.length === 0) return;
  const rows = records.map((record) => inputOf(context, record, containers));
  const open = rows.filter((row) => row.ended_at === undefined);
  const ended = rows.filter((row) => row.ended_at !== undefined);
  if (open.length > 0) await storeOpen(context, JSON.stringify(open));
  if (ended.length > 0) await storeEnded(context, JSON.stringify(ended));
  const touched = records.flatMap((record) => containers.get(record.containerKey ?? '') ?? []);
  context.changes.note('listener', [context.hostId, ...touched]);
};

/** Listeners that were not seen to close. */
export const endListeners = async (context: HostContext, keys: readonly string[], at: Date): Promise<void> => {
  await sql`
    update listeners set ended_at = greatest(${at}, started_at)
    where host_id = ${context.hostId} and ended_at is null and key = any(${keys}::text[])`.execute(context.trx);
  context.changes.note('listener', [context.hostId]);
};

const columns = sql`(key text, container_key text, container_id uuid, process_key text, executable text, protocol text,
  address text, port integer, started_at timestamptz, ended_at timestamptz, told_start bigint)`;

/**
 * A port that is told with another start is the same opening when another run of the sensor found it anew, perhaps at another
 * of its processes. When the process that had it is gone, it was closed and opened while nobody looked.
 */
const storeOpen = async (context: HostContext, input: string): Promise<void> => {
  await sql`
    update listeners l set ended_at = greatest(x.started_at, l.started_at)
    from jsonb_to_recordset(${input}::jsonb) as x ${columns}
    where l.host_id = ${context.hostId} and l.key = x.key and l.ended_at is null
      and l.told_start <> x.told_start and l.process_key <> x.process_key
      and not exists (select 1 from inventory_records r where r.host_id = l.host_id and r.kind = 'process'
        and r.key = l.process_key and r.epoch = ${context.epoch})`.execute(context.trx);
  await sql`
    insert into listeners (host_id, key, container_key, container_id, process_key, executable, protocol, address, port,
      started_at, ended_at, told_start)
    select ${context.hostId}, x.* from jsonb_to_recordset(${input}::jsonb) as x ${columns}
    on conflict (host_id, key) where ended_at is null do update set
      container_id = coalesce(excluded.container_id, listeners.container_id), process_key = excluded.process_key,
      executable = excluded.executable, told_start = excluded.told_start`.execute(context.trx);
};

/**
 * A listener that is told only once it is over, and then perhaps again, is one row: the start that the sensor told says which.
 * An end of an earlier opening, told again, does not close a later one. Rows of before 0016-told-starts have no told start.
 */
const storeEnded = async (context: HostContext, input: string): Promise<void> => {
  const { rows } = await sql<{ key: string }>`
    update listeners l set ended_at = greatest(x.ended_at, l.started_at), told_start = x.told_start
    from jsonb_to_recordset(${input}::jsonb) as x ${columns}
    where l.host_id = ${context.hostId} and l.key = x.key and l.ended_at is null
      and coalesce(l.told_start, x.told_start) <= x.told_start returning l.key`.execute(context.trx);
  await sql`
    insert into listeners (host_id, key, container_key, container_id, process_key, executable, protocol, address, port,
      started_at, ended_at, told_start)
    select ${context.hostId}, x.* from jsonb_to_recordset(${input}::jsonb) as x ${columns}
    where x.key <> all(${rows.map((row) => row.key)}::text[])
      and not exists (select 1 from listeners p where p.host_id = ${context.hostId} and p.key = x.key
        and (p.told_start = x.told_start
          or p.told_start is null and abs(extract(epoch from p.started_at - x.started_at)) < 5))`.execute(context.trx);
};

const inputOf = (context: HostContext, record: ListenerRecord, containers: ReadonlyMap<string, string>) => {
  const started = context.time.past(record.startedAt);
  return {
    key: record.key,
    container_key: record.containerKey,
    container_id: containers.get(record.containerKey ?? ''),
    process_key: record.processKey,
    executable: record.executable,
    protocol: record.protocol,
    address: record.address,
    port: record.port,
    started_at: started,
    ended_at: record.endedAt === undefined ? undefined : context.time.end(record.endedAt, started),
    told_start: record.startedAt,
  };
};

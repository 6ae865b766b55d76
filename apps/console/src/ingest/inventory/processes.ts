import type { ProcessRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { HostContext } from '../host-context.ts';

/** Stores processes. The same pid and start ticks on another boot are another process. */
export const storeProcesses = async (
  context: HostContext,
  records: readonly ProcessRecord[],
  containers: ReadonlyMap<string, string>,
): Promise<void> => {
  if (records.length === 0) return;
  const input = JSON.stringify(records.map((record) => inputOf(context, record, containers)));
  await sql`
    insert into processes (host_id, boot_id, key, container_key, container_id, pid, parent_key, name, executable, arguments,
      uid, user_name, capabilities, loaded_files, exit_code, started_at, ended_at)
    select ${context.hostId}, ${context.bootId}, x.*
    from jsonb_to_recordset(${input}::jsonb) as x (key text, container_key text, container_id uuid, pid integer,
      parent_key text, name text, executable text, arguments jsonb, uid bigint, user_name text, capabilities text,
      loaded_files jsonb, exit_code integer, started_at timestamptz, ended_at timestamptz)
    on conflict (host_id, boot_id, key) do update set
      container_key = excluded.container_key, container_id = coalesce(excluded.container_id, processes.container_id),
      parent_key = excluded.parent_key, name = excluded.name, executable = excluded.executable,
      arguments = excluded.arguments, uid = excluded.uid, user_name = excluded.user_name,
      capabilities = excluded.capabilities, loaded_files = excluded.loaded_files, exit_code = excluded.exit_code,
      ended_at = case when excluded.ended_at is not null then greatest(excluded.ended_at, processes.started_at) end,
      end_inferred = false`.execute(context.trx);
  const touched = records.flatMap((record) => containers.get(record.containerKey ?? '') ?? []);
  context.changes.note('process', [context.hostId, ...touched]);
};

/** Processes that were not seen to end. */
export const endProcesses = async (context: HostContext, keys: readonly string[], at: Date): Promise<void> => {
  await sql`
    update processes set ended_at = greatest(${at}, started_at), end_inferred = true
    where host_id = ${context.hostId} and ended_at is null and key = any(${keys}::text[])`.execute(context.trx);
  context.changes.note('process', [context.hostId]);
};

/** Numbers the database has smaller columns for than the wire allows. */
const maxInteger = 2 ** 31 - 1;

const inputOf = (context: HostContext, record: ProcessRecord, containers: ReadonlyMap<string, string>) => {
  const started = context.time.past(record.startedAt);
  return {
    key: record.key,
    container_key: record.containerKey,
    container_id: containers.get(record.containerKey ?? ''),
    pid: Math.min(record.pid, maxInteger),
    parent_key: record.parentKey,
    name: record.name,
    executable: record.executable,
    arguments: record.arguments,
    uid: record.user.uid,
    user_name: record.user.name,
    capabilities: record.capabilities,
    loaded_files: record.loadedFiles,
    exit_code: record.exitCode === undefined ? undefined : Math.max(-maxInteger, Math.min(record.exitCode, maxInteger)),
    started_at: started,
    ended_at: record.endedAt === undefined ? undefined : context.time.end(record.endedAt, started),
  };
};

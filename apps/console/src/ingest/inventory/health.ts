import type { LossKind } from '@parapet/contract/api';
import type { BlindRecord, CollectorRecord, LossRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import { eventCollectors } from '../../telemetry/event-collectors.ts';
import type { HostContext } from '../host-context.ts';

/** Stores what the sensor's collectors say of themselves. */
export const storeCollectors = async (context: HostContext, records: readonly CollectorRecord[]): Promise<void> => {
  if (records.length === 0) return;
  const ended = records.filter((record) => record.endedAt !== undefined).map((record) => record.key);
  if (ended.length > 0) await dropCollectors(context, ended);
  const input = JSON.stringify(
    records
      .filter((record) => record.endedAt === undefined)
      .map((record) => ({ ...record, since: context.time.past(record.startedAt) })),
  );
  await sql`
    insert into collectors (host_id, name, state, source, reason, since)
    select ${context.hostId}, x.key, x.state, x.source, x.reason, x.since
    from jsonb_to_recordset(${input}::jsonb) as x (key text, state text, source text, reason text, since timestamptz)
    on conflict (host_id, name) do update set state = excluded.state, source = excluded.source,
      reason = excluded.reason, since = excluded.since`.execute(context.trx);
  context.changes.note('collector');
};

export const dropCollectors = async (context: HostContext, names: readonly string[]): Promise<void> => {
  await sql`delete from collectors where host_id = ${context.hostId} and name = any(${names}::text[])`.execute(
    context.trx,
  );
  context.changes.note('collector');
};

/** Stores spans in which a collector could not see. */
export const storeBlinds = async (context: HostContext, records: readonly BlindRecord[]): Promise<void> => {
  if (records.length === 0) return;
  const input = JSON.stringify(
    records.map((record) => {
      const started = context.time.past(record.startedAt);
      const ended = record.endedAt === undefined ? undefined : context.time.end(record.endedAt, started);
      return {
        key: record.key,
        collector: record.collector,
        cause: record.cause,
        started_at: started,
        ended_at: ended,
      };
    }),
  );
  await sql`
    insert into blind_intervals (host_id, collector, key, started_at, ended_at, cause)
    select ${context.hostId}, x.collector, x.key, x.started_at, x.ended_at, x.cause
    from jsonb_to_recordset(${input}::jsonb) as x (key text, collector text, cause text, started_at timestamptz,
      ended_at timestamptz)
    on conflict (host_id, key) do update
      set ended_at = case when excluded.ended_at is not null
          then greatest(excluded.ended_at, blind_intervals.started_at) end,
        cause = excluded.cause`.execute(context.trx);
  context.changes.note('blind');
};

/** Blind spans that the sensor no longer names: whoever could have ended them is gone. */
export const endBlinds = async (context: HostContext, keys: readonly string[], at: Date): Promise<void> => {
  await sql`
    update blind_intervals set ended_at = greatest(${at}, started_at)
    where host_id = ${context.hostId} and ended_at is null and key = any(${keys}::text[])`.execute(context.trx);
  context.changes.note('blind');
};

/**
 * Stores counted losses of this run of the sensor; a count never goes back. Losses of events come with the accounts of those who lost
 * them: sensors until 2026-11 told them here as well, and counted twice they would be wrong.
 */
export const storeLosses = async (context: HostContext, told: readonly LossRecord[]): Promise<void> => {
  const records = told.filter((record) => kindOf(record) !== 'events');
  if (records.length === 0) return;
  const input = JSON.stringify(
    records.map((record) => ({
      collector: record.collector,
      stage: record.stage,
      cause: record.cause,
      kind: kindOf(record),
      lost: record.lost,
      first_at: context.time.past(record.startedAt),
    })),
  );
  await sql`
    insert into losses (host_id, run_id, collector, stage, cause, kind, lost, first_at, last_at)
    select ${context.hostId}, ${context.runId}, x.collector, x.stage, x.cause, max(x.kind), max(x.lost), min(x.first_at),
      ${context.time.now}
    from jsonb_to_recordset(${input}::jsonb) as x (collector text, stage text, cause text, kind text, lost bigint,
      first_at timestamptz)
    group by x.collector, x.stage, x.cause
    on conflict (host_id, run_id, collector, stage, cause) do update
      set lost = greatest(losses.lost, excluded.lost), last_at = excluded.last_at`.execute(context.trx);
  context.changes.note('loss');
};

const accounting: ReadonlySet<string> = new Set(eventCollectors);

const kindOf = ({ collector, stage, cause }: LossRecord): LossKind => {
  if (stage === 'reader' && cause === 'arguments of a start') return 'arguments';
  return accounting.has(collector) && stage !== 'inventory' ? 'events' : 'records';
};

/** Adds to what the console itself had to refuse of a host's records. */
export const countRefused = async (context: HostContext, cause: string, records: number): Promise<void> => {
  if (records === 0) return;
  await sql`
    insert into losses (host_id, run_id, collector, stage, cause, lost, first_at, last_at)
    values (${context.hostId}, ${context.runId}, 'console', 'ingest', ${cause}, ${records}, ${context.time.now},
      ${context.time.now})
    on conflict (host_id, run_id, collector, stage, cause) do update
      set lost = losses.lost + excluded.lost, last_at = excluded.last_at`.execute(context.trx);
  context.changes.note('loss');
};

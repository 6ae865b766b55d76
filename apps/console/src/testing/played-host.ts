import { randomUUID } from 'node:crypto';
import type { InventoryRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { applyBatch, type BatchFrame, type BatchOutcome } from '../ingest/apply-batch.ts';
import { readInventoryBody } from '../ingest/frame-reader.ts';
import { createHostTime } from '../ingest/host-time.ts';
import { putLine } from './records.ts';

/** A host whose sensor is played by a test: it sends records straight to the store, without a connection. */
export type PlayedHost = {
  readonly id: string;
  /** A new epoch: a snapshot of these records. */
  readonly snapshot: (records: readonly InventoryRecord[], at?: PlayOptions) => Promise<BatchOutcome>;
  /** Records in the running epoch. */
  readonly send: (records: readonly InventoryRecord[], at?: PlayOptions) => Promise<BatchOutcome>;
  readonly sendFrames: (frames: readonly BatchFrame[], at?: PlayOptions) => Promise<BatchOutcome>;
  readonly position: () => { epoch: number; seq: number };
};

type PlayOptions = { readonly nowMs?: number; readonly skewMs?: number; readonly bootId?: string };

export const playHost = async (
  db: Database,
  options: { readonly name?: string; readonly zone?: string; readonly nowMs?: number } = {},
): Promise<PlayedHost> => {
  const id = randomUUID();
  const now = new Date(options.nowMs ?? Date.now());
  await db
    .insertInto('assets')
    .values({
      id,
      kind: 'host',
      key: 'host',
      name: options.name ?? 'box',
      status: 'running',
      zone: options.zone ?? 'default',
      runtime_labels: '{}',
      people_labels: '{}',
      record: '{}',
      first_seen_at: now,
      last_seen_at: now,
    })
    .execute();
  await sql`insert into asset_intervals (asset_id, started_at) values (${id}, ${now})`.execute(db);
  await db
    .insertInto('sensors')
    .values({
      host_id: id,
      version: '0.1.0',
      presence: 'online',
      presence_since: now,
      enrolled_at: now,
      enrolment: 'new',
      certificate_serial: 'none',
    })
    .execute();
  const runId = randomUUID();
  let position = { epoch: 0, seq: 0 };
  const sendFrames = async (frames: readonly BatchFrame[], at: PlayOptions = {}): Promise<BatchOutcome> => {
    const outcome = await db.transaction().execute((trx) =>
      applyBatch(trx, {
        hostId: id,
        runId,
        bootId: at.bootId ?? 'boot-1',
        time: createHostTime(at.nowMs ?? Date.now(), at.skewMs ?? 0),
        frames,
        holding: undefined,
      }),
    );
    if (outcome.kind === 'stored') position = outcome.position;
    return outcome;
  };
  return {
    id,
    sendFrames,
    position: () => position,
    send: (records, at) => sendFrames([frameOf(position.epoch, position.seq + 1, records.map(putLine))], at),
    snapshot: (records, at = {}) => {
      const begin = JSON.stringify({ kind: 'snapshot-begin', bootId: at.bootId ?? 'boot-1', takenAt: at.nowMs ?? 0 });
      const end = JSON.stringify({ kind: 'snapshot-end', records: records.length });
      return sendFrames([frameOf(position.epoch + 1, 1, [begin, ...records.map(putLine), end])], at);
    },
  };
};

export const frameOf = (epoch: number, seq: number, lines: readonly string[]): BatchFrame => {
  const body = readInventoryBody(Buffer.from(lines.join('\n')));
  if (!body.ok) throw new Error(body.error.message);
  return { epoch, seq, body: body.value };
};

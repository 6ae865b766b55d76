import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { BatchFrame, BatchOutcome } from './apply-batch.ts';
import { readHolding } from './stored-records.ts';

/** Moves a stream past a frame that the store refuses for its content, and counts its records as lost here. */
export const skipFrame = (
  db: Database,
  input: { readonly hostId: string; readonly runId: string; readonly frame: BatchFrame; readonly nowMs: number },
): Promise<BatchOutcome> =>
  db.transaction().execute(async (trx) => {
    const { hostId, runId, frame } = input;
    const now = new Date(input.nowMs);
    await sql`
      update sensors set stream_epoch = ${frame.epoch}, stream_seq = ${frame.seq}, in_sync = false
      where host_id = ${hostId} and (stream_epoch, stream_seq) < (${frame.epoch}::bigint, ${frame.seq}::bigint)`.execute(
      trx,
    );
    await sql`
      insert into losses (host_id, run_id, collector, stage, cause, lost, first_at, last_at)
      values (${hostId}, ${runId}, 'console', 'ingest', 'not-storable', ${frame.body.items.length}, ${now}, ${now})
      on conflict (host_id, run_id, collector, stage, cause) do update
        set lost = losses.lost + excluded.lost, last_at = excluded.last_at`.execute(trx);
    return {
      kind: 'stored',
      position: { epoch: frame.epoch, seq: frame.seq },
      holding: await readHolding(trx, hostId),
      change: { hostId, assetIds: [], kinds: ['loss'] },
      snapshotOpen: false,
      records: 0,
      zone: undefined,
    };
  });

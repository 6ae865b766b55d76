import type { HostRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { HostContext } from '../host-context.ts';

/** Stores what a host says of itself. Its name and addresses are attributes: it stays the host it enrolled as. */
export const storeHost = async (context: HostContext, record: HostRecord): Promise<void> => {
  const { trx, hostId, time } = context;
  await sql`
    update assets set name = ${record.hostname}, status = 'running', last_seen_at = ${time.now}, ended_at = null,
      record = ${JSON.stringify(record)}::jsonb
    where id = ${hostId}`.execute(trx);
  await trx
    .insertInto('asset_intervals')
    .values({ asset_id: hostId, started_at: time.now })
    .onConflict((conflict) => conflict.column('asset_id').where('ended_at', 'is', null).doNothing())
    .execute();
  context.changes.note('host', [hostId]);
};

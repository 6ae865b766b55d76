import type { Clock } from '@parapet/core';
import type { Database } from '../database/database.ts';

/** Takes a sensor's certificates away; false when there is no such sensor. What it reported stays, as unknown. */
export const revokeSensor = (
  deps: { readonly db: Database; readonly clock: Clock },
  hostId: string,
  reason: string,
): Promise<boolean> =>
  deps.db.transaction().execute(async (trx) => {
    const now = new Date(deps.clock.now());
    const before = await trx
      .selectFrom('sensors')
      .select('presence')
      .where('host_id', '=', hostId)
      .forUpdate()
      .executeTakeFirst();
    if (before === undefined) return false;
    await trx
      .updateTable('sensor_certificates')
      .set({ revoked_at: now, revoked_reason: reason })
      .where('host_id', '=', hostId)
      .where('revoked_at', 'is', null)
      .execute();
    if (before.presence === 'revoked') return true;
    await trx
      .updateTable('sensors')
      .set({ presence: 'revoked', presence_since: now, in_sync: null })
      .where('host_id', '=', hostId)
      .execute();
    await trx
      .updateTable('assets')
      .set({ status: 'unknown' })
      .where((eb) => eb.or([eb('id', '=', hostId), eb('host_id', '=', hostId)]))
      .where('status', '=', 'running')
      .execute();
    if (before.presence === 'online') {
      await trx
        .insertInto('blind_intervals')
        .values({
          host_id: hostId,
          collector: 'sensor',
          key: `sensor|${now.getTime()}`,
          started_at: now,
          cause: 'The sensor was revoked.',
        })
        .onConflict((conflict) => conflict.columns(['host_id', 'key']).doNothing())
        .execute();
    }
    return true;
  });

import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { createChangeCollector, type InventoryChange } from '../host-context.ts';
import { createHostTime } from '../host-time.ts';
import { applyEdges } from './apply-edges.ts';
import { createEdgeTurns } from './edge-turns.ts';

/** Addresses that one pass takes on. */
const addressesAtOnce = 200;

/**
 * Places reports again that still name a stranger although a host or container has that address by now. Storing a record does
 * that for the first few thousand reports that point at its addresses; what is beyond is left to this. Returns what changed
 * by zone.
 */
export const sweepUnresolved = async (db: Database, nowMs: number): Promise<readonly InventoryChange[]> => {
  const { rows } = await sql<{ zone: string; host_id: string; addresses: string[] }>`
    with owned as (
      select zone, address, min(host_id::text)::uuid as host_id from node_addresses where not is_local
      group by zone, address having count(distinct node) = 1),
    strange as (
      select distinct o.zone, o.address, o.host_id from owned o
      join edge_reports r on r.live and r.zone = o.zone and r.peer_address = o.address
      where (case r.side when 'source' then r.target_node else r.source_node end) = 'peer:' || o.zone || '|' || o.address
      limit ${addressesAtOnce})
    select zone, min(host_id::text)::uuid as host_id, array_agg(address) as addresses from strange group by zone`.execute(
    db,
  );
  const changes: InventoryChange[] = [];
  for (const { zone, host_id: hostId, addresses } of rows) {
    const collector = createChangeCollector();
    await db.transaction().execute((trx) =>
      applyEdges(
        {
          trx,
          hostId,
          zone,
          runId: hostId,
          bootId: '',
          epoch: 0,
          time: createHostTime(nowMs, 0),
          changes: collector,
          edgeTurns: createEdgeTurns(),
        },
        { records: [], unnamed: [], addresses: { local: [], zonal: addresses }, newContainerKeys: [] },
        { onlyStrangers: true },
      ),
    );
    changes.push(collector.taken(hostId));
  }
  return changes;
};

export const sweepEveryMs = 5 * 60_000;

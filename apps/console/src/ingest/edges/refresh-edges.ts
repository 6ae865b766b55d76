import type { EdgePeer, EdgeRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { HostContext } from '../host-context.ts';
import type { PlacedReport } from './edge-report.ts';
import { reportOf } from './edge-reports.ts';

/**
 * Whether a record says of a live edge only that it goes on. Most edge records do, and these change no node, no program and no
 * span: they need none of the work that places a report.
 */
export const isRefresh = (record: EdgeRecord, before: PlacedReport | undefined): before is PlacedReport => {
  if (before === undefined || !before.live || record.endedAt !== undefined) return false;
  const was = before.record;
  return (
    was.startedAt === record.startedAt &&
    was.direction === record.direction &&
    was.protocol === record.protocol &&
    was.containerKey === record.containerKey &&
    was.executable === record.executable &&
    was.serverPort === record.serverPort &&
    was.publishedPort === record.publishedPort &&
    isSamePeer(was.peer, record.peer)
  );
};

/** Writes when edges were last seen and what they counted. */
export const refreshEdges = async (
  context: HostContext,
  refreshes: readonly { readonly record: EdgeRecord; readonly before: PlacedReport }[],
): Promise<void> => {
  if (refreshes.length === 0) return;
  const { trx, hostId } = context;
  const input = JSON.stringify(
    refreshes.map(({ record, before }) => {
      const report = reportOf(context, record, before);
      return {
        key: report.key,
        record,
        last_seen_at: new Date(report.lastSeenAtMs),
        connections: report.connections,
        bytes_sent: report.bytesSent,
        bytes_received: report.bytesReceived,
      };
    }),
  );
  const { rows } = await sql<{ edge_id: number }>`
    update edge_reports r set record = x.record, last_seen_at = greatest(r.last_seen_at, x.last_seen_at),
      connections = x.connections, bytes_sent = x.bytes_sent, bytes_received = x.bytes_received
    from jsonb_to_recordset(${input}::jsonb) as x (key text, record jsonb, last_seen_at timestamptz, connections bigint,
      bytes_sent bigint, bytes_received bigint)
    where r.host_id = ${hostId} and r.key = x.key returning r.edge_id`.execute(trx);
  const ids = [...new Set(rows.map((row) => row.edge_id))].sort((a, b) => a - b);
  // Ends count the same traffic: what each end's reports add up to is compared, never added.
  await sql`
    update edges e set last_seen_at = greatest(e.last_seen_at, s.last_seen_at),
      connections = greatest(e.connections, s.connections), bytes_sent = greatest(e.bytes_sent, s.bytes_sent),
      bytes_received = greatest(e.bytes_received, s.bytes_received),
      addresses = case when s.internet is null then e.addresses
        else array(select jsonb_array_elements_text(s.internet -> 'addresses')) end,
      address_count = greatest(e.address_count, (s.internet ->> 'addressCount')::bigint)
    from (
      select edge_id, max(last_seen_at) as last_seen_at,
        greatest(sum(connections) filter (where side = 'source'), sum(connections) filter (where side = 'target')) as connections,
        greatest(sum(bytes_sent) filter (where side = 'source'), sum(bytes_received) filter (where side = 'target')) as bytes_sent,
        greatest(sum(bytes_received) filter (where side = 'source'), sum(bytes_sent) filter (where side = 'target')) as bytes_received,
        (array_agg(record -> 'peer') filter (where record -> 'peer' ->> 'kind' = 'internet'))[1] as internet
      from edge_reports where live and edge_id = any(${ids}::bigint[]) group by edge_id) s
    where e.id = s.edge_id`.execute(trx);
};

const isSamePeer = (a: EdgePeer, b: EdgePeer): boolean => {
  switch (a.kind) {
    case 'internet':
      return b.kind === 'internet';
    case 'address':
      return b.kind === 'address' && a.address === b.address && a.network === b.network;
    case 'local':
      return b.kind === 'local' && a.containerKey === b.containerKey && a.executable === b.executable;
  }
};

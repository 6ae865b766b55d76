import type { EdgeRecord } from '@parapet/contract/wire';
import { classifyAddress } from '@parapet/core';
import { sql } from 'kysely';
import type { DatabaseTransaction } from '../../database/database.ts';
import type { HostContext } from '../host-context.ts';
import type { EdgeReport, PlacedReport, ReportPeer } from './edge-report.ts';
import { peerAddressOf } from './resolve.ts';

/** Reads a record as a report of its host. `before` is the same report as stored, whose counts and start go on. */
export const reportOf = (context: HostContext, record: EdgeRecord, before: PlacedReport | undefined): EdgeReport => {
  const { time, hostId, zone } = context;
  const started = time.past(record.startedAt);
  const live = record.endedAt === undefined;
  const lastSeen = time.end(record.endedAt ?? record.lastSeenAt, started);
  const same = before !== undefined && before.record.startedAt === record.startedAt;
  return {
    hostId,
    zone,
    key: record.key,
    side: record.direction === 'out' ? 'source' : 'target',
    protocol: record.protocol,
    containerKey: record.containerKey,
    peer: peerOf(record),
    localProcess: record.executable ?? '',
    peerProcess: record.peer.kind === 'local' ? (record.peer.executable ?? '') : '',
    serverPort: record.serverPort,
    publishedPort: record.publishedPort,
    live,
    startedAtMs: same ? before.startedAtMs : started.getTime(),
    lastSeenAtMs: lastSeen.getTime(),
    connections: grown(before?.connections, same ? before.record.connections : 0, record.connections) ?? 0,
    bytesSent: grown(before?.bytesSent, same ? before.record.bytesSent : 0, record.bytesSent),
    bytesReceived: grown(before?.bytesReceived, same ? before.record.bytesReceived : 0, record.bytesReceived),
    record,
  };
};

/** Reports by their keys, each with its edge. */
export const readReports = (
  context: HostContext,
  keys: readonly string[],
): Promise<ReadonlyMap<string, PlacedReport>> =>
  keys.length === 0
    ? Promise.resolve(new Map())
    : select(context.trx, sql`r.host_id = ${context.hostId} and r.key = any(${keys}::text[])`).then(
        (reports) => new Map(reports.map((report) => [report.key, report])),
      );

/** Live reports that must be placed again: their peer's address changed hands, or a container they name has come. */
export const readStale = (
  context: HostContext,
  stale: {
    readonly local: readonly string[];
    readonly zonal: readonly string[];
    readonly containerKeys: readonly string[];
    /** Leaves out those whose far end has a name already. */
    readonly onlyStrangers: boolean;
  },
  limit: number,
): Promise<readonly PlacedReport[]> =>
  select(
    context.trx,
    sql`r.live and (not ${stale.onlyStrangers}::boolean
        or (case r.side when 'source' then r.target_node else r.source_node end) like 'peer:%') and (
      (r.zone = ${context.zone} and r.peer_address = any(${stale.zonal}::text[]))
      or (r.host_id = ${context.hostId} and r.peer_address = any(${stale.local}::text[]))
      or (r.host_id = ${context.hostId} and (r.container_key = any(${stale.containerKeys}::text[])
        or r.record -> 'peer' ->> 'containerKey' = any(${stale.containerKeys}::text[]))))
      order by r.host_id, r.key limit ${limit}`,
  );

/** Live reports of whole groups. */
export const readGroups = (
  trx: DatabaseTransaction,
  groups: readonly { sourceNode: string; targetNode: string; protocol: string; port: number }[],
): Promise<readonly PlacedReport[]> =>
  groups.length === 0
    ? Promise.resolve([])
    : select(
        trx,
        sql`r.live and (r.source_node, r.target_node, r.protocol, r.port) in (
          select * from unnest(${groups.map((g) => g.sourceNode)}::text[], ${groups.map((g) => g.targetNode)}::text[],
            ${groups.map((g) => g.protocol)}::text[], ${groups.map((g) => g.port)}::integer[]))`,
      );

/** Writes reports with the edges they now belong to. */
export const writeReports = async (
  trx: DatabaseTransaction,
  reports: readonly (PlacedReport & { readonly edgeId: number })[],
): Promise<void> => {
  if (reports.length === 0) return;
  const input = JSON.stringify(
    reports.map((report) => ({
      host_id: report.hostId,
      key: report.key,
      edge_id: report.edgeId,
      side: report.side,
      zone: report.zone,
      container_key: report.containerKey,
      peer_address: report.peer.kind === 'address' ? report.peer.address : undefined,
      source_node: report.sourceNode,
      target_node: report.targetNode,
      protocol: report.protocol,
      port: report.port,
      local_process: report.localProcess,
      peer_process: report.peerProcess,
      published_port: report.publishedPort,
      record: report.record,
      live: report.live,
      started_at: new Date(report.startedAtMs),
      last_seen_at: new Date(report.lastSeenAtMs),
      connections: report.connections,
      bytes_sent: report.bytesSent,
      bytes_received: report.bytesReceived,
    })),
  );
  await sql`
    insert into edge_reports (host_id, key, edge_id, side, zone, container_key, peer_address, source_node, target_node,
      protocol, port, local_process, peer_process, published_port, record, live, started_at, last_seen_at, connections,
      bytes_sent, bytes_received)
    select x.* from jsonb_to_recordset(${input}::jsonb) as x (host_id uuid, key text, edge_id bigint, side text, zone text,
      container_key text, peer_address text, source_node text, target_node text, protocol text, port integer,
      local_process text, peer_process text, published_port integer, record jsonb, live boolean, started_at timestamptz,
      last_seen_at timestamptz, connections bigint, bytes_sent bigint, bytes_received bigint)
    on conflict (host_id, key) do update set edge_id = excluded.edge_id, side = excluded.side, zone = excluded.zone,
      container_key = excluded.container_key, peer_address = excluded.peer_address, source_node = excluded.source_node,
      target_node = excluded.target_node, protocol = excluded.protocol, port = excluded.port,
      local_process = excluded.local_process, peer_process = excluded.peer_process,
      published_port = excluded.published_port, record = excluded.record, live = excluded.live,
      started_at = excluded.started_at, last_seen_at = excluded.last_seen_at, connections = excluded.connections,
      bytes_sent = excluded.bytes_sent, bytes_received = excluded.bytes_received`.execute(trx);
};

/** A count since the report joined its edge, from counts that begin anew with each run of the sensor. */
const grown = (sum: number | undefined, before: number | undefined, now: number | undefined): number | undefined => {
  if (now === undefined) return sum;
  return Math.min(Number.MAX_SAFE_INTEGER, (sum ?? 0) + Math.max(0, now - (before ?? 0)));
};

const peerOf = (record: EdgeRecord): ReportPeer => {
  const { peer } = record;
  switch (peer.kind) {
    case 'internet':
      return { kind: 'internet' };
    case 'local':
      return { kind: 'local', containerKey: peer.containerKey };
    case 'address': {
      const address = peerAddressOf(peer.address);
      if (address === undefined || classifyAddress(address) === 'unspecified') return { kind: 'internet' };
      return { kind: 'address', address };
    }
  }
};

type Row = {
  host_id: string;
  key: string;
  side: 'source' | 'target';
  zone: string;
  source_node: string;
  target_node: string;
  protocol: 'tcp' | 'udp';
  port: number;
  published_port: number | null;
  record: EdgeRecord;
  live: boolean;
  started_at: Date;
  last_seen_at: Date;
  connections: number;
  bytes_sent: number | null;
  bytes_received: number | null;
  edge_id: number;
  source_process: string;
  target_process: string;
};

const select = async (trx: DatabaseTransaction, where: ReturnType<typeof sql>): Promise<readonly PlacedReport[]> => {
  const { rows } = await sql<Row>`
    select r.host_id, r.key, r.side, r.zone, r.source_node, r.target_node, r.protocol, r.port, r.published_port, r.record,
      r.live, r.started_at, r.last_seen_at, r.connections, r.bytes_sent, r.bytes_received, r.edge_id,
      e.source_process, e.target_process
    from edge_reports r join edges e on e.id = r.edge_id where ${where}`.execute(trx);
  return rows.map((row) => ({
    hostId: row.host_id,
    zone: row.zone,
    key: row.key,
    side: row.side,
    protocol: row.protocol,
    containerKey: row.record.containerKey,
    peer: peerOf(row.record),
    localProcess: row.record.executable ?? '',
    peerProcess: row.record.peer.kind === 'local' ? (row.record.peer.executable ?? '') : '',
    serverPort: row.record.serverPort,
    publishedPort: row.published_port ?? undefined,
    live: row.live,
    startedAtMs: row.started_at.getTime(),
    lastSeenAtMs: row.last_seen_at.getTime(),
    connections: row.connections,
    bytesSent: row.bytes_sent ?? undefined,
    bytesReceived: row.bytes_received ?? undefined,
    record: row.record,
    sourceNode: row.source_node,
    targetNode: row.target_node,
    port: row.port,
    edge: { id: row.edge_id, sourceProcess: row.source_process, targetProcess: row.target_process },
  }));
};

import { sql } from 'kysely';
import type { DatabaseTransaction } from '../../database/database.ts';
import { type EdgeIdentity, identityOf } from './edge-report.ts';
import type { WantedEdge } from './groups.ts';
import { type Span, type StoredSpan, uniteSpans } from './intervals.ts';
import { assetOfNode } from './node-names.ts';

/** Writes edges; counts never go back. Returns their ids by identity. */
export const writeEdges = async (
  trx: DatabaseTransaction,
  edges: readonly WantedEdge[],
): Promise<ReadonlyMap<string, number>> => {
  if (edges.length === 0) return new Map();
  const input = JSON.stringify(edges.map(rowOf));
  const { rows } = await sql<{ id: number } & EdgeKeyRow>`
    insert into edges (source_node, source_process, target_node, target_process, protocol, port, published_port,
      source_asset, target_asset, first_seen_at, last_seen_at, ended_at, connections, bytes_sent, bytes_received,
      addresses, address_count, reported_by_source, reported_by_target)
    select x.source_node, x.source_process, x.target_node, x.target_process, x.protocol, x.port, x.published_port,
      x.source_asset, x.target_asset, x.first_seen_at, x.last_seen_at, x.ended_at, x.connections, x.bytes_sent,
      x.bytes_received, array(select jsonb_array_elements_text(x.addresses)), x.address_count, x.by_source, x.by_target
    from jsonb_to_recordset(${input}::jsonb) as x (source_node text, source_process text, target_node text,
      target_process text, protocol text, port integer, published_port integer, source_asset uuid, target_asset uuid,
      first_seen_at timestamptz, last_seen_at timestamptz, ended_at timestamptz, connections bigint, bytes_sent bigint,
      bytes_received bigint, addresses jsonb, address_count bigint, by_source boolean, by_target boolean)
    on conflict (source_node, source_process, target_node, target_process, protocol, port) do update set
      published_port = coalesce(excluded.published_port, edges.published_port),
      first_seen_at = least(edges.first_seen_at, excluded.first_seen_at),
      last_seen_at = greatest(edges.last_seen_at, excluded.last_seen_at), ended_at = excluded.ended_at,
      connections = greatest(edges.connections, excluded.connections),
      bytes_sent = greatest(edges.bytes_sent, excluded.bytes_sent),
      bytes_received = greatest(edges.bytes_received, excluded.bytes_received),
      addresses = excluded.addresses, address_count = greatest(edges.address_count, excluded.address_count),
      reported_by_source = edges.reported_by_source or excluded.reported_by_source,
      reported_by_target = edges.reported_by_target or excluded.reported_by_target
    returning id, source_node, source_process, target_node, target_process, protocol, port`.execute(trx);
  return new Map(rows.map((row) => [identityOf(keyOf(row)), row.id]));
};

/** What an edge's row says of its identity. */
export const readIdentities = async (
  trx: DatabaseTransaction,
  ids: readonly number[],
): Promise<ReadonlyMap<number, EdgeIdentity>> => {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{ id: number } & EdgeKeyRow>`
    select id, source_node, source_process, target_node, target_process, protocol, port from edges
    where id = any(${ids}::bigint[])`.execute(trx);
  return new Map(rows.map((row) => [row.id, keyOf(row)]));
};

/** The spans in which an edge was there, to be united with those on record; `closedAtMs` ends a lasting one. */
export type EdgePresence = {
  readonly edgeId: number;
  readonly spans: readonly Span[];
  readonly closedAtMs: number | undefined;
};

export const writePresence = async (trx: DatabaseTransaction, edges: readonly EdgePresence[]): Promise<void> => {
  if (edges.length === 0) return;
  const { rows } = await sql<{ id: number; edge_id: number; started_at: Date; ended_at: Date | null }>`
    select id, edge_id, started_at, ended_at from edge_intervals
    where edge_id = any(${edges.map((edge) => edge.edgeId)}::bigint[])`.execute(trx);
  const stored = Map.groupBy(rows, (row) => row.edge_id);
  const inserted: { edge_id: number; started_at: Date; ended_at: Date | undefined }[] = [];
  const updated: { id: number; started_at: Date; ended_at: Date | undefined }[] = [];
  const deleted: number[] = [];
  for (const edge of edges) {
    const before = (stored.get(edge.edgeId) ?? []).map(spanOf);
    // A span that lasted on record and no longer does was changed even when nothing joins it.
    const ending = edge.closedAtMs;
    const spans = before.map((span) =>
      span.end === undefined && ending !== undefined ? { ...span, end: Math.max(ending, span.start) } : span,
    );
    const changes = uniteSpans(spans, edge.spans);
    inserted.push(...changes.inserted.map((span) => ({ edge_id: edge.edgeId, ...datesOf(span) })));
    deleted.push(...changes.deleted);
    const rewritten = new Map(changes.updated.map((span) => [span.id, span]));
    for (const [index, span] of spans.entries()) {
      if (changes.deleted.includes(span.id)) continue;
      const next = rewritten.get(span.id) ?? span;
      const was = before[index];
      if (was?.start !== next.start || was.end !== next.end) updated.push({ id: span.id, ...datesOf(next) });
    }
  }
  if (deleted.length > 0) await sql`delete from edge_intervals where id = any(${deleted}::bigint[])`.execute(trx);
  if (updated.length > 0) {
    await sql`
      update edge_intervals i set started_at = x.started_at, ended_at = x.ended_at
      from jsonb_to_recordset(${JSON.stringify(updated)}::jsonb) as x (id bigint, started_at timestamptz,
        ended_at timestamptz)
      where i.id = x.id`.execute(trx);
  }
  if (inserted.length > 0) {
    await sql`
      insert into edge_intervals (edge_id, started_at, ended_at)
      select x.* from jsonb_to_recordset(${JSON.stringify(inserted)}::jsonb) as x (edge_id bigint,
        started_at timestamptz, ended_at timestamptz)`.execute(trx);
  }
};

/** Makes one edge of two: history, reports and counts of `from` go to `into`, and `from` is gone. */
export const mergeEdges = async (
  trx: DatabaseTransaction,
  merges: readonly { readonly from: number; readonly into: number }[],
): Promise<void> => {
  if (merges.length === 0) return;
  const from = merges.map((merge) => merge.from);
  const pairs = sql`unnest(${from}::bigint[], ${merges.map((merge) => merge.into)}::bigint[]) as x (old, heir)`;
  const { rows } = await sql<{ heir: number; started_at: Date; ended_at: Date | null }>`
    select x.heir, i.started_at, i.ended_at from ${pairs} join edge_intervals i on i.edge_id = x.old`.execute(trx);
  await sql`update edge_reports r set edge_id = x.heir from ${pairs} where r.edge_id = x.old`.execute(trx);
  await sql`
    update edges e set first_seen_at = least(e.first_seen_at, o.first_seen_at),
      last_seen_at = greatest(e.last_seen_at, o.last_seen_at), connections = greatest(e.connections, o.connections),
      bytes_sent = greatest(e.bytes_sent, o.bytes_sent), bytes_received = greatest(e.bytes_received, o.bytes_received)
    from (
      select x.heir, min(o.first_seen_at) as first_seen_at, max(o.last_seen_at) as last_seen_at,
        max(o.connections) as connections, max(o.bytes_sent) as bytes_sent, max(o.bytes_received) as bytes_received
      from ${pairs} join edges o on o.id = x.old group by x.heir) o
    where e.id = o.heir`.execute(trx);
  await sql`delete from edges where id = any(${from}::bigint[])`.execute(trx);
  // What lasted there lasts here too: its reports came along.
  const spans = Map.groupBy(rows, (row) => row.heir);
  await writePresence(
    trx,
    [...spans].map(([edgeId, inherited]) => ({
      edgeId,
      spans: inherited.map((row) => ({ start: row.started_at.getTime(), end: row.ended_at?.getTime() })),
      closedAtMs: undefined,
    })),
  );
};

/** Ends edges whose reports all speak of other edges now. */
export const closeEdges = async (trx: DatabaseTransaction, ids: readonly number[], at: Date): Promise<void> => {
  if (ids.length === 0) return;
  await sql`update edges set ended_at = greatest(${at}, first_seen_at) where id = any(${ids}::bigint[])`.execute(trx);
  await sql`
    update edge_intervals set ended_at = greatest(${at}, started_at)
    where edge_id = any(${ids}::bigint[]) and ended_at is null`.execute(trx);
};

/** Of these edges, the ones that some live report still speaks of. */
export const stillReported = async (trx: DatabaseTransaction, ids: readonly number[]): Promise<ReadonlySet<number>> => {
  const { rows } = await sql<{ edge_id: number }>`
    select distinct edge_id from edge_reports where live and edge_id = any(${ids}::bigint[])`.execute(trx);
  return new Set(rows.map((row) => row.edge_id));
};

type EdgeKeyRow = {
  source_node: string;
  source_process: string;
  target_node: string;
  target_process: string;
  protocol: 'tcp' | 'udp';
  port: number;
};

const keyOf = (row: EdgeKeyRow): EdgeIdentity => ({
  sourceNode: row.source_node,
  sourceProcess: row.source_process,
  targetNode: row.target_node,
  targetProcess: row.target_process,
  protocol: row.protocol,
  port: row.port,
});

const rowOf = (edge: WantedEdge) => ({
  source_node: edge.sourceNode,
  source_process: edge.sourceProcess,
  target_node: edge.targetNode,
  target_process: edge.targetProcess,
  protocol: edge.protocol,
  port: edge.port,
  published_port: edge.publishedPort,
  source_asset: assetOfNode(edge.sourceNode),
  target_asset: assetOfNode(edge.targetNode),
  first_seen_at: new Date(edge.firstSeenAtMs),
  last_seen_at: new Date(edge.lastSeenAtMs),
  ended_at: edge.live ? undefined : new Date(edge.lastSeenAtMs),
  connections: edge.connections,
  bytes_sent: edge.bytesSent,
  bytes_received: edge.bytesReceived,
  addresses: edge.addresses,
  address_count: edge.addressCount,
  by_source: edge.reportedBySource,
  by_target: edge.reportedByTarget,
});

const spanOf = (row: { id: number; started_at: Date; ended_at: Date | null }): StoredSpan => ({
  id: row.id,
  start: row.started_at.getTime(),
  end: row.ended_at?.getTime(),
});

const datesOf = (span: Span): { readonly started_at: Date; readonly ended_at: Date | undefined } => ({
  started_at: new Date(span.start),
  ended_at: span.end === undefined ? undefined : new Date(span.end),
});

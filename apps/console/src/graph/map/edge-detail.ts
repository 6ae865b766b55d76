import type { ResultOf } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { GraphInMemory } from '../graph-in-memory.ts';
import { edgeThere, type Moment } from '../moment.ts';
import { internetId, parsePeerNode, programOf, shownName } from '../node-id.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import { resolveEnd } from './edge-ends.ts';

type EdgeDetail = ResultOf<'map.edge'>;
type Item = EdgeDetail['items'][number];

const maxItems = 200;

/** The graph edges that a drawn edge bundles, the busiest first. */
export const readEdgeDetail = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  ends: { readonly source: string; readonly target: string },
  held?: GraphInMemory,
): Promise<EdgeDetail> => {
  const [source, target] = await Promise.all([
    resolveEnd(db, moment, inScope, ends.source, held),
    resolveEnd(db, moment, inScope, ends.target, held),
  ]);
  const { rows } = await sql<Row>`
    select e.id, e.source_node as "sourceNode", e.target_node as "targetNode", e.source_process as "sourceProcess",
      e.target_process as "targetProcess", s.name as "sourceName", t.name as "targetName", e.protocol, e.port,
      e.published_port as "publishedPort", e.connections::float8 as connections, e.bytes_sent::float8 as "bytesSent",
      e.bytes_received::float8 as "bytesReceived", e.first_seen_at as "firstSeenAt", e.last_seen_at as "lastSeenAt",
      e.addresses[1:16] as addresses, e.address_count::float8 as "addressCount"
    from edges e
    left join assets s on s.id = e.source_asset and ${inScope('s')}
    left join assets t on t.id = e.target_asset and ${inScope('t')}
    where ${edgeThere('e', moment)} and ${source('source')} and ${target('target')} and (s.id is not null or t.id is not null)
    order by e.connections desc, e.id limit ${maxItems + 1}`.execute(db);
  return { items: rows.slice(0, maxItems).map(present), cut: rows.length > maxItems };
};

/** The name of an end: the asset's, where the caller may see it. */
export const endName = (node: string, assetName: string | null): string => {
  if (assetName !== null) return shownName(assetName);
  if (node === internetId) return 'Internet';
  if (node.startsWith('peer:')) return shownName(parsePeerNode(node).address);
  return 'Outside your scope';
};

type Row = {
  readonly id: number;
  readonly sourceNode: string;
  readonly targetNode: string;
  readonly sourceProcess: string;
  readonly targetProcess: string;
  readonly sourceName: string | null;
  readonly targetName: string | null;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly publishedPort: number | null;
  readonly connections: number;
  readonly bytesSent: number | null;
  readonly bytesReceived: number | null;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly addresses: readonly string[];
  readonly addressCount: number | null;
};

const present = (row: Row): Item => ({
  id: String(row.id),
  source: endName(row.sourceNode, row.sourceName),
  target: endName(row.targetNode, row.targetName),
  protocol: row.protocol,
  port: row.port,
  connections: row.connections,
  firstSeenAt: row.firstSeenAt.toISOString(),
  lastSeenAt: row.lastSeenAt.toISOString(),
  ...(row.sourceProcess === '' ? {} : { sourceProcess: shownName(programOf(row.sourceProcess)) }),
  ...(row.targetProcess === '' ? {} : { targetProcess: shownName(programOf(row.targetProcess)) }),
  ...(row.publishedPort === null ? {} : { publishedPort: row.publishedPort }),
  ...(row.bytesSent === null ? {} : { bytesSent: row.bytesSent }),
  ...(row.bytesReceived === null ? {} : { bytesReceived: row.bytesReceived }),
  ...(row.addresses.length === 0 ? {} : { addresses: row.addresses.map(shownName) }),
  ...(row.addressCount === null ? {} : { addressCount: row.addressCount }),
});

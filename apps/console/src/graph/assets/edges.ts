import type { EdgeItem, ResultOf, Scope } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { scopeOnce } from '../../people/scope.ts';
import { endName } from '../map/edge-detail.ts';
import { eachEdgeThere, type Moment } from '../moment.ts';
import { internetId, programOf } from '../node-id.ts';
import type { AssetRow } from './asset-row.ts';

type Edges = ResultOf<'assets.edges'>;

const maxEdges = 500;

/** What an asset talks to, the busiest first. A host's are its own and its containers', an image's those of its containers. */
export const readEdges = async (
  db: Database,
  moment: Moment,
  scope: Scope,
  asset: Pick<AssetRow, 'id' | 'kind'>,
  includeEnded: boolean,
): Promise<Edges> => {
  const own = ownAssets(asset);
  const visible = scopeOnce(scope);
  const { rows } = await sql<Row>`
    with ${visible.table}
    select e.id, e.source_node as "sourceNode", e.target_node as "targetNode", e.source_process as "sourceProcess",
      e.target_process as "targetProcess", s.id as "sourceId", s.kind as "sourceKind", s.name as "sourceName",
      t.id as "targetId", t.kind as "targetKind", t.name as "targetName", e.protocol, e.port, e.published_port as "publishedPort",
      e.connections::float8 as connections, e.bytes_sent::float8 as "bytesSent", e.bytes_received::float8 as "bytesReceived",
      e.first_seen_at as "firstSeenAt", e.last_seen_at as "lastSeenAt", e.ended_at as "endedAt", e.addresses[1:16] as addresses,
      e.address_count::float8 as "addressCount", e.reported_by_source as "bySource", e.reported_by_target as "byTarget"
    from edges e
    left join assets s on s.id = e.source_asset and ${visible.has(sql.ref('s.id'))}
    left join assets t on t.id = e.target_asset and ${visible.has(sql.ref('t.id'))}
    where e.id in (select id from edges where source_asset in (${own}) union select id from edges where target_asset in (${own}))
      and ${includeEnded ? sql`true` : eachEdgeThere('e', moment)}
    order by (e.ended_at is null) desc, e.connections desc, e.id limit ${maxEdges + 1}`.execute(db);
  return { items: rows.slice(0, maxEdges).map(present), cut: rows.length > maxEdges };
};

const ownAssets = (asset: Pick<AssetRow, 'id' | 'kind'>): RawBuilder<unknown> => {
  switch (asset.kind) {
    case 'container':
      return sql`${asset.id}::uuid`;
    case 'host':
      return sql`select o.id from assets o where o.id = ${asset.id}::uuid or o.host_id = ${asset.id}::uuid`;
    case 'upload':
    case 'image':
      return sql`select o.id from assets o where o.image_id = ${asset.id}::uuid`;
  }
};

type AssetKindOfEnd = 'host' | 'container';
type Row = {
  readonly id: number;
  readonly sourceNode: string;
  readonly targetNode: string;
  readonly sourceProcess: string;
  readonly targetProcess: string;
  readonly sourceId: string | null;
  readonly sourceKind: AssetKindOfEnd | null;
  readonly sourceName: string | null;
  readonly targetId: string | null;
  readonly targetKind: AssetKindOfEnd | null;
  readonly targetName: string | null;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly publishedPort: number | null;
  readonly connections: number;
  readonly bytesSent: number | null;
  readonly bytesReceived: number | null;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly endedAt: Date | null;
  readonly addresses: readonly string[];
  readonly addressCount: number | null;
  readonly bySource: boolean;
  readonly byTarget: boolean;
};

const present = (row: Row): EdgeItem => ({
  id: String(row.id),
  source: end(row.sourceNode, row.sourceProcess, row.sourceId, row.sourceKind, row.sourceName),
  target: end(row.targetNode, row.targetProcess, row.targetId, row.targetKind, row.targetName),
  protocol: row.protocol,
  port: row.port,
  connections: row.connections,
  firstSeenAt: row.firstSeenAt.toISOString(),
  lastSeenAt: row.lastSeenAt.toISOString(),
  reporters: [...(row.bySource ? (['source'] as const) : []), ...(row.byTarget ? (['target'] as const) : [])],
  ...(row.publishedPort === null ? {} : { publishedPort: row.publishedPort }),
  ...(row.bytesSent === null ? {} : { bytesSent: row.bytesSent }),
  ...(row.bytesReceived === null ? {} : { bytesReceived: row.bytesReceived }),
  ...(row.endedAt === null ? {} : { endedAt: row.endedAt.toISOString() }),
  ...(row.addresses.length === 0 ? {} : { addresses: [...row.addresses] }),
  ...(row.addressCount === null ? {} : { addressCount: row.addressCount }),
});

const end = (
  node: string,
  process: string,
  id: string | null,
  kind: AssetKindOfEnd | null,
  name: string | null,
): EdgeItem['source'] => ({
  kind: kind ?? (node === internetId ? 'internet' : 'address'),
  name: endName(node, name),
  ...(id === null ? {} : { id }),
  ...(process === '' ? {} : { process: programOf(process) }),
});

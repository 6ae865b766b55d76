import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { edgeThere, type Moment } from '../moment.ts';
import type { ScopeFilter } from '../scope-filter.ts';

/** One end of a bundle: a shown node by its index, with the program where the node is open. */
export type LiftedEnd =
  | { readonly kind: 'node'; readonly index: number; readonly program: string }
  | { readonly kind: 'internet' }
  | { readonly kind: 'outside' }
  | { readonly kind: 'peer'; readonly zone: string; readonly address: string; readonly block: boolean };

export type LiftedEdge = {
  readonly source: LiftedEnd;
  readonly target: LiftedEnd;
  readonly count: number;
  readonly connections: number;
  readonly bytes: number | undefined;
  readonly lastSeenAt: Date;
  readonly firstSeenAt: Date;
  readonly ports: readonly { readonly protocol: 'tcp' | 'udp'; readonly port: number }[];
  /** Distinct far addresses at the Internet or in a block, as far as they are known. */
  readonly addresses: number;
};

export type LiftRequest = {
  /** Index of the node that each host is drawn in; its containers go with it. */
  readonly hosts: ReadonlyMap<string, number>;
  /** Index of the node of each container that is drawn apart from its host. */
  readonly containers: ReadonlyMap<string, number>;
  /** Indexes of open nodes, whose ends are told apart by program. */
  readonly openHosts: readonly number[];
  readonly openContainers: readonly number[];
  /** Only bundles with an end at one of these; all when absent. */
  readonly touching: readonly number[] | undefined;
  /** What is neither a shown node nor the Internet nor a peer: one node `outside`, or left out. */
  readonly strangers: 'outside' | 'leave-out';
  /** Only edges between these assets; the Internet is null as a source. */
  readonly pairs?: readonly (readonly [source: string | null, target: string])[] | undefined;
  readonly groupPeers: boolean;
  /** Blocks of peers that are open, as `<zone>|<block>`. */
  readonly openBlocks: readonly string[];
  readonly limit: number;
};

export type LiftedEdges = { readonly edges: readonly LiftedEdge[]; readonly bundles: number; readonly behind: number };

/** Lifts the graph's edges to the shown nodes and bundles them, in the database. The Internet's and the busiest come first. */
export const readLiftedEdges = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  request: LiftRequest,
): Promise<LiftedEdges> => {
  const { rows } = await sql<Reading>`
    with hv(id, idx) as (
      select * from unnest(${[...request.hosts.keys()]}::uuid[], ${[...request.hosts.values()]}::int[])
    ), cv(id, idx) as (
      select * from unnest(${[...request.containers.keys()]}::uuid[], ${[...request.containers.values()]}::int[])
    ), v as materialized (
      -- a container of an open host that is not drawn was not there then, whatever an edge says of it
      select a.id, case when cv.idx is null and a.kind = 'container' and hv.idx = any(${request.openHosts}::int[]) then -1
        else coalesce(cv.idx, hv.idx) end as idx
      from assets a
      left join hv on hv.id = coalesce(a.host_id, a.id)
      left join cv on cv.id = a.id
      where a.kind in ('host', 'container') and (hv.idx is not null or cv.idx is not null) and ${inScope('a')}
    ), ends as (
      select ${endKey('source', 's', request)} as sk, ${endKey('target', 't', request)} as tk,
        e.source_node, e.target_node, e.protocol, e.port, e.connections, e.bytes_sent, e.bytes_received, e.first_seen_at, e.last_seen_at, e.address_count
      from edges e left join v s on s.id = e.source_asset left join v t on t.id = e.target_asset
      where ${edgeThere('e', moment)} and (s.idx is not null or t.idx is not null)
        and coalesce(s.idx, 0) >= 0 and coalesce(t.idx, 0) >= 0
        and ${touching(request)} and ${lookedUp(request)} and ${known(request)} and ${paired(request)}
    ), by_peer as (
      -- in two steps, for count(distinct) would sort all edges
      select sk, tk, protocol, port, case when sk like 'b%' then source_node when tk like 'b%' then target_node end as peer,
        count(*) as n, sum(connections) as connections,
        sum(coalesce(bytes_sent, 0) + coalesce(bytes_received, 0)) filter (where bytes_sent is not null or bytes_received is not null) as bytes,
        min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at, max(coalesce(address_count, 0)) as addresses
      from ends group by 1, 2, 3, 4, 5
    ), by_port as (
      select sk, tk, protocol, port, sum(n) as n, sum(connections) as connections, sum(bytes) as bytes,
        min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at, max(addresses) as addresses, count(peer) as peers
      from by_peer group by 1, 2, 3, 4
    )
    select sk as "source", tk as "target", sum(n)::float8 as count, sum(connections)::float8 as connections, sum(bytes)::float8 as bytes,
      min(first_seen_at) as "firstSeenAt", max(last_seen_at) as "lastSeenAt",
      (array_agg(protocol || '/' || port order by connections desc, port))[1:8] as ports,
      greatest(max(addresses), max(peers))::float8 as addresses,
      (count(*) over ())::float8 as bundles, (select sum(n) from by_port)::float8 as behind
    from by_port where sk <> tk group by 1, 2
    order by (sk = 'i' or tk = 'i') desc, sum(connections) desc, sk, tk
    limit ${request.limit}`.execute(db);
  const [first] = rows;
  return { edges: rows.map(present), bundles: first?.bundles ?? 0, behind: first?.behind ?? 0 };
};

/** How many peers without a sensor are seen, counted up to `limit`. */
export const countPeers = async (db: Database, moment: Moment, limit: number): Promise<number> => {
  const { rows } = await sql<{ peers: number }>`
    select count(*)::int as peers from (
      select node from (
        select e.source_node as node from edges e where e.source_asset is null and e.source_node <> 'internet' and ${edgeThere('e', moment)}
        union
        select e.target_node as node from edges e where e.target_asset is null and e.target_node <> 'internet' and ${edgeThere('e', moment)}
      ) both_ends limit ${limit}
    ) counted`.execute(db);
  return rows[0]?.peers ?? 0;
};

/** `<zone>|<block>` of a peer's node: /24 of IPv4, the first four groups of IPv6. */
export const peerBlockOf = (node: RawBuilder<unknown>): RawBuilder<string> => sql<string>`case
  when ${node} ~ '\\|[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+$' then regexp_replace(substr(${node}, 6), '\\.[0-9]+$', '.0/24')
  else regexp_replace(substr(${node}, 6), '(\\|(?:[0-9a-f]{1,4}:){1,4}).*$', '\\1:/64') end`;

type Reading = {
  readonly source: string;
  readonly target: string;
  readonly count: number;
  readonly connections: number;
  readonly bytes: number | null;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly ports: readonly string[];
  readonly addresses: number;
  readonly bundles: number;
  readonly behind: number;
};

/**
 * The key of an end: `n<index>`, `n<index>/<program>` in an open node, `i` for the Internet, `o` outside, `p<zone>|<address>` for
 * a peer, `b<zone>|<block>` for its block: /24 of IPv4, the first four groups of IPv6.
 */
const endKey = (side: 'source' | 'target', seen: 's' | 't', request: LiftRequest): RawBuilder<string> => {
  const node = sql.ref(`e.${side}_node`);
  const process = sql.ref(`e.${side}_process`);
  const index = sql.ref(`${seen}.idx`);
  const asset = sql.ref(`e.${side}_asset`);
  // Edges of containers do not tell programs apart; their reports do, and are asked only where a container is open.
  const reported = sql`coalesce((select r.local_process from edge_reports r
    where r.edge_id = e.id and r.side = ${sql.lit(side)} and r.local_process <> '' order by r.live desc, r.last_seen_at desc limit 1), ${process})`;
  const own = sql`case when ${index} = any(${request.openHosts}::int[]) then 'n' || ${index} || '/' || ${lastPart(process)}
    when ${index} = any(${request.openContainers}::int[]) then 'n' || ${index} || '/' || ${lastPart(reported)} else 'n' || ${index} end`;
  const block = peerBlockOf(node);
  const single = sql`'p' || substr(${node}, 6)`;
  const peer = request.groupPeers
    ? sql`case when ${block} = any(${request.openBlocks}::text[]) then ${single} else 'b' || ${block} end`
    : single;
  return sql<string>`case when ${index} is not null then ${own} when ${asset} is not null then 'o' when ${node} = 'internet' then 'i' else ${peer} end`;
};

const lastPart = (path: RawBuilder<unknown>): RawBuilder<string> => sql<string>`regexp_replace(${path}, '^.*/', '')`;

const touching = (request: LiftRequest): RawBuilder<boolean> =>
  request.touching === undefined
    ? sql<boolean>`true`
    : sql<boolean>`(s.idx = any(${request.touching}::int[]) or t.idx = any(${request.touching}::int[]))`;

/** A host counts for its containers too. */
const hostWeight = 10;
/** Assets whose edges are looked up one by one; of more, all edges are read in the order of the disk. */
const lookedUpAssets = 600;

/** Whether so few assets are asked for that their edges are looked up, instead of reading the whole fleet's. */
export const isLookedUp = ({
  hosts,
  containers,
  touching,
}: Pick<LiftRequest, 'hosts' | 'containers' | 'touching'>): boolean => {
  const asked = touching === undefined ? undefined : new Set(touching);
  const count = (indexes: Iterable<number>): number =>
    [...indexes].reduce((sum, index) => sum + (asked?.has(index) === false ? 0 : 1), 0);
  return count(hosts.values()) * hostWeight + count(containers.values()) <= lookedUpAssets;
};

/** Says nothing new, but lets the indexes on the ends find the edges of what is open. */
const lookedUp = (request: LiftRequest): RawBuilder<boolean> => {
  if (!isLookedUp(request)) return sql<boolean>`true`;
  const { touching } = request;
  const ids =
    touching === undefined
      ? sql`array(select v.id from v)`
      : sql`array(select v.id from v where v.idx = any(${touching}::int[]))`;
  return sql<boolean>`(e.source_asset = any(${ids}) or e.target_asset = any(${ids}))`;
};

const known = (request: LiftRequest): RawBuilder<boolean> =>
  request.strangers === 'outside'
    ? sql<boolean>`true`
    : sql<boolean>`(s.idx is not null or e.source_asset is null) and (t.idx is not null or e.target_asset is null)`;

const paired = (request: LiftRequest): RawBuilder<boolean> =>
  request.pairs === undefined
    ? sql<boolean>`true`
    : sql<boolean>`exists (
        select 1 from unnest(${request.pairs.map(([source]) => source)}::uuid[], ${request.pairs.map(([, target]) => target)}::uuid[]) pair (source, target)
        where pair.target = e.target_asset and (pair.source = e.source_asset or (pair.source is null and e.source_node = 'internet')))`;

const present = (row: Reading): LiftedEdge => ({
  source: presentEnd(row.source),
  target: presentEnd(row.target),
  count: row.count,
  connections: row.connections,
  bytes: row.bytes ?? undefined,
  firstSeenAt: row.firstSeenAt,
  lastSeenAt: row.lastSeenAt,
  ports: row.ports.map(presentPort),
  addresses: row.addresses,
});

/** The end that a key stands for, see `endKey`. */
export const presentEnd = (key: string): LiftedEnd => {
  const rest = key.slice(1);
  switch (key[0]) {
    case 'i':
      return { kind: 'internet' };
    case 'n': {
      const slash = rest.indexOf('/');
      return slash < 0
        ? { kind: 'node', index: Number(rest), program: '' }
        : { kind: 'node', index: Number(rest.slice(0, slash)), program: rest.slice(slash + 1) };
    }
    case 'p':
    case 'b': {
      const bar = rest.lastIndexOf('|');
      return {
        kind: 'peer',
        zone: rest.slice(0, Math.max(0, bar)),
        address: rest.slice(bar + 1),
        block: key[0] === 'b',
      };
    }
    default:
      return { kind: 'outside' };
  }
};

const presentPort = (text: string): { protocol: 'tcp' | 'udp'; port: number } => {
  const [protocol, port] = text.split('/');
  return { protocol: protocol === 'udp' ? 'udp' : 'tcp', port: Number(port) };
};

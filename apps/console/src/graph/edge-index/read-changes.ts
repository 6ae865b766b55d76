import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { WrittenSince } from '../follow/written-since.ts';
import { programOf } from '../node-id.ts';
import type { EdgeCopy, EdgeTable } from './edge-columns.ts';

/** Takes up the edges that were written since, at first all live ones; returns how many are live in the same moment. */
export const takeUpChanges = async (
  db: Database,
  table: EdgeTable,
  since: WrittenSince,
  isFirst: boolean,
): Promise<number> => {
  const reading = await readPacked(db, {
    which: isFirst ? sql`e.ended_at is null` : since.isNew('e'),
    isThere: sql`e.ended_at is null`,
    live: sql`(select count(*) from edges where ended_at is null)::int`,
    // One by one: changed are few, and a join would hash all assets.
    hostOf: (end) => sql`(select coalesce(a.host_id, a.id) from assets a where a.id = ${end})`,
    joins: sql``,
  });
  putAll(table, reading);
  return reading.live;
};

/** Takes up the edges of these ids, whether they live or not; tells how many of them the database still has. */
export const takeUpNamed = async (db: Database, table: EdgeCopy, ids: readonly number[]): Promise<number> => {
  const reading = await readPacked(db, {
    which: sql`e.id = any(${ids}::bigint[])`,
    isThere: sql`true`,
    live: sql`0`,
    hostOf: (_, side) => sql`coalesce(${sql.ref(`${side}.host_id`)}, ${sql.ref(`${side}.id`)})`,
    joins: sql`left join assets source on source.id = e.source_asset left join assets target on target.id = e.target_asset`,
  });
  putAll(table, reading);
  return reading.sourceProcesses.length;
};

type Wanted = {
  readonly which: RawBuilder<unknown>;
  readonly isThere: RawBuilder<unknown>;
  readonly live: RawBuilder<unknown>;
  readonly hostOf: (assetId: RawBuilder<unknown>, side: 'source' | 'target') => RawBuilder<unknown>;
  readonly joins: RawBuilder<unknown>;
};

const readPacked = async (db: Database, { which, isThere, live, hostOf, joins }: Wanted): Promise<Reading> => {
  const { rows } = await sql<Reading>`
    with changed as (
      select e.id, ${isThere} as live, e.source_asset, e.target_asset, e.protocol = 'udp' as udp, e.port, e.connections,
        case when e.bytes_sent is null and e.bytes_received is null then -1 else coalesce(e.bytes_sent, 0) + coalesce(e.bytes_received, 0) end as bytes,
        e.first_seen_at, e.last_seen_at, coalesce(e.address_count, 0) as addresses,
        ${hostOf(sql`e.source_asset`, 'source')} as source_host, ${hostOf(sql`e.target_asset`, 'target')} as target_host,
        case when e.source_asset is null and e.source_node <> 'internet' then substr(e.source_node, 6) end as source_peer,
        case when e.target_asset is null and e.target_node <> 'internet' then substr(e.target_node, 6) end as target_peer,
        e.source_process, e.target_process
      from edges e ${joins} where ${which}
    )
    select ${live} as live,
      string_agg(
        float8send(id) || int4send(live::int + 2 * udp::int) || int4send(port) || float8send(connections) || float8send(bytes)
        || timestamptz_send(first_seen_at) || timestamptz_send(last_seen_at) || float8send(addresses)
        || uuid_send(coalesce(source_asset, ${nobody}::uuid)) || uuid_send(coalesce(source_host, ${nobody}::uuid))
        || uuid_send(coalesce(target_asset, ${nobody}::uuid)) || uuid_send(coalesce(target_host, ${nobody}::uuid)), '') as packed,
      coalesce(jsonb_agg(jsonb_build_array(id, source_peer, target_peer)) filter (where source_peer is not null or target_peer is not null), '[]') as peers,
      coalesce(json_agg(source_process), '[]') as "sourceProcesses", coalesce(json_agg(target_process), '[]') as "targetProcesses"
    from changed`.execute(db);
  const [reading] = rows;
  if (reading === undefined) throw new Error('A statement without a row.');
  return reading;
};

const putAll = (table: EdgeCopy, reading: Reading): void => {
  const peers = new Map(reading.peers.map(([id, source, target]) => [id, [source, target] as const]));
  const packed = reading.packed ?? Buffer.alloc(0);
  for (let at = 0; (at + 1) * packedBytes <= packed.length; at += 1) {
    const processes = [reading.sourceProcesses[at] ?? '', reading.targetProcesses[at] ?? ''] as const;
    putPacked(table, packed, at * packedBytes, { peers, processes });
  }
};

export const countLive = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ live: number }>`select count(*)::int as live from edges where ended_at is null`.execute(
    db,
  );
  return rows[0]?.live ?? 0;
};

/** Removes the edges that are not among the live ones any more. */
export const dropVanished = async (db: Database, table: EdgeTable): Promise<void> => {
  const { rows } = await sql<{ packed: Buffer | null }>`
    select string_agg(int8send(id), '') as packed from edges where ended_at is null`.execute(db);
  const packed = rows[0]?.packed ?? Buffer.alloc(0);
  const live = new Set<number>();
  for (let at = 0; at < packed.length; at += 8) live.add(Number(packed.readBigInt64BE(at)));
  for (const id of [...table.ids()]) if (!live.has(id)) table.remove(id);
};

type Reading = {
  readonly live: number;
  readonly packed: Buffer | null;
  readonly peers: readonly (readonly [id: number, source: string | null, target: string | null])[];
  /** In the order of what is packed. */
  readonly sourceProcesses: readonly string[];
  readonly targetProcesses: readonly string[];
};

const nobody = '00000000-0000-0000-0000-000000000000';
const packedBytes = 8 + 4 + 4 + 5 * 8 + 4 * 16;
const assetsAt = packedBytes - 4 * 16;

type Texts = {
  readonly peers: ReadonlyMap<number, readonly [source: string | null, target: string | null]>;
  readonly processes: readonly [source: string, target: string];
};

const putPacked = (table: EdgeCopy, packed: Buffer, at: number, texts: Texts): void => {
  const id = packed.readDoubleBE(at);
  const flags = packed.readInt32BE(at + 8);
  if ((flags & 1) === 0) {
    table.remove(id);
    return;
  }
  const [sourcePeer = null, targetPeer = null] = texts.peers.get(id) ?? [];
  table.put({
    id,
    source: endAt(table, packed, at + assetsAt, sourcePeer),
    target: endAt(table, packed, at + assetsAt + 32, targetPeer),
    sourceProgram: table.programOf(programOf(texts.processes[0])),
    targetProgram: table.programOf(programOf(texts.processes[1])),
    protocol: (flags & 2) === 0 ? 'tcp' : 'udp',
    port: packed.readInt32BE(at + 12),
    connections: packed.readDoubleBE(at + 16),
    bytes: packed.readDoubleBE(at + 24),
    firstSeen: millisecondsAt(packed, at + 32),
    lastSeen: millisecondsAt(packed, at + 40),
    addresses: packed.readDoubleBE(at + 48),
  });
};

const endAt = (table: EdgeCopy, packed: Buffer, at: number, peer: string | null): number => {
  if (peer !== null) return table.endOf(`peer:${peer}`, () => ({ kind: 'peer', place: peer, block: blockOf(peer) }));
  const key = packed.toString('latin1', at, at + 16);
  return table.endOf(key, () => {
    const id = uuidAt(packed, at);
    return id === nobody ? { kind: 'internet' } : { kind: 'asset', id, hostId: uuidAt(packed, at + 16) };
  });
};

/** As `peerBlockOf` in SQL. */
const blockOf = (place: string): string =>
  /\|\d+\.\d+\.\d+\.\d+$/.test(place)
    ? place.replace(/\.\d+$/, '.0/24')
    : place.replace(/(\|(?:[0-9a-f]{1,4}:){1,4}).*$/, '$1:/64');

const uuidAt = (packed: Buffer, at: number): string => {
  const hex = packed.toString('hex', at, at + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** 2000-01-01 UTC, from which PostgreSQL counts, in milliseconds from 1970 on. */
const postgresEpochMs = 946_684_800_000;

const millisecondsAt = (packed: Buffer, at: number): number =>
  Math.floor((packed.readInt32BE(at) * 2 ** 32 + packed.readUInt32BE(at + 4)) / 1000) + postgresEpochMs;

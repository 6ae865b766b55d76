import type { ContainerRecord } from '@parapet/contract/wire';
import { utcText } from '@parapet/core';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { readInternetPaths } from './internet-distance.ts';
import { interpreterPattern } from './interpreters.ts';
import type { InboundEdge, ObservedListener, ObservedProcess, PublishedPort, Workload } from './observation.ts';

/** Beyond these a workload's picture does not change, only its size. */
const limits = { processes: 2000, listeners: 500, edges: 500 } as const;

/**
 * What is observed now of hosts and containers: live processes, open sockets and edges. A handful of queries whatever the
 * number of workloads. A host's workload is what runs outside its containers.
 */
export const observeWorkloads = async (
  db: Database,
  assetIds: readonly string[],
): Promise<ReadonlyMap<string, Workload>> => {
  if (assetIds.length === 0) return new Map();
  const assets = await readAssets(db, assetIds);
  const [processes, listeners, edges, ports, blind, paths] = await Promise.all([
    readProcesses(db, assetIds),
    readListeners(db, assetIds),
    readInbound(db, assetIds),
    readPublished(db, assetIds),
    readBlind(db, [...new Set(assets.map((asset) => asset.host_id))]),
    readInternetPaths(db, assetIds),
  ]);
  return new Map(
    assets.map((asset) => [
      asset.id,
      {
        assetId: asset.id,
        kind: asset.kind,
        name: asset.name,
        hostId: asset.host_id,
        hostname: asset.hostname ?? asset.name,
        status: asset.status,
        processes: processes.get(asset.id) ?? [],
        listeners: listeners.get(asset.id) ?? [],
        publishedPorts: ports.get(asset.id) ?? [],
        inbound: edges.get(asset.id) ?? [],
        internetPath: paths.get(asset.id),
        privilege: 'privilege' in asset.record ? asset.record.privilege : undefined,
        blind: blindnessOf(asset, blind.get(asset.host_id) ?? [], processes.get(asset.id) ?? []),
      } satisfies Workload,
    ]),
  );
};

type AssetRow = {
  readonly id: string;
  readonly kind: 'host' | 'container';
  readonly name: string;
  readonly status: Workload['status'];
  readonly host_id: string;
  readonly hostname: string | null;
  readonly record: ContainerRecord | Record<string, never>;
  readonly presence: string | null;
  readonly presence_since: Date | null;
};

const readAssets = async (db: Database, ids: readonly string[]): Promise<readonly AssetRow[]> =>
  (
    await sql<AssetRow>`
      select a.id, a.kind, a.name, a.status, coalesce(a.host_id, a.id) as host_id, host.name as hostname,
        case a.kind when 'container' then a.record else '{}' end as record, s.presence, s.presence_since
      from assets as a left join assets as host on host.id = a.host_id
      left join sensors as s on s.host_id = coalesce(a.host_id, a.id)
      where a.id = any(${ids}::uuid[]) and a.kind in ('host', 'container')`.execute(db)
  ).rows;

/** Keeps rows by workload, at most `limit` of each. */
const byWorkload = <R extends { readonly workload: string }, T>(
  rows: readonly R[],
  make: (row: R) => T,
): Map<string, T[]> => {
  const grouped = new Map<string, T[]>();
  for (const row of rows) {
    const items = grouped.get(row.workload) ?? [];
    items.push(make(row));
    grouped.set(row.workload, items);
  }
  return grouped;
};

/** Rows of a table whose owner is a workload: a container, or its host when none was reported. */
const ownedBy = (table: string, ids: readonly string[]): RawBuilder<unknown> => sql`
  ${sql.ref(`${table}.ended_at`)} is null and (
    ${sql.ref(`${table}.container_id`)} = any(${ids}::uuid[])
    or (${sql.ref(`${table}.host_id`)} = any(${ids}::uuid[]) and ${sql.ref(`${table}.container_id`)} is null
      and ${sql.ref(`${table}.container_key`)} is null))`;

type ProcessRow = {
  readonly workload: string;
  readonly key: string;
  readonly pid: number;
  readonly name: string;
  readonly executable: string;
  readonly uid: number;
  readonly user_name: string | null;
  readonly capabilities: string | null;
  readonly loaded_files: readonly string[];
  readonly arguments: readonly string[] | null;
  readonly hidden: boolean;
};

const readProcesses = async (db: Database, ids: readonly string[]): Promise<Map<string, ObservedProcess[]>> => {
  const { rows } = await sql<ProcessRow>`
    select * from (
      select coalesce(p.container_id, p.host_id) as workload, p.key, p.pid, p.name, p.executable, p.uid, p.user_name,
        p.capabilities, p.loaded_files, case when p.executable ~ ${interpreterPattern} then p.arguments end as arguments,
        -- threads of the kernel have neither program nor arguments
        p.executable = '' and jsonb_array_length(p.arguments) > 0 as hidden,
        row_number() over (partition by coalesce(p.container_id, p.host_id) order by p.id) as position
      from processes as p where ${ownedBy('p', ids)}
    ) as p where p.position <= ${limits.processes}`.execute(db);
  return byWorkload(rows, (row) => ({
    key: row.key,
    pid: row.pid,
    name: row.name,
    executable: row.executable,
    root: row.uid === 0,
    user: row.user_name ?? (row.uid === 0 ? 'root' : String(row.uid)),
    capable: row.capabilities !== null && /[1-9a-f]/i.test(row.capabilities),
    loadedFiles: row.loaded_files,
    arguments: row.arguments ?? [],
    hidden: row.hidden,
  }));
};

const readListeners = async (db: Database, ids: readonly string[]): Promise<Map<string, ObservedListener[]>> => {
  const { rows } = await sql<ObservedListener & { workload: string }>`
    select * from (
      select coalesce(l.container_id, l.host_id) as workload, l.protocol, l.address, l.port, l.executable,
        row_number() over (partition by coalesce(l.container_id, l.host_id) order by l.port, l.id) as position
      from listeners as l where ${ownedBy('l', ids)}
    ) as l where l.position <= ${limits.listeners}`.execute(db);
  return byWorkload(rows, ({ protocol, address, port, executable }) => ({ protocol, address, port, executable }));
};

type EdgeRow = {
  readonly workload: string;
  readonly source_node: string;
  readonly peer: string | null;
  readonly peer_zone: string | null;
  readonly own_zone: string | null;
  readonly same_host: boolean;
  readonly protocol: string;
  readonly port: number;
  readonly executable: string;
  readonly address_count: number | null;
};

const readInbound = async (db: Database, ids: readonly string[]): Promise<Map<string, InboundEdge[]>> => {
  const { rows } = await sql<EdgeRow>`
    select e.* from (
      select e.target_asset as workload, e.source_node, source.name as peer, coalesce(source.zone, source_host.zone) as peer_zone,
        coalesce(target.zone, target_host.zone) as own_zone,
        coalesce(coalesce(source.host_id, source.id) = coalesce(target.host_id, target.id), false) as same_host,
        e.protocol, e.port, e.target_process as executable, e.address_count,
        row_number() over (partition by e.target_asset order by e.source_node <> 'internet', e.id) as position
      from edges as e
      join assets as target on target.id = e.target_asset
      left join assets as target_host on target_host.id = target.host_id
      left join assets as source on source.id = e.source_asset
      left join assets as source_host on source_host.id = source.host_id
      where e.target_asset = any(${ids}::uuid[]) and e.ended_at is null
        and e.source_asset is distinct from e.target_asset
    ) as e where e.position <= ${limits.edges}`.execute(db);
  return byWorkload(rows, (row) => ({
    from: originOf(row),
    peer: row.source_node === 'internet' ? 'Internet' : (row.peer ?? addressOf(row.source_node)),
    ref: row.source_node,
    protocol: row.protocol,
    port: row.port,
    executable: row.executable,
    addressCount: row.source_node === 'internet' ? row.address_count : null,
  }));
};

const originOf = (row: EdgeRow): InboundEdge['from'] => {
  if (row.source_node === 'internet') return 'internet';
  if (row.same_host) return 'same-host';
  // A private peer without a sensor lies in the zone that its node names.
  const zone = row.peer_zone ?? zoneOf(row.source_node);
  return zone === null || row.own_zone === null || zone === row.own_zone ? 'own-network' : 'zones';
};

const zoneOf = (node: string): string | null => /^peer:(.*)\|/.exec(node)?.[1] ?? null;
const addressOf = (node: string): string => node.slice(node.lastIndexOf('|') + 1);

const readPublished = async (db: Database, ids: readonly string[]): Promise<Map<string, PublishedPort[]>> => {
  const rows = await db
    .selectFrom('published_ports')
    .select(['container_id as workload', 'protocol', 'host_address', 'host_port', 'container_port'])
    .where(sql<boolean>`container_id = any(${ids}::uuid[])`)
    .limit(limits.listeners * ids.length)
    .execute();
  return byWorkload(rows, (row) => ({
    protocol: row.protocol,
    hostAddress: row.host_address,
    hostPort: row.host_port,
    containerPort: row.container_port,
  }));
};

type BlindRow = {
  readonly host_id: string;
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
};

const readBlind = async (
  db: Database,
  hostIds: readonly string[],
): Promise<ReadonlyMap<string, readonly BlindRow[]>> => {
  if (hostIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('collectors')
    .select(['host_id', 'name', 'state', 'reason'])
    .where(sql<boolean>`host_id = any(${hostIds}::uuid[])`)
    .where('state', 'in', ['refused', 'failed'])
    .execute();
  return Map.groupBy(rows, (row) => row.host_id);
};

const blindnessOf = (
  asset: AssetRow,
  refused: readonly BlindRow[],
  processes: readonly ObservedProcess[],
): Workload['blind'] => {
  if (asset.presence === null) {
    const reason = 'no sensor reports from here';
    return { processes: reason, connections: reason };
  }
  if (asset.presence !== 'online') {
    const since = asset.presence_since === null ? '' : ` since ${utcText(asset.presence_since)}`;
    const reason = `the sensor of ${asset.hostname ?? asset.name} is silent${since}`;
    return { processes: reason, connections: reason };
  }
  const why = (pattern: RegExp): string | undefined => {
    const row = refused.find((collector) => pattern.test(collector.name));
    return row === undefined ? undefined : (row.reason ?? `the ${row.name} collector is ${row.state}`);
  };
  const hidden = processes.filter((process) => process.hidden).length;
  const unread =
    hidden === 0
      ? undefined
      : `${hidden} ${hidden === 1 ? 'process' : 'processes'} may not be looked into; the sensor needs root for that`;
  return { processes: why(/process/) ?? unread, connections: why(/network|connection|socket|edge/) };
};

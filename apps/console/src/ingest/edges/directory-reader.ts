import { sql } from 'kysely';
import type { DatabaseTransaction } from '../../database/database.ts';
import type { EdgeReport } from './edge-report.ts';
import { assetOfNode, containerNode, isHostNode } from './node-names.ts';
import { type Directory, type DirectoryEntry, resolveAddress } from './resolve.ts';

/** Reads at once all that placing these reports needs. */
export const readDirectory = async (
  trx: DatabaseTransaction,
  reports: readonly EdgeReport[],
  containers: ReadonlyMap<string, string>,
): Promise<Directory> => {
  const at = await readAddresses(trx, reports);
  const hosts = new Set(reports.map((report) => `host:${report.hostId}`));
  for (const report of reports) {
    if (report.peer.kind !== 'address') continue;
    const node = resolveAddress(report.zone, report.hostId, report.peer.address, { at });
    if (isHostNode(node)) hosts.add(node);
  }
  const published = await readPorts(trx, [...hosts], reports);
  const talkers = await readTalkers(trx, [...hosts], reports);
  return { at, published, talkers, container: (hostId, key) => containers.get(`${hostId}\0${key}`) };
};

const readAddresses = async (trx: DatabaseTransaction, reports: readonly EdgeReport[]): Promise<Directory['at']> => {
  const asked = new Map<string, { zone: string; address: string }>();
  for (const { zone, peer } of reports) {
    if (peer.kind === 'address') asked.set(`${zone}\0${peer.address}`, { zone, address: peer.address });
  }
  if (asked.size === 0) return () => [];
  const { rows } = await sql<DirectoryEntry & { zone: string; address: string }>`
    select n.zone, n.address, n.node, n.host_id as "hostId", n.is_local as "isLocal"
    from unnest(${[...asked.values()].map((a) => a.zone)}::text[], ${[...asked.values()].map((a) => a.address)}::text[])
      as x (zone, address)
    join node_addresses n on n.zone = x.zone and n.address = x.address
    order by n.node`.execute(trx);
  const entries = Map.groupBy(rows, (row) => `${row.zone}\0${row.address}`);
  return (zone, address) => entries.get(`${zone}\0${address}`) ?? [];
};

const readPorts = async (
  trx: DatabaseTransaction,
  hostNodes: readonly string[],
  reports: readonly EdgeReport[],
): Promise<Directory['published']> => {
  const hosts = hostNodes.flatMap((node) => assetOfNode(node) ?? []);
  const ports = [...new Set(reports.map((report) => report.serverPort))];
  const { rows } = await sql<{
    host_id: string;
    container_id: string;
    protocol: string;
    host_address: string;
    host_port: number;
    container_port: number;
  }>`
    select host_id, container_id, protocol, host_address, host_port, container_port from published_ports
    where host_id = any(${hosts}::uuid[]) and host_port = any(${ports}::integer[])
    order by container_id`.execute(trx);
  return (node, protocol, port, address) => {
    const fitting = rows.find(
      (row) =>
        row.host_id === assetOfNode(node) &&
        row.protocol === protocol &&
        row.host_port === port &&
        (address === undefined || anyAddress.has(row.host_address) || row.host_address === address),
    );
    return fitting === undefined
      ? undefined
      : { node: containerNode(fitting.container_id), port: fitting.container_port };
  };
};

const anyAddress: ReadonlySet<string> = new Set(['0.0.0.0', '::', '']);

/** Only reports of a serving end that show a host's address need to know who talks behind it. */
const readTalkers = async (
  trx: DatabaseTransaction,
  hostNodes: readonly string[],
  reports: readonly EdgeReport[],
): Promise<Directory['talkers']> => {
  if (!reports.some((report) => report.side === 'target' && report.peer.kind === 'address')) return () => [];
  const hosts = hostNodes.flatMap((node) => assetOfNode(node) ?? []);
  const { rows } = await sql<{
    host_id: string;
    source_node: string;
    target_node: string;
    protocol: string;
    port: number;
  }>`
    select host_id, source_node, target_node, protocol, port from edge_reports
    where live and side = 'source' and host_id = any(${hosts}::uuid[])
      and port = any(${[...new Set(reports.map((report) => report.serverPort))]}::integer[])
    order by last_seen_at desc limit 20000`.execute(trx);
  const byTarget = Map.groupBy(rows, (row) => `host:${row.host_id}\0${row.target_node}\0${row.protocol}\0${row.port}`);
  return (host, target, protocol, port) =>
    (byTarget.get(`${host}\0${target}\0${protocol}\0${port}`) ?? []).map((row) => row.source_node);
};

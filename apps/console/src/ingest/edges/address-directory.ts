import type { ContainerRecord, HostRecord } from '@parapet/contract/wire';
import { classifyAddress, isInBlock, normaliseAddress } from '@parapet/core';
import { sql } from 'kysely';
import type { HostContext } from '../host-context.ts';
import { containerNode, hostNode } from './node-names.ts';

/** Addresses whose owner changed: `local` ones matter to their own host only, `zonal` ones to the zone. */
export type AddressChanges = { readonly local: readonly string[]; readonly zonal: readonly string[] };

/** An address of a host or container, and whether it means the same thing on other hosts of the zone. */
export type NodeAddress = { readonly address: string; readonly node: string; readonly isLocal: boolean };

type HostAddresses = HostRecord['addresses'];

/**
 * Writes which nodes of this host answer at which addresses, after its host record or some containers changed. All of the
 * host is looked at again: its devices and its containers' networks decide together what is seen from outside.
 */
export const refreshDirectory = async (
  context: HostContext,
  record: HostRecord | undefined,
): Promise<AddressChanges> => {
  const hostAddresses = await readHostAddresses(context, record);
  const containers = await readContainers(context);
  const networks = containers.flatMap((container) => container.networks);
  const wanted = [
    ...addressesOfHost(context.hostId, hostAddresses, networks),
    ...containers.flatMap((container) => addressesOfContainer(container, hostAddresses)),
  ];
  const changes = await replaceAddresses(context, wanted);
  // A published port that moved changes what the host's own addresses lead to.
  const moved = await replacePorts(context, containers);
  return moved ? { local: changes.local, zonal: [...changes.zonal, ...routable(hostAddresses)] } : changes;
};

/** Addresses of a host. Those of its bridges exist alike on every host that runs containers. */
export const addressesOfHost = (
  hostId: string,
  addresses: HostAddresses,
  networks: ContainerRecord['networks'],
): readonly NodeAddress[] =>
  usable(addresses).map(({ address, prefixLength, device }) => {
    const block = `${address}/${prefixLength}`;
    const isLocal =
      isBridge(device) || (!isUplink(device) && networks.some((network) => isInBlock(network.address, block)));
    return { address, node: hostNode(hostId), isLocal };
  });

/**
 * Addresses of a container. They mean the same on other hosts when the host merely routes them (overlays, pod networks) or
 * when they lie in the network of one of its uplinks (macvlan); those behind any other device of the host are its own.
 */
export const addressesOfContainer = (container: ContainerPlace, hostAddresses: HostAddresses): readonly NodeAddress[] =>
  container.networks.flatMap((network) => {
    const address = normaliseAddress(network.address);
    if (address === undefined || !['private', 'internet'].includes(classifyAddress(address) ?? '')) return [];
    const shared = hostAddresses.filter((own) => isInBlock(address, `${own.address}/${own.prefixLength}`));
    const isLocal = hostAddresses.length === 0 || shared.some((own) => !isUplink(own.device));
    return [{ address, node: containerNode(container.id), isLocal }];
  });

export type ContainerPlace = {
  readonly id: string;
  readonly networks: ContainerRecord['networks'];
  readonly ports: ContainerRecord['ports'];
};

const isBridge = (device: string): boolean =>
  /^(docker|br-|virbr|cni|cbr|podman|lxcbr|lxdbr|incusbr|veth|cali|flannel|kube-|nodelocaldns|dummy)/.test(device);

/** Names that the kernel, udev and administrators give to what leads out of the machine. */
const isUplink = (device: string): boolean =>
  /^(eth|en[opsxPu\d]|em\d|p\d+p\d|bond|team|wl|ww|ib|venet|vlan)/.test(device);

const usable = (addresses: HostAddresses): HostAddresses =>
  addresses.flatMap((entry) => {
    const address = normaliseAddress(entry.address);
    const kind = address === undefined ? undefined : classifyAddress(address);
    return address !== undefined && (kind === 'private' || kind === 'internet') ? [{ ...entry, address }] : [];
  });

const routable = (addresses: HostAddresses): readonly string[] =>
  usable(addresses)
    .filter((entry) => !isBridge(entry.device))
    .map((entry) => entry.address);

const readHostAddresses = async (context: HostContext, record: HostRecord | undefined): Promise<HostAddresses> => {
  if (record !== undefined) return record.addresses;
  const { rows } = await sql<{ addresses: HostAddresses | null }>`
    select record -> 'addresses' as addresses from assets where id = ${context.hostId}`.execute(context.trx);
  return rows[0]?.addresses ?? [];
};

const readContainers = async (context: HostContext): Promise<readonly ContainerPlace[]> => {
  const { rows } = await sql<Pick<ContainerPlace, 'id'> & { [K in 'networks' | 'ports']: ContainerPlace[K] | null }>`
    select id, record -> 'networks' as networks, record -> 'ports' as ports from assets
    where host_id = ${context.hostId} and kind = 'container' and status in ('running', 'unknown')`.execute(context.trx);
  return rows.map((row) => ({ id: row.id, networks: row.networks ?? [], ports: row.ports ?? [] }));
};

/** Replaces the rows of the host and tells which addresses changed hands. */
const replaceAddresses = async (context: HostContext, wanted: readonly NodeAddress[]): Promise<AddressChanges> => {
  const { trx, hostId, zone } = context;
  const { rows: before } = await sql<NodeAddress & { zone: string }>`
    select address, node, is_local as "isLocal", zone from node_addresses where host_id = ${hostId}`.execute(trx);
  const idOf = (row: NodeAddress): string => `${row.address} ${row.node} ${row.isLocal}`;
  const had = new Set(before.filter((row) => row.zone === zone).map(idOf));
  const wants = new Map(wanted.map((row) => [idOf(row), row]));
  const added = [...wants.values()].filter((row) => !had.has(idOf(row)));
  const dropped = before.filter((row) => row.zone !== zone || !wants.has(idOf(row)));
  if (dropped.length > 0) {
    await sql`
      delete from node_addresses n
      using unnest(${dropped.map((row) => row.address)}::text[], ${dropped.map((row) => row.node)}::text[]) as x (address, node)
      where n.host_id = ${hostId} and n.address = x.address and n.node = x.node`.execute(trx);
  }
  if (added.length > 0) {
    await sql`
      insert into node_addresses (host_id, zone, address, node, is_local)
      select ${hostId}, ${zone}, x.* from unnest(${added.map((row) => row.address)}::text[],
        ${added.map((row) => row.node)}::text[], ${added.map((row) => row.isLocal)}::boolean[]) as x (address, node, is_local)
      on conflict (host_id, address, node) do update set zone = excluded.zone, is_local = excluded.is_local`.execute(
      trx,
    );
  }
  const changed = [...added, ...dropped];
  return {
    local: changed.filter((row) => row.isLocal).map((row) => row.address),
    zonal: changed.filter((row) => !row.isLocal).map((row) => row.address),
  };
};

type PortRow = {
  readonly container_id: string;
  readonly protocol: string;
  readonly host_address: string;
  readonly host_port: number;
  readonly container_port: number;
};

const publishedBy = (container: ContainerPlace): readonly PortRow[] =>
  container.ports
    .filter((port) => port.hostPort > 0)
    .map((port) => ({
      container_id: container.id,
      protocol: port.protocol,
      host_address: normaliseAddress(port.hostAddress) ?? '0.0.0.0',
      host_port: port.hostPort,
      container_port: port.containerPort,
    }));

/** Containers in the host's own network publish nothing: where they listen, the host's address leads to them. */
const readHostNetworkPorts = async (context: HostContext): Promise<readonly PortRow[]> => {
  const { rows } = await sql<{ container_id: string; protocol: string; address: string; port: number }>`
    select distinct l.container_id, l.protocol, l.address, l.port from listeners l
    join assets c on c.id = l.container_id and c.status in ('running', 'unknown')
      and c.record -> 'privilege' ->> 'hostNetwork' = 'true'
    where l.host_id = ${context.hostId} and l.ended_at is null`.execute(context.trx);
  return rows.map((row) => ({
    container_id: row.container_id,
    protocol: row.protocol,
    host_address: normaliseAddress(row.address) ?? '0.0.0.0',
    host_port: row.port,
    container_port: row.port,
  }));
};

/** Whether any of these containers lives in the host's own network. */
export const anyInHostNetwork = async (context: HostContext, containerIds: readonly string[]): Promise<boolean> => {
  if (containerIds.length === 0) return false;
  const { rows } = await sql`
    select 1 from assets where id = any(${containerIds}::uuid[])
      and record -> 'privilege' ->> 'hostNetwork' = 'true' limit 1`.execute(context.trx);
  return rows.length > 0;
};

const replacePorts = async (context: HostContext, containers: readonly ContainerPlace[]): Promise<boolean> => {
  const rows = [...containers.flatMap(publishedBy), ...(await readHostNetworkPorts(context))];
  const { rows: dropped } = await sql`
    delete from published_ports p where p.host_id = ${context.hostId}
      and (p.protocol, p.host_address, p.host_port, p.container_id, p.container_port) not in (
        select x.protocol, x.host_address, x.host_port, x.container_id, x.container_port
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as x (container_id uuid, protocol text, host_address text,
          host_port integer, container_port integer))
    returning 1`.execute(context.trx);
  if (rows.length === 0) return dropped.length > 0;
  const { rows: added } = await sql`
    insert into published_ports (host_id, container_id, protocol, host_address, host_port, container_port)
    select ${context.hostId}, x.* from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as x (container_id uuid,
      protocol text, host_address text, host_port integer, container_port integer)
    on conflict do nothing returning 1`.execute(context.trx);
  return dropped.length > 0 || added.length > 0;
};

import type { Endpoint, TransportProtocol } from '@parapet/kernel';
import type { KnownProcess } from '../workload-directory.ts';
import type { AddressBook } from './address-book.ts';
import type { ConnectionIndex } from './connection-index.ts';
import type { DockerProxies, ProxyTarget } from './docker-proxy.ts';
import { type EdgeBook, type EdgeParts, isWithinItself, type PeerIdentity } from './edge-book.ts';
import { type Flow, type FlowTable, isLoopback, isSameEnd, isTranslated } from './flow-table.ts';
import type { Holders } from './holders.ts';
import { findListener } from './namespace-view.ts';
import type { Namespaces } from './namespaces.ts';
import type { Connection, Listener, NamespaceView } from './network-view.ts';
import { type PeerResolver, workloadOf } from './peers.ts';
import type { ProbedConnections } from './probed-connections.ts';
import type { ProxyLedger } from './proxy-ledger.ts';
import type { SocketOwners } from './socket-owners.ts';

export type AttributionDeps = {
  readonly namespaces: Pick<Namespaces, 'host' | 'ofContainer'>;
  readonly connections: ConnectionIndex;
  readonly flows: FlowTable;
  readonly owners: Pick<SocketOwners, 'isOwnerless'>;
  readonly holders: Pick<Holders, 'ofConnection' | 'isContainerUnknown' | 'containerKeyOf'>;
  readonly probed: Pick<ProbedConnections, 'holderAt'>;
  readonly proxies: DockerProxies;
  readonly ledger: ProxyLedger;
  readonly peers: PeerResolver;
  readonly addresses: AddressBook;
  readonly edges: EdgeBook;
};

/** Finds the edge of a connection, after translation. `wait` when a later look may know more. */
export type Attribute = (connection: Connection, now: number) => 'done' | 'wait';

export const createAttribution =
  (deps: AttributionDeps): Attribute =>
  (connection, now) => {
    connection.attempts += 1;
    const flow = flowOf(deps, connection);
    const listener = findListener(connection.namespace, connection.protocol, connection.local);
    const findings: Findings = {
      connection,
      flow,
      listener,
      mayWait: connection.attempts < maxAttempts,
      mayWaitForOwner: connection.attempts < maxOwnerAttempts,
    };
    const parts = isServer(deps, findings) ? partsOfServer(deps, findings) : partsOfClient(deps, findings);
    if (parts === 'wait') return 'wait';
    if (parts === 'none' || isWithinItself(parts)) connection.state = 'ignored';
    else settle(deps, findings, parts, now);
    return 'done';
  };

/** Looks in which the other end may show up. */
const maxAttempts = 3;
/** Looks in which the holder may be found; on a host with very many processes a walk over all takes several. */
const maxOwnerAttempts = 8;

type Findings = {
  readonly connection: Connection;
  readonly flow: Flow | undefined;
  readonly listener: Listener | undefined;
  readonly mayWait: boolean;
  readonly mayWaitForOwner: boolean;
};

/** The host tracks what it passes on; a tuple of loopback addresses is only the host's in the host's own namespace. */
const flowOf = ({ flows }: AttributionDeps, { namespace, protocol, local, peer }: Connection): Flow | undefined => {
  if (namespace.isNested || (!namespace.isHost && isLoopback(local.address))) return undefined;
  return flows.byClient(protocol, local, peer) ?? flows.byServer(protocol, local, peer);
};

/** The kernel told who began, or connection tracking saw it. Without them the one that listens serves, and where that is not known the lower port does. */
const isServer = (deps: AttributionDeps, { connection, flow, listener }: Findings): boolean => {
  const { local, peer, namespace } = connection;
  if (connection.role !== undefined) return connection.role === 'server';
  if (flow !== undefined) return !isSameEnd(flow.tracked.original.source, local);
  if (listener !== undefined) return true;
  if (isServedByPeer(deps, connection)) return false;
  const { from, to } = namespace.clientPorts;
  const isClientPort = local.port >= from && local.port <= to;
  return !isClientPort && local.port < peer.port;
};

const isServedByPeer = (
  { connections }: AttributionDeps,
  { namespace, protocol, local, peer }: Connection,
): boolean => {
  const counterpart = connections.find(namespace, protocol, peer, local);
  const isOwn = isLoopback(peer.address) || namespace.addresses.has(peer.address);
  const view = counterpart?.namespace ?? (isOwn ? namespace : undefined);
  return view !== undefined && findListener(view, protocol, peer) !== undefined;
};

type Parts = EdgeParts | 'wait' | 'none';

const partsOfServer = (deps: AttributionDeps, findings: Findings): Parts => {
  const { connection, flow, listener } = findings;
  if (listener?.proxy !== undefined && connection.attempts === 1) deps.ledger.accepted(listener.proxy);
  const original = flow?.tracked.original;
  const client = original?.source ?? connection.peer;
  const counterpart = deps.connections.find(
    connection.namespace,
    connection.protocol,
    client,
    original?.destination ?? connection.local,
  );
  if (isProxysOwn(deps, counterpart)) {
    deps.ledger.excuse(connection.protocol, connection.local, 'container');
    return 'none';
  }
  if (wasProxysOwn(deps, findings, counterpart, client)) return 'none';
  if (mayBeProxysOwn(deps, findings, counterpart, client)) return 'wait';
  const peer = peerOf(deps, findings, { endpoint: client, role: 'client', counterpart, viaHost: wasTranslated(flow) });
  if (peer === 'wait' || peer === undefined) return peer ?? 'none';
  const base = { direction: 'in', protocol: connection.protocol, peer } as const;
  if (listener?.proxy !== undefined) return partsBehindProxy(deps, findings, listener.proxy, base);
  if (listener?.owner === undefined && findings.mayWait && deps.holders.isContainerUnknown(connection)) return 'wait';
  const owner = listener?.owner ?? deps.holders.ofConnection(connection);
  const published = original?.destination.port;
  return {
    ...base,
    ...workloadOf(connection.namespace, owner),
    serverPort: connection.local.port,
    publishedPort: published === connection.local.port ? undefined : published,
  };
};

/** A connection that a docker-proxy accepted is the container's. */
const partsBehindProxy = (
  deps: AttributionDeps,
  { connection, mayWait }: Findings,
  target: ProxyTarget,
  base: Pick<EdgeParts, 'direction' | 'protocol' | 'peer'>,
): Parts => {
  const container = deps.addresses.find(target.container.address);
  if (container === undefined) return mayWait ? 'wait' : 'none';
  const view = deps.namespaces.ofContainer(container.containerKey);
  const owner = view === undefined ? undefined : findListener(view, connection.protocol, target.container)?.owner;
  return {
    ...base,
    containerKey: owner?.containerKey ?? container.containerKey,
    executable: owner?.executable,
    process: owner,
    serverPort: target.container.port,
    publishedPort: target.hostPort,
  };
};

const partsOfClient = (deps: AttributionDeps, findings: Findings): Parts => {
  const { connection, flow, mayWait, mayWaitForOwner } = findings;
  const { namespace, protocol, local, peer: asked } = connection;
  const owner = deps.holders.ofConnection(connection);
  if (mayWait && deps.holders.isContainerUnknown(connection)) return 'wait';
  if (owner === undefined && mayWaitForOwner && isOwnerFindable(deps, connection)) return 'wait';
  if (owner !== undefined && deps.proxies.targetOf(owner) !== undefined) {
    deps.ledger.excuse(protocol, asked, 'host');
    return 'none';
  }
  if (owner === undefined && namespace.isHost && deps.ledger.isTarget(protocol, asked)) {
    if (mayWait) return 'wait';
    if (deps.ledger.excuse(protocol, asked, 'host')) return 'none';
  }
  const reply = flow?.tracked.reply;
  const translated = reply?.source ?? asked;
  const proxy = proxyAt(deps, namespace, protocol, translated);
  const server = proxy?.container ?? translated;
  const counterpart =
    proxy === undefined
      ? deps.connections.find(namespace, protocol, translated, reply?.destination ?? local)
      : undefined;
  const viaHost = proxy !== undefined || wasTranslated(flow);
  const peer = peerOf(deps, findings, { endpoint: server, role: 'server', counterpart, viaHost });
  if (peer === 'wait' || peer === undefined) return peer ?? 'none';
  return {
    ...workloadOf(namespace, owner),
    direction: 'out',
    protocol,
    peer,
    serverPort: server.port,
    publishedPort: asked.port === server.port ? undefined : asked.port,
  };
};

/** Where a docker-proxy answers at an address of the host, the container behind it is meant. */
const proxyAt = (
  { namespaces }: AttributionDeps,
  from: NamespaceView,
  protocol: TransportProtocol,
  server: Endpoint,
): ProxyTarget | undefined => {
  const host = namespaces.host();
  const isHosts = from.isHost
    ? isLoopback(server.address) || host.addresses.has(server.address)
    : !from.isNested && host.addresses.has(server.address);
  return isHosts ? findListener(host, protocol, server)?.proxy : undefined;
};

const peerOf = (
  deps: AttributionDeps,
  { connection, mayWait, mayWaitForOwner }: Findings,
  far: {
    readonly endpoint: Endpoint;
    readonly role: 'server' | 'client';
    readonly counterpart: Connection | undefined;
    readonly viaHost: boolean;
  },
): PeerIdentity | 'wait' | undefined => {
  const { counterpart } = far;
  if (counterpart !== undefined) {
    const owner = ownerOfEnd(deps, counterpart, far.role);
    if (owner === undefined && mayWaitForOwner && isOwnerFindable(deps, counterpart)) return 'wait';
    const { containerKey, executable } = workloadOf(counterpart.namespace, owner);
    return { kind: 'local', containerKey, executable };
  }
  const contained = containedAt(deps, connection, far.endpoint);
  if (contained !== undefined) return contained;
  const peer = deps.peers({ from: connection.namespace, protocol: connection.protocol, ...far });
  // An address of a runtime's network that no container has: the runtime may be about to tell of it.
  return mayWait && peer?.kind === 'address' && peer.network !== undefined ? 'wait' : peer;
};

/**
 * The container at the far end as the kernel told it, who has both ends at once: the address may have been another container's
 * until now, and this one may be over before its runtime tells.
 */
const containedAt = (
  { probed, holders }: AttributionDeps,
  { protocol, local }: Connection,
  far: Endpoint,
): PeerIdentity | undefined => {
  const holder = protocol === 'tcp' ? probed.holderAt(far, local) : undefined;
  const containerKey = holder === undefined ? undefined : holders.containerKeyOf(holder);
  if (holder === undefined || containerKey === undefined) return undefined;
  return { kind: 'local', containerKey, executable: holder.executable === '' ? undefined : holder.executable };
};

const ownerOfEnd = (deps: AttributionDeps, end: Connection, role: 'server' | 'client'): KnownProcess | undefined =>
  (role === 'server' ? findListener(end.namespace, end.protocol, end.local)?.owner : undefined) ??
  deps.holders.ofConnection(end);

const isOwnerFindable = ({ owners }: AttributionDeps, { gone, inode }: Connection): boolean =>
  !gone && inode !== 0 && !owners.isOwnerless(inode);

const isProxysOwn = ({ holders, proxies }: AttributionDeps, end: Connection | undefined): boolean => {
  const owner = end === undefined ? undefined : holders.ofConnection(end);
  return owner !== undefined && proxies.targetOf(owner) !== undefined;
};

/** Reached from one of the host's own addresses, where a proxy of this container stands, by nobody that can still be named. */
const isProxysPossibly = (
  { ledger, namespaces, holders }: AttributionDeps,
  { connection }: Findings,
  counterpart: Connection | undefined,
  client: Endpoint,
): boolean =>
  !connection.namespace.isHost &&
  ledger.isTarget(connection.protocol, connection.local) &&
  namespaces.host().addresses.has(client.address) &&
  (counterpart === undefined || holders.ofConnection(counterpart) === undefined);

const mayBeProxysOwn = (
  deps: AttributionDeps,
  findings: Findings,
  counterpart: Connection | undefined,
  client: Endpoint,
): boolean => findings.mayWait && isProxysPossibly(deps, findings, counterpart, client);

const wasProxysOwn = (
  deps: AttributionDeps,
  findings: Findings,
  counterpart: Connection | undefined,
  client: Endpoint,
): boolean =>
  !findings.mayWait &&
  isProxysPossibly(deps, findings, counterpart, client) &&
  deps.ledger.excuse(findings.connection.protocol, findings.connection.local, 'container');

const wasTranslated = (flow: Flow | undefined): boolean => flow !== undefined && isTranslated(flow.tracked);

const settle = (deps: AttributionDeps, { connection, flow }: Findings, parts: EdgeParts, now: number): void => {
  const end = parts.direction === 'out' ? 'clientEdge' : 'serverEdge';
  // A UDP flow may have been counted before its socket was seen.
  connection.edge = flow?.[end] ?? deps.edges.connect(parts, now);
  connection.state = connection.edge === undefined ? 'ignored' : 'attributed';
  if (flow === undefined) return;
  flow[end] = connection.edge;
  flow.toldBySockets = true;
};

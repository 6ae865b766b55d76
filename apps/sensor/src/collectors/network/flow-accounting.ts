import type { Endpoint, FlowTracking } from '@parapet/kernel';
import type { KnownProcess } from '../workload-directory.ts';
import type { AddressBook } from './address-book.ts';
import type { ConnectionIndex } from './connection-index.ts';
import type { DockerProxies, ProxyTarget } from './docker-proxy.ts';
import { type Edge, type EdgeBook, type EdgeParts, isWithinItself } from './edge-book.ts';
import { type Flow, type FlowTable, isLoopback, isTranslated } from './flow-table.ts';
import { findListener } from './namespace-view.ts';
import type { Namespaces } from './namespaces.ts';
import type { Connection, NamespaceView } from './network-view.ts';
import { type PeerResolver, workloadOf } from './peers.ts';
import type { ProxyLedger } from './proxy-ledger.ts';
import type { SocketOwners } from './socket-owners.ts';

/**
 * Edges of what no socket shows: UDP, and TCP of namespaces that could not be watched in time, such as those of a container
 * that lived 200 ms. Everything else is told by sockets, which know the process.
 */
export type FlowAccounting = {
  /** Looks at new and ended flows. `find` asks the kernel how a flow stands now. */
  readonly settle: (now: number, find: FlowTracking['find'] | undefined) => void;
};

export type FlowAccountingDeps = {
  readonly flows: FlowTable;
  readonly connections: ConnectionIndex;
  readonly namespaces: Pick<Namespaces, 'host' | 'ofContainer'>;
  readonly addresses: AddressBook;
  readonly owners: SocketOwners;
  readonly proxies: DockerProxies;
  readonly ledger: ProxyLedger;
  readonly peers: PeerResolver;
  readonly edges: EdgeBook;
  /** Whether the kernel's own news tell all TCP that began from then on. */
  readonly isProbed: (since: number) => boolean;
};

export const createFlowAccounting = (deps: FlowAccountingDeps): FlowAccounting => ({
  settle: (now, find) => {
    let questions = maxQuestions;
    for (const flow of deps.flows.flows()) {
      if (!flow.settled) {
        const standing = standingOf(deps, flow, now);
        if (standing === 'told') flow.settled = true;
        else if (standing === 'count') connectBoth(deps, flow, now);
        else if (standing === 'ask' && find !== undefined && questions > 0) {
          questions -= 1;
          if (find(flow.tracked.protocol, flow.tracked.original)?.answered === true) connectBoth(deps, flow, now);
        }
      }
      if (flow.ended) finish(deps, flow, now);
      else if (flow.settled && isToldEnough(flow, now)) deps.flows.remove(flow);
      else if (flow.tracked.protocol === 'udp') carryBoth(deps, flow, now);
    }
  },
});

/** The tracked handshake of an ordinary connection is over by then. */
const unansweredMs = 2000;
/** A socket's edge is found within a few looks of the flow. */
const untranslatedMs = 8000;
/** Questions to the kernel in one turn. */
const maxQuestions = 32;

type Place = { readonly view: NamespaceView | undefined; readonly containerKey: string | undefined };

/** Which workload here has an address, as the host sees it. */
const placeOf = ({ namespaces, addresses }: FlowAccountingDeps, address: string): Place | undefined => {
  const host = namespaces.host();
  if (isLoopback(address) || host.addresses.has(address)) return { view: host, containerKey: undefined };
  const container = addresses.find(address);
  if (container === undefined) return undefined;
  return { view: namespaces.ofContainer(container.containerKey), containerKey: container.containerKey };
};

/** `told`: its sockets tell of it. `count`: it is to be counted. `ask`: only the kernel knows whether it was answered. */
const standingOf = (deps: FlowAccountingDeps, flow: Flow, now: number): 'told' | 'count' | 'ask' | 'later' => {
  const { protocol, original, reply, answered } = flow.tracked;
  if (protocol === 'udp') return socketOf(deps, flow)?.state === 'pending' && !flow.ended ? 'later' : 'count';
  const ends = [original.source, reply.source].map(({ address }) => placeOf(deps, address));
  if (ends.every((place) => place === undefined || isToldBySockets(deps, flow, place))) return 'told';
  if (flow.ended || answered) return 'count';
  return now - flow.seenAt > unansweredMs ? 'ask' : 'later';
};

/** Once its sockets are told, a flow that translates nothing is of no more use. */
const isToldEnough = (flow: Flow, now: number): boolean =>
  flow.tracked.protocol === 'tcp' &&
  now - flow.seenAt > untranslatedMs &&
  !isTranslated(flow.tracked) &&
  (flow.toldBySockets || (flow.clientEdge === undefined && flow.serverEdge === undefined));

const isToldBySockets = ({ isProbed }: FlowAccountingDeps, flow: Flow, { view }: Place): boolean =>
  flow.tracked.protocol === 'tcp' &&
  (isProbed(flow.seenAt) || (view?.ends !== undefined && view.openedAt <= flow.seenAt));

/** The client's own socket, where it is connected and on this host. */
const socketOf = (deps: FlowAccountingDeps, { tracked }: Flow): Connection | undefined => {
  const view = placeOf(deps, tracked.original.source.address)?.view;
  return view === undefined
    ? undefined
    : deps.connections.find(view, tracked.protocol, tracked.original.source, tracked.original.destination);
};

const connectBoth = (deps: FlowAccountingDeps, flow: Flow, now: number): void => {
  flow.settled = true;
  const { protocol, answered, original, reply } = flow.tracked;
  // A TCP flow that ended without an answer was an attempt. UDP may be meant to go unanswered, so its sender counts.
  if (protocol === 'tcp' && !answered && flow.ended) return;
  const client = placeOf(deps, original.source.address);
  const server = placeOf(deps, reply.source.address);
  if (client !== undefined && isProxys(deps, flow, client)) return;
  if (client !== undefined && flow.clientEdge === undefined && !isToldBySockets(deps, flow, client))
    flow.clientEdge = connectClient(deps, flow, client, now);
  if (server !== undefined && flow.serverEdge === undefined && !isToldBySockets(deps, flow, server))
    flow.serverEdge = connectServer(deps, flow, server, now);
};

/** From a docker-proxy to its container: the client's own flow to the proxy tells of it already. */
const isProxys = (deps: FlowAccountingDeps, flow: Flow, client: Place): boolean => {
  if (client.view?.isHost !== true || !deps.ledger.isTarget(flow.tracked.protocol, flow.tracked.reply.source))
    return false;
  const socket = socketOf(deps, flow);
  const owner = socket === undefined ? undefined : deps.owners.ownerOf(socket.inode);
  return owner !== undefined && deps.proxies.targetOf(owner) !== undefined;
};

const connectClient = (deps: FlowAccountingDeps, flow: Flow, place: Place, now: number): Edge | undefined => {
  const { protocol, original, reply } = flow.tracked;
  const endpoint = proxyAt(deps, flow)?.container ?? reply.source;
  const from = place.view ?? deps.namespaces.host();
  const peer = deps.peers({ from, protocol, endpoint, role: 'server', viaHost: true });
  if (peer === undefined) return undefined;
  const asked = original.destination.port;
  return connect(deps, now, {
    ...workloadAt(deps, place, flow, original.source),
    direction: 'out',
    protocol,
    peer,
    serverPort: endpoint.port,
    publishedPort: asked === endpoint.port ? undefined : asked,
  });
};

const connectServer = (deps: FlowAccountingDeps, flow: Flow, place: Place, now: number): Edge | undefined => {
  const { protocol, original, reply, answered } = flow.tracked;
  const behind = proxyAt(deps, flow)?.container;
  const server = behind ?? reply.source;
  const at = behind === undefined ? place : placeOf(deps, behind.address);
  if (at === undefined) return undefined;
  // A packet to a port where nobody listens makes no edge, or every scan would.
  const listens = at.view !== undefined && findListener(at.view, protocol, server) !== undefined;
  if (!listens && !answered) return undefined;
  const from = place.view ?? deps.namespaces.host();
  const peer = deps.peers({ from, protocol, endpoint: original.source, role: 'client', viaHost: true });
  if (peer === undefined) return undefined;
  const asked = original.destination.port;
  return connect(deps, now, {
    ...workloadAt(deps, at, flow, server),
    direction: 'in',
    protocol,
    peer: namedClient(flow, peer),
    serverPort: server.port,
    publishedPort: asked === server.port ? undefined : asked,
  });
};

const proxyAt = ({ namespaces }: FlowAccountingDeps, { tracked }: Flow): ProxyTarget | undefined => {
  const host = namespaces.host();
  const server = tracked.reply.source;
  return isLoopback(server.address) || host.addresses.has(server.address)
    ? findListener(host, tracked.protocol, server)?.proxy
    : undefined;
};

/** The process behind an end: the holder of a connected socket, or of the bound one that UDP clients have too. */
const workloadAt = (
  deps: FlowAccountingDeps,
  { view, containerKey }: Place,
  flow: Flow,
  end: Endpoint,
): Pick<EdgeParts, 'containerKey' | 'executable' | 'process'> => {
  if (view === undefined) return { containerKey, executable: undefined, process: undefined };
  const socket = end === flow.tracked.original.source ? socketOf(deps, flow) : undefined;
  const owner: KnownProcess | undefined =
    (socket === undefined ? undefined : deps.owners.ownerOf(socket.inode)) ??
    findListener(view, flow.tracked.protocol, end)?.owner;
  return owner === undefined ? { containerKey, executable: undefined, process: undefined } : workloadOf(view, owner);
};

const namedClient = ({ clientEdge }: Flow, peer: EdgeParts['peer']): EdgeParts['peer'] =>
  peer.kind !== 'local' || clientEdge === undefined
    ? peer
    : { kind: 'local', containerKey: clientEdge.containerKey, executable: clientEdge.executable };

const connect = ({ edges }: FlowAccountingDeps, now: number, parts: EdgeParts): Edge | undefined =>
  isWithinItself(parts) ? undefined : edges.connect(parts, now);

const carryBoth = ({ edges }: FlowAccountingDeps, flow: Flow, now: number): void => {
  if (flow.clientEdge !== undefined) edges.carry(flow.clientEdge, now, undefined, undefined);
  if (flow.serverEdge !== undefined) edges.carry(flow.serverEdge, now, undefined, undefined);
};

/** The kernel's counts come with the end. Sockets count TCP themselves, and better: payload without headers. */
const finish = ({ edges, flows }: FlowAccountingDeps, flow: Flow, now: number): void => {
  const { bytes, protocol } = flow.tracked;
  if (bytes !== undefined && (protocol === 'udp' || !flow.toldBySockets)) {
    if (flow.clientEdge !== undefined) edges.carry(flow.clientEdge, now, bytes.original, bytes.reply);
    if (flow.serverEdge !== undefined) edges.carry(flow.serverEdge, now, bytes.reply, bytes.original);
  }
  flows.remove(flow);
};

import { classifyAddress, normaliseAddress } from '@parapet/core';
import type { EdgeReport, Placement } from './edge-report.ts';
import { containerNode, hostNode, internetNode, isHostNode, peerNode } from './node-names.ts';

/** A node that answers at an address, as the directory has it. */
export type DirectoryEntry = { readonly node: string; readonly hostId: string; readonly isLocal: boolean };

/** What resolution looks up; all of it is within the zone of the report. */
export type Directory = {
  readonly at: (zone: string, address: string) => readonly DirectoryEntry[];
  /** The container behind a port of a host. */
  readonly published: (
    hostNode: string,
    protocol: string,
    port: number,
    address: string | undefined,
  ) => { readonly node: string; readonly port: number } | undefined;
  /** The asset id of a container of a host by its key. */
  readonly container: (hostId: string, key: string) => string | undefined;
  /** Nodes of a host that say they talk to the target: who may hide behind the host's address. Newest first. */
  readonly talkers: (hostNode: string, targetNode: string, protocol: string, port: number) => readonly string[];
};

/**
 * Where a report belongs: its own end from the host that made it, the far end resolved inside the host's zone, the serving
 * port as the workload behind has it.
 */
export const placeReport = (report: EdgeReport, directory: Directory): Placement => {
  const local = localNode(report.hostId, report.containerKey, directory);
  const peer = peerNodeOf(report, directory);
  const address = report.peer.kind === 'address' ? report.peer.address : undefined;
  const [source, target] = report.side === 'source' ? [local, peer] : [peer, local];
  const behind = isHostNode(target)
    ? directory.published(target, report.protocol, report.serverPort, report.side === 'source' ? address : undefined)
    : undefined;
  const place = {
    targetNode: behind?.node ?? target,
    port: behind?.port ?? report.serverPort,
    publishedPort: report.publishedPort ?? (behind === undefined ? undefined : report.serverPort),
  };
  return { ...place, sourceNode: behindHostAddress(report, source, place, directory) };
};

/** Which node an address means to a host of a zone: its own first, then whoever alone has it in the zone. */
export const resolveAddress = (
  zone: string,
  hostId: string,
  address: string,
  directory: Pick<Directory, 'at'>,
): string => {
  const known = directory.at(zone, address);
  const own = known.filter((entry) => entry.hostId === hostId);
  const candidates = own.length > 0 ? own : known.filter((entry) => !entry.isLocal);
  const nodes = [...new Set(candidates.map((entry) => entry.node))];
  const [only] = nodes;
  // Two owners of one address: naming either would be a guess, and a way for a host to take another's edges.
  if (only !== undefined && nodes.length === 1) return only;
  return classifyAddress(address) === 'internet' ? internetNode : peerNode(zone, address);
};

const localNode = (hostId: string, containerKey: string | undefined, directory: Directory): string => {
  const container = containerKey === undefined ? undefined : directory.container(hostId, containerKey);
  // A container whose record has not come yet: its edges are the host's until it does.
  return container === undefined ? hostNode(hostId) : containerNode(container);
};

const peerNodeOf = (report: EdgeReport, directory: Directory): string => {
  switch (report.peer.kind) {
    case 'internet':
      return internetNode;
    case 'local':
      return localNode(report.hostId, report.peer.containerKey, directory);
    case 'address':
      return classifyAddress(report.peer.address) === 'loopback'
        ? hostNode(report.hostId)
        : resolveAddress(report.zone, report.hostId, report.peer.address, directory);
  }
};

/**
 * A source that shows another host's address may be a container there whose address that host replaced by its own. The
 * host's own reports tell who it was.
 */
const behindHostAddress = (
  report: EdgeReport,
  source: string,
  place: Omit<Placement, 'sourceNode'>,
  directory: Directory,
): string => {
  if (report.side !== 'target' || report.peer.kind !== 'address' || !isHostNode(source)) return source;
  if (source === hostNode(report.hostId)) return source;
  const talkers = directory.talkers(source, place.targetNode, report.protocol, place.port);
  return talkers.includes(source) ? source : (talkers[0] ?? source);
};

/** The address of a report's peer as the directory has it; `undefined` for a text that is no address. */
export const peerAddressOf = (text: string): string | undefined => normaliseAddress(text);

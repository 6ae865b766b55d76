import { type EdgeIdentity, identityOf, type PlacedReport } from './edge-report.ts';
import { internetNode, isHostNode, isPeerNode } from './node-names.ts';

/** An edge as its reports make it. */
export type WantedEdge = EdgeIdentity & {
  readonly reports: readonly PlacedReport[];
  readonly publishedPort: number | undefined;
  readonly live: boolean;
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
  readonly connections: number;
  /** From source to target and back. */
  readonly bytesSent: number | undefined;
  readonly bytesReceived: number | undefined;
  readonly addresses: readonly string[];
  readonly addressCount: number | undefined;
  readonly reportedBySource: boolean;
  readonly reportedByTarget: boolean;
};

/**
 * The edges of one group: reports that agree on both nodes, protocol and port. Each end's program is known best by that
 * end's own reports. On hosts the program is part of an edge's identity, since a host is many services; a container is one
 * workload.
 */
export const computeGroup = (reports: readonly PlacedReport[]): readonly WantedEdge[] => {
  const newestFirst = [...reports].sort((a, b) => b.lastSeenAtMs - a.lastSeenAtMs);
  const sources = newestFirst.filter((report) => report.side === 'source');
  const targets = newestFirst.filter((report) => report.side === 'target');
  const live = (report: PlacedReport): boolean => report.live;
  const targetProcess = firstKnown([
    ...targets.filter(live).map((report) => report.localProcess),
    ...sources.filter(live).map((report) => report.peerProcess),
    ...newestFirst.map((report) => report.edge?.targetProcess ?? ''),
    ...targets.map((report) => report.localProcess),
  ]);
  const sourceGuess = firstKnown([
    ...sources.filter(live).map((report) => report.localProcess),
    ...newestFirst.map((report) => report.edge?.sourceProcess ?? ''),
    ...sources.map((report) => report.localProcess),
  ]);
  const edges = new Map<string, { identity: EdgeIdentity; reports: PlacedReport[] }>();
  for (const report of newestFirst) {
    const identity = identify(report, { targetProcess, sourceGuess, sources });
    const id = identityOf(identity);
    const edge = edges.get(id);
    if (edge === undefined) edges.set(id, { identity, reports: [report] });
    else edge.reports.push(report);
  }
  return [...edges.values()].map((edge) => wantedOf(edge.identity, edge.reports, targets.length > 0));
};

/**
 * Whether the new identity says the same as the old one, only better: a stranger's address got a name, a program became
 * known, a container was found behind its host's address. Anything else is another edge.
 */
export const isRefinement = (before: EdgeIdentity, after: EdgeIdentity): boolean =>
  before.protocol === after.protocol &&
  isSameEnd(before.sourceNode, before.sourceProcess, after.sourceNode, after.sourceProcess) &&
  isSameEnd(before.targetNode, before.targetProcess, after.targetNode, after.targetProcess);

const isSameEnd = (nodeBefore: string, processBefore: string, node: string, process: string): boolean => {
  if (nodeBefore === node) return processBefore === '' || processBefore === process;
  if (isPeerNode(nodeBefore)) return !isPeerNode(node);
  return isHostNode(nodeBefore) && node.startsWith('container:');
};

const firstKnown = (names: readonly string[]): string => names.find((name) => name !== '') ?? '';

const identify = (
  report: PlacedReport,
  group: {
    readonly targetProcess: string;
    readonly sourceGuess: string;
    readonly sources: readonly PlacedReport[];
  },
): EdgeIdentity => {
  const { sourceNode, targetNode, protocol, port } = report;
  const onHost = (node: string, process: string): string => (isHostNode(node) ? process : '');
  if (!report.live && report.edge !== undefined) {
    const { sourceProcess, targetProcess } = report.edge;
    return { sourceNode, sourceProcess, targetNode, targetProcess, protocol, port };
  }
  const seen = report.side === 'source' ? report.localProcess : report.peerProcess;
  const trusted = report.side === 'source' || group.sources.some((source) => source.localProcess === seen);
  const sourceProcess = seen !== '' && (trusted || group.sources.length === 0) ? seen : group.sourceGuess;
  return {
    sourceNode,
    sourceProcess: onHost(sourceNode, sourceProcess),
    targetNode,
    targetProcess: onHost(targetNode, group.targetProcess),
    protocol,
    port,
  };
};

const wantedOf = (identity: EdgeIdentity, reports: readonly PlacedReport[], anyTarget: boolean): WantedEdge => {
  const bySource = reports.filter((report) => report.side === 'source');
  const byTarget = reports.filter((report) => report.side === 'target');
  const internet = reports.flatMap(internetAddresses);
  return {
    ...identity,
    reports,
    publishedPort: reports.find((report) => report.publishedPort !== undefined)?.publishedPort,
    live: reports.some((report) => report.live),
    firstSeenAtMs: Math.min(...reports.map((report) => report.startedAtMs)),
    lastSeenAtMs: Math.max(...reports.map((report) => report.lastSeenAtMs)),
    connections: Math.max(total(bySource, (r) => r.connections) ?? 0, total(byTarget, (r) => r.connections) ?? 0),
    bytesSent: greater(
      total(bySource, (r) => r.bytesSent),
      total(byTarget, (r) => r.bytesReceived),
    ),
    bytesReceived: greater(
      total(bySource, (r) => r.bytesReceived),
      total(byTarget, (r) => r.bytesSent),
    ),
    addresses: [...new Set(internet.flatMap((peer) => peer.addresses))].slice(0, 16),
    addressCount: internet.length === 0 ? undefined : Math.max(...internet.map((peer) => peer.addressCount)),
    reportedBySource: bySource.length > 0,
    reportedByTarget: anyTarget,
  };
};

const internetAddresses = (
  report: PlacedReport,
): readonly { readonly addresses: readonly string[]; readonly addressCount: number }[] => {
  if (report.record.peer.kind === 'internet') return [report.record.peer];
  const open = report.sourceNode === internetNode || report.targetNode === internetNode;
  return open && report.peer.kind === 'address' ? [{ addresses: [report.peer.address], addressCount: 1 }] : [];
};

/** The two ends count the same traffic, so their counts are never added. */
const greater = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b);

const total = (
  reports: readonly PlacedReport[],
  count: (report: PlacedReport) => number | undefined,
): number | undefined => {
  const counts = reports.flatMap((report) => count(report) ?? []);
  return counts.length === 0
    ? undefined
    : Math.min(
        Number.MAX_SAFE_INTEGER,
        counts.reduce((a, b) => a + b, 0),
      );
};

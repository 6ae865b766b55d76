import type { EdgeRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { HostContext } from '../host-context.ts';
import { ingestLimits } from '../ingest-limits.ts';
import { findContainers } from '../inventory/containers.ts';
import type { AddressChanges } from './address-directory.ts';
import { readDirectory } from './directory-reader.ts';
import { type EdgeReport, groupOf, identityOf, type PlacedReport, type Placement, reportId } from './edge-report.ts';
import { readGroups, readReports, readStale, reportOf, writeReports } from './edge-reports.ts';
import {
  closeEdges,
  type EdgePresence,
  mergeEdges,
  readIdentities,
  stillReported,
  writeEdges,
  writePresence,
} from './edge-store.ts';
import { computeGroup, isRefinement, type WantedEdge } from './groups.ts';
import { assetOfNode, hostNode } from './node-names.ts';
import { isRefresh, refreshEdges } from './refresh-edges.ts';
import { placeReport } from './resolve.ts';

export type EdgeInput = {
  readonly records: readonly EdgeRecord[];
  /** Keys of reports that a snapshot no longer named; they ended when they were last seen. */
  readonly unnamed: readonly string[];
  readonly addresses: AddressChanges;
  /** Keys of containers that are new on this host. */
  readonly newContainerKeys: readonly string[];
};

/** Brings the graph's edges in line with what one host now says and with whom addresses now belong to. */
export const applyEdges = async (
  context: HostContext,
  input: EdgeInput,
  options: { readonly onlyStrangers?: boolean } = {},
): Promise<void> => {
  const { addresses, newContainerKeys } = input;
  const directoryMoved = addresses.local.length + addresses.zonal.length + newContainerKeys.length > 0;
  if (input.records.length + input.unnamed.length === 0 && !directoryMoved) return;
  const { news, refreshes } = await sortRecords(context, input.records);
  const purpose = directoryMoved || news.length + input.unnamed.length > 0 ? 'settle' : 'refresh';
  await context.edgeTurns(purpose, async () => {
    await lockZone(context, purpose);
    await refreshEdges(context, refreshes);
    if (purpose === 'settle') await settleNews(context, { ...input, records: news }, directoryMoved, options);
  });
};

/** Places what says something new, and what must be placed anew because of it. */
const settleNews = async (
  context: HostContext,
  input: EdgeInput,
  directoryMoved: boolean,
  options: { readonly onlyStrangers?: boolean },
): Promise<void> => {
  const { addresses, newContainerKeys, records: news } = input;
  const before = new Map<string, PlacedReport>();
  const stored = await readReports(context, [...news.map((record) => record.key), ...input.unnamed]);
  for (const report of stored.values()) before.set(reportId(report), report);
  const changed = new Map<string, EdgeReport>();
  for (const record of news) {
    const report = reportOf(context, record, stored.get(record.key));
    changed.set(reportId(report), report);
  }
  for (const key of input.unnamed) {
    const report = stored.get(key);
    if (report?.live === true) changed.set(reportId(report), { ...report, live: false });
  }
  if (directoryMoved) {
    const stale = await readStale(
      context,
      { ...addresses, containerKeys: newContainerKeys, onlyStrangers: options.onlyStrangers ?? false },
      ingestLimits.reresolvedReports,
    );
    for (const report of stale) {
      before.set(reportId(report), report);
      if (!changed.has(reportId(report))) changed.set(reportId(report), asReported(report));
    }
  }
  if (changed.size === 0) return;
  const placed = await placeAll(context, [...changed.values()], before);
  const hidden = await findHidden(context, placed, before);
  await settle(context, [...placed, ...hidden], before);
};

type Refresh = { readonly record: EdgeRecord; readonly before: PlacedReport };

/** Tells records that only go on from those that say something new. */
const sortRecords = async (
  context: HostContext,
  records: readonly EdgeRecord[],
): Promise<{ readonly news: readonly EdgeRecord[]; readonly refreshes: readonly Refresh[] }> => {
  const stored = await readReports(
    context,
    records.map((record) => record.key),
  );
  const refreshes: Refresh[] = [];
  const news: EdgeRecord[] = [];
  for (const record of records) {
    const before = stored.get(record.key);
    if (isRefresh(record, before)) refreshes.push({ record, before });
    else news.push(record);
  }
  return { news, refreshes };
};

/**
 * Edges of a zone are settled by one transaction at a time: two ends of one edge may be told at the same moment. Those that
 * only refresh need no more than that nobody settles meanwhile.
 */
const lockZone = async (context: HostContext, purpose: 'settle' | 'refresh'): Promise<void> => {
  const key = sql`hashtextextended(${`edges:${context.zone}`}, 0)`;
  const lock =
    purpose === 'settle' ? sql`select pg_advisory_xact_lock(${key})` : sql`select pg_advisory_xact_lock_shared(${key})`;
  await lock.execute(context.trx);
};

/** As the sensor told it, without what an earlier placement made of it. */
const asReported = (report: PlacedReport): EdgeReport => ({ ...report, publishedPort: report.record.publishedPort });

const placeAll = async (
  context: HostContext,
  reports: readonly EdgeReport[],
  before: ReadonlyMap<string, PlacedReport>,
): Promise<readonly PlacedReport[]> => {
  const ownKeys = reports
    .filter((report) => report.hostId === context.hostId)
    .flatMap((report) => [report.containerKey, report.peer.kind === 'local' ? report.peer.containerKey : undefined])
    .filter((key) => key !== undefined);
  const own = await findContainers(context, [...new Set(ownKeys)]);
  const containers = new Map([...own].map(([key, id]) => [`${context.hostId}\0${key}`, id]));
  const foreign = reports.filter((report) => report.hostId !== context.hostId);
  for (const report of foreign) rememberLocalEnd(report, before.get(reportId(report)), containers);
  const directory = await readDirectory(context.trx, reports, containers);
  return reports.map((report) => {
    const was = before.get(reportId(report));
    // What is over stays where it was, whoever has the address now.
    const place = !report.live && was !== undefined ? placementOf(was) : placeReport(report, directory);
    return { ...report, ...place, edge: was?.edge };
  });
};

const placementOf = ({ sourceNode, targetNode, port, publishedPort }: Placement): Placement => ({
  sourceNode,
  targetNode,
  port,
  publishedPort,
});

/** Reports of other hosts are only placed anew at their far end; their own end stays what it was. */
const rememberLocalEnd = (
  report: EdgeReport,
  placed: PlacedReport | undefined,
  containers: Map<string, string>,
): void => {
  if (placed === undefined || report.containerKey === undefined) return;
  const node = report.side === 'source' ? placed.sourceNode : placed.targetNode;
  const asset = assetOfNode(node);
  if (asset !== undefined && node.startsWith('container:'))
    containers.set(`${report.hostId}\0${report.containerKey}`, asset);
};

/**
 * A container of this host now says that it talks to a target. The target may have told of this host's address before,
 * since the container's own was replaced on the way; those reports are placed again, behind the address.
 */
const findHidden = async (
  context: HostContext,
  placed: readonly PlacedReport[],
  before: Map<string, PlacedReport>,
): Promise<readonly PlacedReport[]> => {
  const own = hostNode(context.hostId);
  const talking = placed.filter(
    (report) => report.side === 'source' && report.live && report.hostId === context.hostId,
  );
  const direct = new Set(talking.filter((report) => report.sourceNode === own).map(groupOf));
  const behind = new Map(
    talking
      .filter((report) => report.sourceNode !== own)
      .map((report) => [groupOf({ ...report, sourceNode: own }), report] as const)
      .filter(([group]) => !direct.has(group)),
  );
  if (behind.size === 0) return [];
  const known = new Set(placed.map(reportId));
  const inGroups = await readGroups(
    context.trx,
    [...behind.values()].map((report) => ({ ...report, sourceNode: own })),
  );
  const hostTalks = new Set(inGroups.filter((report) => report.side === 'source').map(groupOf));
  return inGroups.flatMap((report) => {
    const talker = behind.get(groupOf(report));
    if (report.side !== 'target' || report.hostId === context.hostId || talker === undefined) return [];
    if (known.has(reportId(report)) || hostTalks.has(groupOf(report))) return [];
    before.set(reportId(report), report);
    return [{ ...report, sourceNode: talker.sourceNode }];
  });
};

/** Computes the groups that these reports left or joined, and writes what became of their edges. */
const settle = async (
  context: HostContext,
  placed: readonly PlacedReport[],
  before: ReadonlyMap<string, PlacedReport>,
): Promise<void> => {
  const { trx, time } = context;
  const identities = await readIdentities(trx, [...new Set(placed.flatMap((report) => report.edge?.id ?? []))]);
  const changed = new Map(placed.map((report) => [reportId(report), inItsGroup(report, before.get(reportId(report)))]));
  const groups = new Map<string, PlacedReport>();
  for (const report of changed.values()) groups.set(groupOf(report), report);
  const members = await readGroups(trx, [...groups.values()]);
  const reports = [...changed.values(), ...members.filter((member) => !changed.has(reportId(member)))];
  const wanted = [...Map.groupBy(reports, groupOf)].flatMap(([, group]) => computeGroup(group));
  const final = wanted.map((edge) => startMoved(edge, changed, before, identities, time.now.getTime()));
  const ids = await writeEdges(trx, final);
  const idOf = (edge: WantedEdge): number => ids.get(identityOf(edge)) ?? missing(edge);
  await writeReports(
    trx,
    final.flatMap((edge) => {
      const edgeId = idOf(edge);
      return edge.reports
        .filter((report) => changed.has(reportId(report)) || report.edge?.id !== edgeId)
        .map((report) => ({ ...report, edgeId }));
    }),
  );
  await writePresence(
    trx,
    final.map((edge) => presenceOf(edge, idOf(edge), changed)),
  );
  await settleLeft(context, final, idOf, before, identities);
  noteChanges(context, final);
};

const missing = (edge: WantedEdge): never => {
  throw new Error(`The edge ${identityOf(edge).replaceAll('\0', ' ')} was not stored.`);
};

/** A report that changed groups takes nothing of its old edge along but its history. */
const inItsGroup = (report: PlacedReport, before: PlacedReport | undefined): PlacedReport =>
  before !== undefined && groupOf(before) === groupOf(report) ? report : { ...report, edge: undefined };

/** A report that now speaks of another relation than before begins there now; one that is merely better known goes on. */
const startMoved = (
  edge: WantedEdge,
  changed: ReadonlyMap<string, PlacedReport>,
  before: ReadonlyMap<string, PlacedReport>,
  identities: ReadonlyMap<number, WantedEdge | Parameters<typeof isRefinement>[0]>,
  nowMs: number,
): WantedEdge => {
  const reports = edge.reports.map((report) => {
    const was = before.get(reportId(report));
    const old = was?.edge === undefined ? undefined : identities.get(was.edge.id);
    if (!changed.has(reportId(report)) || old === undefined || !report.live || was?.live !== true) return report;
    if (identityOf(old) === identityOf(edge) || isRefinement(old, edge)) return report;
    return { ...report, startedAtMs: nowMs, lastSeenAtMs: nowMs, connections: 0, ...withoutBytes };
  });
  return { ...edge, reports, firstSeenAtMs: Math.min(...reports.map((report) => report.startedAtMs)) };
};

const withoutBytes = { bytesSent: undefined, bytesReceived: undefined } as const;

const presenceOf = (edge: WantedEdge, edgeId: number, changed: ReadonlyMap<string, PlacedReport>): EdgePresence => ({
  edgeId,
  spans: edge.reports
    .filter((report) => changed.has(reportId(report)) || report.edge?.id !== edgeId)
    .map((report) => ({ start: report.startedAtMs, end: report.live ? undefined : report.lastSeenAtMs })),
  closedAtMs: edge.live ? undefined : edge.lastSeenAtMs,
});

/** Edges that reports left: merged where the new one says the same better, ended where nobody speaks of them any more. */
const settleLeft = async (
  context: HostContext,
  edges: readonly WantedEdge[],
  idOf: (edge: WantedEdge) => number,
  before: ReadonlyMap<string, PlacedReport>,
  identities: ReadonlyMap<number, Parameters<typeof isRefinement>[0]>,
): Promise<void> => {
  const left = new Map<number, Set<WantedEdge>>();
  for (const edge of edges) {
    for (const report of edge.reports) {
      const old = report.edge ?? before.get(reportId(report))?.edge;
      if (old !== undefined && old.id !== idOf(edge)) left.set(old.id, (left.get(old.id) ?? new Set()).add(edge));
    }
  }
  if (left.size === 0) return;
  const reported = await stillReported(context.trx, [...left.keys()]);
  const known = new Map([...identities, ...(await readIdentities(context.trx, [...left.keys()]))]);
  const closed: number[] = [];
  const merged: { readonly from: number; readonly into: number }[] = [];
  for (const [id, heirs] of left) {
    if (reported.has(id)) continue;
    const old = known.get(id);
    const [heir] = heirs;
    if (old === undefined || heir === undefined) continue;
    if (heirs.size === 1 && isRefinement(old, heir)) merged.push({ from: id, into: idOf(heir) });
    else closed.push(id);
  }
  await mergeEdges(context.trx, merged);
  await closeEdges(context.trx, closed, context.time.now);
};

const noteChanges = (context: HostContext, edges: readonly WantedEdge[]): void => {
  const assets = edges.flatMap((edge) => [assetOfNode(edge.sourceNode), assetOfNode(edge.targetNode)]);
  context.changes.note('edge', [...new Set(assets.filter((asset) => asset !== undefined))]);
};

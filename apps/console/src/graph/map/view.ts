import type { MapView } from '@parapet/contract/api';
import type { Database } from '../../database/database.ts';
import { findNeighbourhood } from '../asset-index/live-neighbourhood.ts';
import { openReader } from '../asset-index/open-reader.ts';
import { answersFromMemory, countPeersInMemory, liftInMemory } from '../edge-index/lift.ts';
import type { GraphInMemory } from '../graph-in-memory.ts';
import type { Moment } from '../moment.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import { addBundles, type BundleContext } from './bundles.ts';
import { describeMarks } from './describe.ts';
import { finishView } from './finish.ts';
import { createMarks, type Marks } from './marks.ts';
import { readNeighbourhood } from './neighbourhood.ts';
import { readRoute } from './path.ts';
import { createProgramMarks, placeContainers, placeHosts, placeProcesses } from './place-marks.ts';
import { type HostPlan, type HostRow, planHosts } from './plan-hosts.ts';
import type { AssetReader, ListenerRow } from './read-assets.ts';
import { countPeers, isLookedUp, type LiftedEdges, readLiftedEdges } from './read-edges.ts';
import { tellSilences } from './tell-silences.ts';
import type { WantedAssets } from './wanted-assets.ts';

export type ViewQuery = {
  readonly open: readonly string[];
  readonly focus?: string | undefined;
  readonly hops: number;
  readonly route?: string | undefined;
};

/** Marks of one view, nodes and edges together. */
export const maxMarks = 2_000;
const maxNodes = 1_200;
/** Up to this many strangers are shown one by one, more by their blocks. */
const singlePeersUpTo = 8;
/** More neighbours than this around what is open are lifted to their zones. */
const neighboursUpTo = 60;
const containersRead = 30_000;
const processesRead = 400;

/** Builds one view of the graph at a moment, from memory what is held there, which takes a fraction of the time. */
export const buildView = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  query: ViewQuery,
  held?: GraphInMemory,
): Promise<MapView> => {
  readAhead(held, moment, query);
  const reader = await openReader(db, moment, inScope, held);
  const wanted = await wantedAssets(db, moment, inScope, query, held);
  const all = await reader.hosts();
  const hosts = wanted === undefined ? all : all.filter((host) => wanted.hosts.has(host.id));
  const open = new Set(query.open);
  const opening = wanted?.hosts ?? (await hostsToOpen(reader, query.open));
  const draw = (liftNeighbours: boolean): Promise<Drawn> =>
    drawView(db, moment, inScope, { reader, hosts, open, opening, wanted, liftNeighbours, held });
  let drawn = await draw(false);
  if (open.size > 0 && drawn.neighbours > neighboursUpTo) drawn = await draw(true);
  await tellSilences(db, moment, drawn.marks);
  return finishView(drawn.marks, drawn.bundles, {
    moment,
    query,
    wholeSet: wanted !== undefined,
    behindEdges: drawn.lifted.behind,
    bundlesLeft: drawn.lifted.bundles - drawn.lifted.edges.length,
    silentHosts: all.filter((host) => host.silent).length,
    maxMarks,
    maxNodes,
  });
};

/** Edges take as long to read as assets. Those of open containers, of routes and of few in the past are asked of the database. */
const readAhead = (held: GraphInMemory | undefined, moment: Moment, { open, focus, route }: ViewQuery): void => {
  if (route !== undefined || open.some((id) => id.startsWith('container:'))) return;
  if (!moment.live && (open.length > 0 || focus !== undefined)) return;
  // Who needs the answer is told why there is none.
  held?.edges().catch(() => undefined);
};

type Drawn = {
  readonly marks: Marks;
  readonly bundles: ReturnType<typeof addBundles>;
  readonly lifted: LiftedEdges;
  readonly neighbours: number;
};

type DrawRequest = {
  readonly reader: AssetReader;
  readonly hosts: readonly HostRow[];
  readonly open: ReadonlySet<string>;
  readonly opening: ReadonlySet<string>;
  readonly wanted: WantedAssets | undefined;
  readonly liftNeighbours: boolean;
  readonly held: GraphInMemory | undefined;
};

const drawView = async (db: Database, moment: Moment, inScope: ScopeFilter, request: DrawRequest): Promise<Drawn> => {
  const { reader, hosts, open, opening, wanted } = request;
  // An open block of strangers changes how they are shown, not what else is.
  const any = wanted !== undefined || [...open].some((id) => !id.startsWith('peers:'));
  const plan = planHosts(hosts, { open, hosts: opening, any, liftNeighbours: request.liftNeighbours });
  const marks = createMarks();
  placeHosts(marks, plan, hosts);
  const share = Math.max(1, plan.opened.size);
  const containers = (await reader.containers([...plan.opened], containersRead)).filter(
    (row) => wanted === undefined || wanted.containers.has(row.id),
  );
  const indexOf = placeContainers(marks, containers, open, clamp(Math.floor(900 / share), 12, 400));
  const processes = await reader.processes(
    openedOwners(open, 'container:'),
    openedOwners(open, 'service:'),
    processesRead,
  );
  placeProcesses(marks, processes, open);
  const lifted = await liftEdges(db, moment, inScope, { ...request, plan, marks, indexOf, any });
  const listeners = await readListeners(reader, marks, plan);
  const programs = createProgramMarks(marks, {
    processes,
    listeners,
    open,
    cap: clamp(Math.floor(300 / share), 6, 40),
  });
  const context: BundleContext = { marks, moment, programs };
  const bundles = addBundles(lifted.edges, context);
  describeMarks(marks, bundles, listeners, { ...context, addsPrograms: wanted === undefined });
  const neighbours = marks
    .all()
    .filter((mark) => mark.kind === 'host' && !mark.subject && bundles.touched.has(mark.id));
  return { marks, bundles, lifted, neighbours: neighbours.length };
};

const liftEdges = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  view: DrawRequest & {
    readonly plan: HostPlan;
    readonly marks: Marks;
    readonly indexOf: ReadonlyMap<string, number>;
    readonly any: boolean;
  },
): Promise<LiftedEdges> => {
  const { marks, plan, wanted } = view;
  const hosts = new Map<string, number>();
  for (const host of view.hosts) {
    const mark = marks.get(plan.nodeOfHost.get(host.id) ?? '');
    // In a set of assets a host whose containers alone were asked for is only their outline.
    if (mark !== undefined && (wanted === undefined || wanted.wholeHosts.has(host.id))) hosts.set(host.id, mark.index);
  }
  const subject = marks.all().filter((mark) => mark.subject);
  const lift = {
    hosts,
    containers: view.indexOf,
    openHosts: outlined(marks, 'host'),
    openContainers: outlined(marks, 'container'),
    touching: view.any && wanted === undefined ? subject.map((mark) => mark.index) : undefined,
    strangers: wanted === undefined ? ('outside' as const) : ('leave-out' as const),
    pairs: wanted?.pairs,
    openBlocks: openedBlocks(view.open),
    limit: maxMarks,
  };
  const fromMemory = answersFromMemory(lift) && (moment.live || !isLookedUp(lift));
  const edges = fromMemory ? await view.held?.edges() : undefined;
  if (edges !== undefined) {
    const groupPeers = countPeersInMemory(edges.columns, singlePeersUpTo + 1) > singlePeersUpTo;
    return liftInMemory(edges, { ...lift, groupPeers });
  }
  const groupPeers = (await countPeers(db, moment, singlePeersUpTo + 1)) > singlePeersUpTo;
  return readLiftedEdges(db, moment, inScope, { ...lift, groupPeers });
};

const outlined = (marks: Marks, kind: 'host' | 'container'): readonly number[] =>
  marks.all().flatMap((mark) => (mark.outline && mark.kind === kind ? [mark.index] : []));

const readListeners = (reader: AssetReader, marks: Marks, plan: HostPlan): Promise<readonly ListenerRow[]> => {
  const owners = marks.all().flatMap((mark) => {
    const owner = mark.assetId ?? mark.sample;
    return owner === undefined ? [] : [owner];
  });
  return reader.listeners([...new Set([...owners, ...plan.opened])]);
};

const wantedAssets = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  query: ViewQuery,
  held: GraphInMemory | undefined,
): Promise<WantedAssets | undefined> => {
  if (query.route !== undefined) return readRoute(db, moment, inScope, query.route);
  const focused = query.focus === undefined ? undefined : assetOf(query.focus);
  if (focused === undefined) return undefined;
  const assets = await held?.assets();
  const edges = assets === undefined ? undefined : await held?.edges();
  if (assets !== undefined && edges !== undefined) return findNeighbourhood(assets, edges, focused, query.hops);
  return readNeighbourhood(db, moment, inScope, focused, query.hops);
};

const assetOf = (id: string): string | undefined => /^(?:host|container):([0-9a-f-]{36})$/.exec(id)?.[1];

const hostsToOpen = async (reader: AssetReader, open: readonly string[]): Promise<ReadonlySet<string>> => {
  const owners = open.flatMap((id) => {
    const owner = /^(host|container|containers|service):(?:host:|containers:)?([0-9a-f-]{36})(?:$|\|)/.exec(id);
    return owner === null ? [] : [owner[2] ?? ''];
  });
  const hosts = await reader.hostsOfContainers(owners);
  return new Set(owners.map((id) => hosts.get(id) ?? id));
};

const openedOwners = (open: ReadonlySet<string>, prefix: string): readonly string[] =>
  [...open].flatMap((id) => {
    if (!id.startsWith(prefix)) return [];
    const owner = /^[0-9a-f-]{36}/.exec(id.slice(prefix.length));
    return owner === null ? [] : [owner[0]];
  });

const openedBlocks = (open: ReadonlySet<string>): readonly string[] =>
  [...open].flatMap((id) => (id.startsWith('peers:') ? [id.slice('peers:'.length)] : []));

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

import type { EdgeItem, ForensicProcess, Forensics, HuntEvent, Scope } from '@parapet/contract/api';
import { type AssetFound, findAsset } from '../graph/assets/detail.ts';
import { readEdges } from '../graph/assets/edges.ts';
import { momentOf } from '../graph/moment.ts';
import { programOf } from '../graph/node-id.ts';
import { createScopeFilter } from '../graph/scope-filter.ts';
import { readGaps } from '../telemetry/gaps.ts';
import { readAncestry } from './ancestry.ts';
import { readStartedLane } from './counts.ts';
import type { AnswerDeps, ForensicQuery, ForensicsDeps } from './deps.ts';
import type { TimeSpan } from './inventory-processes.ts';
import { readOwnEvents } from './own-events.ts';
import { maxStarted, readStarted } from './started-processes.ts';
import { resolveSubject, type Subject } from './subject.ts';
import { filesOf, peersOf } from './touched.ts';

/** Peers and files are made of at most this many events, the newest. */
const maxEvents = 10_000;
const pageEvents = 5000;
const maxListed = 500;

export type ForensicsAsk = {
  readonly query: ForensicQuery;
  readonly scope: Scope;
  /** Whether the asker may see findings as well. */
  readonly withFindings: boolean;
  readonly nowMs: number;
};

/** All that is known of a process or container in a span of time, from its events, the inventory and the map, within a scope. */
export const readForensics = async (from: ForensicsDeps, ask: ForensicsAsk): Promise<Forensics> => {
  const { query, scope } = ask;
  const { since, until } = query;
  const span: TimeSpan = { from: Date.parse(since), to: Date.parse(until) };
  const deps: AnswerDeps = { db: from.db, hunts: from.hunts.within(scope) };
  const subject = await resolveSubject(deps, query, scope, ask.nowMs);
  const { hunt, search, hostId } = subject;
  // What is of a host that is seen whole needs no look at whose it is.
  const scopeThere = (await deps.hunts.showsAllOf(hostId)) ? null : scope;
  const owning = subject.own === undefined ? readOwnEvents(deps, search, query) : Promise.resolve(subject.own);
  const finding = assetOf(deps, subject, scopeThere, ask.nowMs);
  const started = readStarted(deps, subject, { span, scope: scopeThere, owning });
  const ancestryOf = (process: ForensicProcess | undefined) =>
    readAncestry(deps, { hostId, process }, span, scopeThere);
  const [own, { processes, limits }, ancestry, startedLane, events, edges, software, gaps] = await Promise.all([
    owning,
    started,
    subject.process === undefined
      ? started.then((found) => ancestryOf(firstOf(found.processes)))
      : ancestryOf(subject.process),
    started.then(({ direct }) => readStartedLane(deps, subject, direct, query)),
    owning.then(({ all }) =>
      all === undefined ? readEvents(deps, search, query) : { items: all.filter(isTouch), more: false },
    ),
    finding.then((asset) => (asset === undefined ? noEdges : edgesOf(deps, subject, span, ask))),
    finding.then((asset) => (asset !== undefined && ask.withFindings ? softwareOf(asset) : undefined)),
    readGaps(deps.db, span, scope, [hostId]),
  ]);
  const [peers, files] = [peersOf(events.items, maxListed), filesOf(events.items, maxListed)];
  return {
    subject: presentSubject(subject),
    ...{ since, until, hunt, ancestry, gaps },
    ...{ actions: own.actions, lanes: [...own.lanes, ...startedLane] },
    processes: [...processes],
    peers: [...peers.items],
    files: [...files.items],
    edges: [...edges.items],
    ...(software === undefined ? {} : { software }),
    limits: [
      ...limits.map((text) => ({ part: 'processes', text })),
      ...(ancestry.end === 'limit' ? [{ part: 'ancestry', text: 'There are more ancestors than are followed.' }] : []),
      ...(events.more
        ? ['peers', 'files'].map((part) => ({
            part,
            text: `Made of the newest ${maxEvents.toLocaleString('en')} of its events; there are more.`,
          }))
        : []),
      ...beyond('peers', peers.total),
      ...beyond('files', files.total),
      ...(edges.cut ? [{ part: 'edges', text: 'The map knows more connections than are read.' }] : []),
    ],
  };
};

const beyond = (part: string, total: number) =>
  total > maxListed ? [{ part, text: `The first ${maxListed} of ${total} are listed.` }] : [];

const presentSubject = ({ kind, name, hostId, hostName, containerId, containerName, process }: Subject) => ({
  ...{ kind, name, hostId, hostName },
  ...(containerId === undefined ? {} : { containerId }),
  ...(containerName === undefined ? {} : { containerName }),
  ...(process === undefined ? {} : { process }),
});

/** The process that a container began with: its parent is outside of it. */
const firstOf = (processes: readonly ForensicProcess[]): ForensicProcess | undefined => {
  const inside = new Set(processes.map(({ id }) => id));
  const outer = processes.filter(({ parentId }) => parentId !== undefined && !inside.has(parentId));
  return outer[0] ?? (processes.length < maxStarted ? processes[0] : undefined);
};

type Events = { readonly items: readonly HuntEvent[]; readonly more: boolean };

// What runs and ends has no peer and no file: it does not use up the limit.
const touches = '(destination.ip exists or file.path exists)';
const isTouch = (event: HuntEvent): boolean =>
  event['destination.ip'] !== undefined || event['file.path'] !== undefined;

const readEvents = async ({ hunts }: AnswerDeps, search: string, { since, until }: ForensicQuery): Promise<Events> => {
  const items: HuntEvent[] = [];
  const q = `${search} and ${touches}`;
  let after: string | undefined;
  do {
    const page = { q, since, until, limit: pageEvents, ...(after === undefined ? {} : { after }) };
    const found = await hunts.find(page);
    items.push(...found.items);
    after = found.next;
  } while (after !== undefined && items.length < maxEvents);
  return { items, more: after !== undefined };
};

type Edges = { readonly items: readonly EdgeItem[]; readonly cut: boolean };
const noEdges: Edges = { items: [], cut: false };

/** What the map saw: of a container all, of a process outside of containers what its program did on its host. */
const edgesOf = async (
  { db }: AnswerDeps,
  { hostId, containerId, process }: Subject,
  { from, to }: TimeSpan,
  { scope, nowMs }: ForensicsAsk,
): Promise<Edges> => {
  const assetId = containerId ?? hostId;
  const asset = { id: assetId, kind: containerId === undefined ? 'host' : 'container' } as const;
  const { items, cut } = await readEdges(db, momentOf(undefined, nowMs), scope, asset, true);
  const program = containerId === undefined ? programOf(process?.executable ?? process?.name ?? '') : undefined;
  const isOwn = ({ source, target }: EdgeItem): boolean =>
    program === undefined || [source, target].some((end) => end.id === assetId && end.process === program);
  return {
    cut,
    items: items.filter(
      (edge) =>
        Date.parse(edge.firstSeenAt) < to &&
        (edge.endedAt === undefined || Date.parse(edge.endedAt) >= from) &&
        isOwn(edge),
    ),
  };
};

const softwareOf = (asset: AssetFound): Forensics['software'] => {
  const { id, name, imageId, imageName, packageCount, findings, risk, unmatched, scannedAt } = asset;
  return {
    ...{ assetId: id, name, packageCount, findings },
    ...(imageId === undefined ? {} : { imageId }),
    ...(imageName === undefined ? {} : { imageName }),
    ...(risk === undefined ? {} : { risk }),
    ...(unmatched === undefined ? {} : { unmatched }),
    ...(scannedAt === undefined ? {} : { scannedAt }),
  };
};

/** What it runs in; undefined where that is not in the scope: a process may be seen in a container whose host is not. */
const assetOf = async (
  { db }: AnswerDeps,
  { hostId, containerId, asset }: Subject,
  scope: Scope,
  nowMs: number,
): Promise<AssetFound | undefined> =>
  asset ?? (await findAsset(db, momentOf(undefined, nowMs), createScopeFilter(scope), containerId ?? hostId));

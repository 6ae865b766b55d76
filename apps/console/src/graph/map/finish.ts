import { createHash } from 'node:crypto';
import type { MapEdge, MapNode, MapView } from '@parapet/contract/api';
import type { Moment } from '../moment.ts';
import type { Bundles } from './bundles.ts';
import { type Mark, type Marks, nodeOf } from './marks.ts';

type Finish = {
  readonly moment: Moment;
  readonly query: { readonly open: readonly string[]; readonly focus?: string | undefined; readonly hops: number };
  /** The view shows a set of assets as it is, with nothing to cut away around it. */
  readonly wholeSet: boolean;
  readonly behindEdges: number;
  readonly bundlesLeft: number;
  readonly silentHosts: number;
  readonly maxMarks: number;
  readonly maxNodes: number;
};

/** Drops what is not connected, keeps within the limits of a view and says what was left out. */
export const finishView = (marks: Marks, bundles: Bundles, finish: Finish): MapView => {
  const connected = marks.all().filter((mark) => mark.subject || mark.outline || bundles.touched.has(mark.id));
  const focused = finish.wholeSet ? connected : around(connected, bundles, finish.query);
  const kept = keepMostImportant(focused, finish.maxNodes);
  const shown = withoutEmptyOutlines(kept);
  const ids = new Set(shown.map((mark) => mark.id));
  const possible = bundles.list.filter((edge) => ids.has(edge.source) && ids.has(edge.target));
  const edges = possible.slice(0, Math.max(0, finish.maxMarks - shown.length));
  const left = {
    nodes: focused.length - kept.length,
    edges: possible.length - edges.length + finish.bundlesLeft,
  };
  const nodes = shown.map(nodeOf).sort(byId);
  const sorted = [...edges].sort(byId);
  return {
    at: finish.moment.at.toISOString(),
    live: finish.moment.live,
    version: versionOf(nodes, sorted, finish.silentHosts),
    trail: trailOf(marks, finish.query.open),
    nodes,
    edges: sorted,
    behind: { nodes: leaves(shown), edges: finish.behindEdges },
    silentHosts: finish.silentHosts,
    ...(left.nodes + left.edges > 0 ? { left } : {}),
  };
};

/** The neighbourhood of a node that is no single asset (a zone, a block of peers), within the shown view. */
const around = (marks: readonly Mark[], bundles: Bundles, query: Finish['query']): readonly Mark[] => {
  if (query.focus === undefined) return marks;
  const near = new Set([query.focus]);
  for (let hop = 0; hop < query.hops; hop += 1) {
    const reached = bundles.list.filter((edge) => near.has(edge.source) || near.has(edge.target));
    for (const edge of reached) near.add(edge.source).add(edge.target);
  }
  const byId = new Map(marks.map((mark) => [mark.id, mark]));
  for (const id of [...near]) {
    for (let up = byId.get(id)?.parent; up !== undefined; up = byId.get(up)?.parent) near.add(up);
  }
  return marks.filter((mark) => near.has(mark.id));
};

const keepMostImportant = (marks: readonly Mark[], limit: number): readonly Mark[] => {
  if (marks.length <= limit) return marks;
  const weight = (mark: Mark): number =>
    (mark.outline || mark.kind === 'internet' ? 1e6 : 0) + (mark.exposed ? 1e3 : 0) + (mark.risk ?? 0);
  return [...marks].sort((a, b) => weight(b) - weight(a) || a.index - b.index).slice(0, limit);
};

const withoutEmptyOutlines = (marks: readonly Mark[]): readonly Mark[] => {
  const ids = new Set(marks.map((mark) => mark.id));
  const holding = new Set<string>();
  for (const mark of marks) if (mark.parent !== undefined && ids.has(mark.parent)) holding.add(mark.parent);
  // An open host without anything to show stays: it is there, and empty.
  const kept = marks.filter(
    (mark) => !mark.outline || mark.kind === 'host' || mark.kind === 'container' || holding.has(mark.id),
  );
  const left = new Set(kept.map((mark) => mark.id));
  for (const mark of kept) if (mark.parent !== undefined && !left.has(mark.parent)) delete mark.parent;
  return kept;
};

/** Hosts and containers behind the shown nodes, and what else is a node of its own. */
const leaves = (marks: readonly Mark[]): number =>
  marks.reduce(
    (sum, mark) => sum + (mark.outline ? (mark.kind === 'host' ? 1 : 0) : mark.kind === 'internet' ? 1 : mark.count),
    0,
  );

const trailOf = (marks: Marks, open: readonly string[]): MapView['trail'] => {
  const deepest = marks.get(open.at(-1) ?? '');
  const trail: { id: string; label: string }[] = [];
  for (let mark = deepest; mark !== undefined; mark = mark.parent === undefined ? undefined : marks.get(mark.parent)) {
    trail.unshift({ id: mark.id, label: mark.label });
  }
  return [{ id: 'fleet', label: 'Fleet' }, ...trail];
};

/** The same for views that look the same: counts that only grow are taken in steps. */
const versionOf = (nodes: readonly MapNode[], edges: readonly MapEdge[], silentHosts: number): string => {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([silentHosts, nodes]));
  hash.update(JSON.stringify(edges.map(looksOf)));
  return hash.digest('hex').slice(0, 32);
};

/** Its ends are named by its id. */
const looksOf = ({ id, ports, count, connections, bytes, risk, active, startedAt }: MapEdge): readonly unknown[] => [
  ...[id, count, step(connections), step(bytes ?? 0), risk, active, startedAt],
  ...ports.map(({ protocol, port }) => `${protocol}${port}`),
];

const step = (count: number): number => Math.round(2 * Math.log2(1 + count));

const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id < b.id ? -1 : a.id > b.id ? 1 : 0;

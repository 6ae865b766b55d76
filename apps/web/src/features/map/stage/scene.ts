import type { MapEdge, MapNode, MapView } from '@parapet/contract/api';
import { cellAround, type Point, type Rect, radiusOf, unionOf } from '../layout/geometry.ts';
import type { Layout } from '../layout/layout.ts';
import { type Curve, curveBetween } from './curves.ts';

export type SceneNode = {
  readonly id: string;
  readonly node: MapNode;
  readonly at: Point;
  readonly radius: number;
  /** When it came into the picture, or left it, by `performance.now()`; absent when it was there from the start, and still is. */
  readonly cameAt?: number;
  readonly leftAt?: number;
};
export type SceneFrame = { readonly id: string; readonly node: MapNode; readonly rect: Rect; readonly depth: number };
export type SceneEdge = {
  readonly id: string;
  readonly edge: MapEdge;
  readonly curve: Curve;
  readonly source: SceneNode;
  readonly target: SceneNode;
  readonly cameAt?: number;
  readonly leftAt?: number;
};

/** What is in the picture: the view with its places, and the ghosts of what went. */
export type Scene = {
  readonly view: string;
  /** The moment that it shows. */
  readonly atMs: number;
  readonly nodes: readonly SceneNode[];
  readonly frames: readonly SceneFrame[];
  readonly edges: readonly SceneEdge[];
  readonly bounds: Rect;
  readonly node: (id: string) => SceneNode | undefined;
  readonly frame: (id: string) => SceneFrame | undefined;
  /** Ids of the nodes that share an edge with a node. */
  readonly near: (id: string) => ReadonlySet<string>;
};

/** What went stays as a ghost for this long. */
export const ghostMs = 45_000;
/** A leap in time farther than this shows another picture, without what came and went on the way. */
const leapMs = 20 * 60_000;
const maxGhosts = 200;

/**
 * Builds the picture of a view. With the picture before of the same view, what is new fades in and what is gone stays for a
 * while as a ghost where it was.
 */
export const buildScene = (
  view: string,
  shown: MapView,
  layout: Layout,
  before: Scene | undefined,
  nowMs: number,
): Scene => {
  const atMs = Date.parse(shown.at);
  const same = before !== undefined && before.view === view && Math.abs(atMs - before.atMs) <= leapMs;
  const nodes = shown.nodes.flatMap((node): readonly SceneNode[] => {
    const at = layout.positions.get(node.id);
    if (at === undefined) return [];
    const was = same ? before.node(node.id) : undefined;
    const cameAt = !same || (was !== undefined && was.leftAt === undefined) ? was?.cameAt : nowMs;
    return [{ id: node.id, node, at, radius: radiusOf(node), ...(cameAt === undefined ? {} : { cameAt }) }];
  });
  const live = new Map(nodes.map((node) => [node.id, node]));
  const ghosts = same ? ghostsOf(before.nodes, live, nowMs) : [];
  const all = new Map([...nodes, ...ghosts].map((node) => [node.id, node]));
  const edges = sceneEdges(shown.edges, all, same ? before : undefined, nowMs);
  const frames = [...layout.outlines].flatMap(([id, rect]): readonly SceneFrame[] => {
    const node = shown.nodes.find((candidate) => candidate.id === id);
    return node === undefined
      ? []
      : [
          {
            id,
            node,
            rect: around(
              rect,
              ghosts.filter((ghost) => ghost.node.parent === id),
            ),
            depth: depthOf(node, shown),
          },
        ];
  });
  return index({ view, atMs, nodes: [...ghosts, ...nodes], frames, edges, bounds: layout.bounds });
};

/** A frame keeps the room of a ghost until that is gone too. */
const around = (rect: Rect, ghosts: readonly SceneNode[]): Rect =>
  unionOf([rect, ...ghosts.map((ghost) => cellAround(ghost.at))]);

const ghostsOf = <T extends { readonly id: string; readonly leftAt?: number }>(
  before: readonly T[],
  now: ReadonlyMap<string, unknown>,
  nowMs: number,
): readonly T[] =>
  before
    .filter((thing) => !now.has(thing.id) && nowMs - (thing.leftAt ?? nowMs) < ghostMs)
    .map((thing) => ({ ...thing, leftAt: thing.leftAt ?? nowMs }))
    .slice(-maxGhosts);

const sceneEdges = (
  edges: readonly MapEdge[],
  nodes: ReadonlyMap<string, SceneNode>,
  before: Scene | undefined,
  nowMs: number,
): readonly SceneEdge[] => {
  const known = new Map(before?.edges.map((edge) => [edge.id, edge]));
  const pairs = new Set(edges.map((edge) => edge.id));
  const current = edges.flatMap((edge): readonly SceneEdge[] => {
    const [source, target] = [nodes.get(edge.source), nodes.get(edge.target)];
    if (source === undefined || target === undefined) return [];
    const was = known.get(edge.id);
    const cameAt = before === undefined || (was !== undefined && was.leftAt === undefined) ? was?.cameAt : nowMs;
    const curve = curveBetween(source.at, target.at, pairs.has(`${edge.target}>${edge.source}`));
    return [{ id: edge.id, edge, curve, source, target, ...(cameAt === undefined ? {} : { cameAt }) }];
  });
  const now = new Map(current.map((edge) => [edge.id, edge]));
  const ghosts = ghostsOf(before?.edges ?? [], now, nowMs).filter(
    (edge) => nodes.has(edge.source.id) && nodes.has(edge.target.id),
  );
  return [...ghosts, ...current];
};

const depthOf = (node: MapNode, shown: MapView): number => {
  const parent = node.parent === undefined ? undefined : shown.nodes.find((other) => other.id === node.parent);
  return parent === undefined ? 0 : 1 + depthOf(parent, shown);
};

const index = (scene: Pick<Scene, 'view' | 'atMs' | 'nodes' | 'frames' | 'edges' | 'bounds'>): Scene => {
  const nodes = new Map(scene.nodes.map((node) => [node.id, node]));
  const frames = new Map(scene.frames.map((frame) => [frame.id, frame]));
  const near = new Map<string, Set<string>>();
  const link = (a: string, b: string): void => {
    const set = near.get(a);
    if (set === undefined) near.set(a, new Set([b]));
    else set.add(b);
  };
  for (const { source, target } of scene.edges) {
    link(source.id, target.id);
    link(target.id, source.id);
  }
  return {
    ...scene,
    node: (id) => nodes.get(id),
    frame: (id) => frames.get(id),
    near: (id) => near.get(id) ?? nothing,
  };
};

const nothing: ReadonlySet<string> = new Set();

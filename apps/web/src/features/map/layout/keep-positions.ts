import type { MapEdge, MapNode } from '@parapet/contract/api';
import { cell, cellAround, overlaps, type Point, type Rect } from './geometry.ts';
import { finishLayout, type Layout, layOut } from './layout.ts';
import { type Tree, treeOf } from './tree.ts';

/** A view whose nodes are mostly unknown is laid out anew. */
const knownShare = 0.5;

/**
 * Lays a view out so that nothing known moves: what is new takes a free place near what it belongs to and is linked with. Only
 * where a frame has to grow do its neighbours make room, downwards.
 */
export const layOutKeeping = (
  nodes: readonly MapNode[],
  edges: readonly MapEdge[],
  remembered: ReadonlyMap<string, Point>,
): Layout => {
  const tree = treeOf(nodes);
  const known = tree.leaves.filter((node) => remembered.has(node.id));
  if (known.length === 0 || known.length < tree.leaves.length * knownShare) return layOut(nodes, edges);
  const positions = new Map(known.map((node) => [node.id, remembered.get(node.id) ?? { x: 0, y: 0 }]));
  const added = tree.leaves.filter((node) => !remembered.has(node.id));
  if (added.length === 0) return finishLayout(tree, positions);
  const fresh = layOut(nodes, edges);
  for (const node of added) positions.set(node.id, freePlace(node, tree, edges, positions, fresh));
  return makeRoom(tree, positions);
};

/** Rings of cells that are looked through around the wanted place. */
const maxRings = 40;
/** Rings beyond the first free place that are still compared with it. */
const comparedRings = 2;
/** How much farther away a place inside its own frame may be, so that the frame need not grow. */
const insideWorth = 3 * cell.width;

const freePlace = (
  node: MapNode,
  tree: Tree,
  edges: readonly MapEdge[],
  positions: ReadonlyMap<string, Point>,
  fresh: Layout,
): Point => {
  const anchor = anchorOf(node, tree, edges, positions, fresh);
  const { outlines } = finishLayout(tree, positions);
  const frames = [...outlines].filter(([id]) => !holds(id, node, tree)).map(([, rect]) => rect);
  const own = node.parent === undefined ? undefined : outlines.get(node.parent);
  const taken = [...positions.values()].map(cellAround);
  const isFree = (room: Rect): boolean =>
    !taken.some((other) => overlaps(room, other, -6)) && !frames.some((frame) => overlaps(room, frame));
  const cost = (place: Point, room: Rect): number =>
    Math.hypot(place.x - anchor.x, place.y - anchor.y) + (own === undefined || contains(own, room) ? 0 : insideWorth);
  // Places line up with the sibling that stands nearest.
  const base = nearestSibling(node, tree, positions, anchor) ?? anchor;
  let best: { readonly place: Point; readonly cost: number } | undefined;
  let last = maxRings;
  for (let ring = 0; ring <= last; ring += 1) {
    for (const [column, row] of ringAround(ring)) {
      const place = { x: base.x + column * cell.width, y: base.y + row * cell.height };
      const room = cellAround(place);
      if (!isFree(room)) continue;
      if (best === undefined) last = Math.min(maxRings, ring + comparedRings);
      if (best === undefined || cost(place, room) < best.cost) best = { place, cost: cost(place, room) };
    }
  }
  return best?.place ?? anchor;
};

const nearestSibling = (
  node: MapNode,
  tree: Tree,
  positions: ReadonlyMap<string, Point>,
  anchor: Point,
): Point | undefined => {
  const siblings = node.parent === undefined ? tree.roots : (tree.childrenOf.get(node.parent) ?? []);
  const points = siblings.flatMap((sibling) => positions.get(sibling.id) ?? []);
  const away = (point: Point): number => Math.hypot(point.x - anchor.x, point.y - anchor.y);
  return points.sort((a, b) => away(a) - away(b))[0];
};

const contains = (frame: Rect, room: Rect): boolean =>
  room.x >= frame.x &&
  room.y >= frame.y &&
  room.x + room.width <= frame.x + frame.width &&
  room.y + room.height <= frame.y + frame.height;

/** Where it would stand if everything were laid out anew, seen from its siblings or neighbours. */
const anchorOf = (
  node: MapNode,
  tree: Tree,
  edges: readonly MapEdge[],
  positions: ReadonlyMap<string, Point>,
  fresh: Layout,
): Point => {
  const siblings = node.parent === undefined ? [] : (tree.childrenOf.get(node.parent) ?? []).map((child) => child.id);
  const linked = edges.flatMap((edge) =>
    edge.source === node.id ? [edge.target] : edge.target === node.id ? [edge.source] : [],
  );
  const near = [siblings, linked, [...positions.keys()]]
    .map((ids) => ids.filter((id) => positions.has(id) && fresh.positions.has(id)))
    .find((ids) => ids.length > 0);
  const own = fresh.positions.get(node.id) ?? { x: 0, y: 0 };
  if (near === undefined) return own;
  const then = meanOf(near, fresh.positions);
  const here = meanOf(near, positions);
  return { x: here.x + own.x - then.x, y: here.y + own.y - then.y };
};

const meanOf = (ids: readonly string[], positions: ReadonlyMap<string, Point>): Point => {
  const points = ids.flatMap((id) => positions.get(id) ?? []);
  const sum = points.reduce((total, point) => ({ x: total.x + point.x, y: total.y + point.y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
};

const holds = (outline: string, node: MapNode, tree: Tree): boolean => {
  for (let up = node.parent; up !== undefined; up = tree.nodes.get(up)?.parent) if (up === outline) return true;
  return false;
};

/** The cells of a square ring, those below and right of the centre first. */
const ringAround = (ring: number): readonly (readonly [number, number])[] => {
  if (ring === 0) return [[0, 0]];
  const cells: (readonly [number, number])[] = [];
  for (let step = -ring; step <= ring; step += 1) cells.push([step, ring], [step, -ring]);
  for (let step = -ring + 1; step < ring; step += 1) cells.push([ring, step], [-ring, step]);
  return cells.sort(
    (a, b) => Math.abs(a[0]) + Math.abs(a[1]) - Math.abs(b[0]) - Math.abs(b[1]) || b[1] - a[1] || b[0] - a[0],
  );
};

const maxPushes = 60;

/** Pushes down what a grown frame now covers. */
const makeRoom = (tree: Tree, positions: Map<string, Point>): Layout => {
  for (let push = 0; push < maxPushes; push += 1) {
    const layout = finishLayout(tree, positions);
    const clash = firstClash(tree, layout);
    if (clash === undefined) return layout;
    for (const leaf of leavesIn(clash.lower, tree)) {
      const point = positions.get(leaf);
      if (point !== undefined) positions.set(leaf, { x: point.x, y: point.y + clash.by });
    }
  }
  return finishLayout(tree, positions);
};

const firstClash = (tree: Tree, layout: Layout): { readonly lower: string; readonly by: number } | undefined => {
  const rects = tree.roots.flatMap((root): readonly { id: string; rect: Rect; framed: boolean }[] => {
    const frame = layout.outlines.get(root.id);
    const point = layout.positions.get(root.id);
    if (frame !== undefined) return [{ id: root.id, rect: frame, framed: true }];
    return point === undefined ? [] : [{ id: root.id, rect: cellAround(point), framed: false }];
  });
  for (const a of rects) {
    for (const b of rects) {
      if (a.id >= b.id || (!a.framed && !b.framed) || !overlaps(a.rect, b.rect)) continue;
      const [upper, lower] = a.rect.y <= b.rect.y ? [a, b] : [b, a];
      return { lower: lower.id, by: upper.rect.y + upper.rect.height - lower.rect.y + 16 };
    }
  }
  return undefined;
};

const leavesIn = (id: string, tree: Tree): readonly string[] => {
  const children = tree.childrenOf.get(id);
  return children === undefined ? [id] : children.flatMap((child) => leavesIn(child.id, tree));
};

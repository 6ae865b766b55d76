import type { MapEdge, MapNode } from '@parapet/contract/api';
import { type Arrangement, arrange, type Box, type Link, type Spacing } from './arrange.ts';
import { cell, cellAround, centreOffset, type Point, padding, type Rect, unionOf } from './geometry.ts';
import { layersOf, type Tree, treeOf } from './tree.ts';

export type Layout = {
  /** Centres of the nodes that are drawn as shapes. */
  readonly positions: ReadonlyMap<string, Point>;
  /** Frames of the nodes that others lie in, outer ones first. */
  readonly outlines: ReadonlyMap<string, Rect>;
  readonly bounds: Rect;
};

/** Lays a view out anew: the Internet left, then by hops, what belongs together in one outline. */
export const layOut = (nodes: readonly MapNode[], edges: readonly MapEdge[]): Layout => {
  const tree = treeOf(nodes);
  const layers = layersOf(tree.leaves, edges);
  const positions = new Map<string, Point>();
  const whole = measure(undefined, tree, layers, edges);
  whole.place({ x: 0, y: 0 }, positions);
  return finishLayout(tree, positions);
};

/** Frames follow from the centres of what lies in them. */
export const finishLayout = (tree: Tree, positions: ReadonlyMap<string, Point>): Layout => {
  const outlines = new Map<string, Rect>();
  for (const outline of [...tree.outlines].reverse()) {
    const inside = (tree.childrenOf.get(outline.id) ?? []).flatMap((child) => {
      const frame = outlines.get(child.id);
      const point = positions.get(child.id);
      return frame !== undefined ? [frame] : point !== undefined ? [cellAround(point)] : [];
    });
    if (inside.length > 0) outlines.set(outline.id, framed(unionOf(inside)));
  }
  const cells = [...positions.values()].map(cellAround);
  return {
    positions,
    outlines: new Map([...outlines].reverse()),
    bounds: unionOf([...cells, ...outlines.values()]),
  };
};

const framed = (rect: Rect): Rect => ({
  x: rect.x - padding.side,
  y: rect.y - padding.top,
  width: rect.width + 2 * padding.side,
  height: rect.height + padding.top + padding.bottom,
});

/** A node or outline whose room is known, and which can then be put somewhere. */
type Measured = Box & { readonly place: (corner: Point, into: Map<string, Point>) => void };

const outer = { column: 92, row: 26, aspect: 1.7, maxGap: 260 } as const;
const inner = { column: 34, row: 4, aspect: 1.1, maxGap: 18 } as const;
/** Hosts within a zone: rather below than beside each other, so that edges run from left to right. */
const frames = { column: 56, row: 18, aspect: 0.34, maxGap: 60 } as const;

/** What holds much is as wide as the window; what holds little is read downwards. */
const spacingOf = (parent: MapNode | undefined, holdsFrames: boolean, count: number): Spacing => {
  if (parent === undefined) return outer;
  const spacing = holdsFrames ? frames : inner;
  return count > 16 ? { ...spacing, aspect: 1.6 } : spacing;
};

const measure = (
  parent: MapNode | undefined,
  tree: Tree,
  layers: ReadonlyMap<string, number>,
  edges: readonly MapEdge[],
): Measured => {
  const children = parent === undefined ? tree.roots : (tree.childrenOf.get(parent.id) ?? []);
  const measured = children.map((child) =>
    tree.childrenOf.has(child.id) ? measure(child, tree, layers, edges) : leaf(child, layers),
  );
  const links = linksBetween(children, tree, edges);
  const holdsFrames = children.some((child) => tree.childrenOf.has(child.id));
  const arrangement = arrange(measured, links, spacingOf(parent, holdsFrames, children.length));
  return group(parent, measured, arrangement);
};

const leaf = (node: MapNode, layers: ReadonlyMap<string, number>): Measured => ({
  id: node.id,
  width: cell.width,
  height: cell.height,
  layer: layers.get(node.id),
  place: (corner, into) =>
    into.set(node.id, { x: corner.x + cell.width / 2, y: corner.y + cell.height / 2 + centreOffset }),
});

const group = (parent: MapNode | undefined, measured: readonly Measured[], arrangement: Arrangement): Measured => {
  const frame = parent === undefined ? { side: 0, top: 0, bottom: 0 } : padding;
  const layers = measured.flatMap((box) => (box.layer === undefined ? [] : [box.layer]));
  return {
    id: parent?.id ?? '',
    width: arrangement.width + 2 * frame.side,
    height: arrangement.height + frame.top + frame.bottom,
    layer: layers.length === 0 ? undefined : Math.min(...layers),
    place: (corner, into) => {
      for (const box of measured) {
        const at = arrangement.at.get(box.id) ?? { x: 0, y: 0 };
        box.place({ x: corner.x + frame.side + at.x, y: corner.y + frame.top + at.y }, into);
      }
    },
  };
};

/** Edges between what lies side by side, whatever the depth of their ends. */
const linksBetween = (children: readonly MapNode[], tree: Tree, edges: readonly MapEdge[]): readonly Link[] => {
  const own = new Set(children.map((child) => child.id));
  const homes = new Map<string, string | undefined>();
  const homeOf = (id: string): string | undefined => {
    if (homes.has(id)) return homes.get(id);
    const node = tree.nodes.get(id);
    const home = own.has(id) ? id : node?.parent === undefined ? undefined : homeOf(node.parent);
    homes.set(id, home);
    return home;
  };
  const links = new Map<string, { a: string; b: string; weight: number }>();
  for (const edge of edges) {
    const a = homeOf(edge.source);
    const b = homeOf(edge.target);
    if (a === undefined || b === undefined || a === b) continue;
    const key = `${a}\n${b}`;
    const link = links.get(key);
    if (link === undefined) links.set(key, { a, b, weight: 1 });
    else link.weight = Math.min(4, link.weight + 0.25);
  }
  return [...links.values()];
};

import type { MapEdge, MapNode } from '@parapet/contract/api';

export type Tree = {
  readonly nodes: ReadonlyMap<string, MapNode>;
  /** Nodes that nothing lies in: what is drawn as a shape. Sorted by id. */
  readonly leaves: readonly MapNode[];
  /** Nodes drawn as outlines, outer ones first. */
  readonly outlines: readonly MapNode[];
  readonly childrenOf: ReadonlyMap<string, readonly MapNode[]>;
  readonly roots: readonly MapNode[];
};

/** Who lies in whom. A parent that the view does not have counts as none. */
export const treeOf = (list: readonly MapNode[]): Tree => {
  const sorted = [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
  const nodes = new Map(sorted.map((node) => [node.id, node]));
  const childrenOf = new Map<string, MapNode[]>();
  const roots: MapNode[] = [];
  for (const node of sorted) {
    if (node.parent === undefined || !nodes.has(node.parent) || node.parent === node.id) roots.push(node);
    else childrenOf.set(node.parent, [...(childrenOf.get(node.parent) ?? []), node]);
  }
  const outlines: MapNode[] = [];
  const collect = (node: MapNode): void => {
    const children = childrenOf.get(node.id);
    if (children === undefined) return;
    outlines.push(node);
    for (const child of children) collect(child);
  };
  for (const root of roots) collect(root);
  return { nodes, leaves: sorted.filter((node) => !childrenOf.has(node.id)), outlines, childrenOf, roots };
};

/**
 * How many hops from the Internet each leaf is, which is its place from left to right. What the Internet does not reach is
 * placed by what does reach it, else by what it leads to. Leaves without edges have none.
 */
export const layersOf = (leaves: readonly MapNode[], edges: readonly MapEdge[]): ReadonlyMap<string, number> => {
  const known = new Map(leaves.map((node) => [node.id, node]));
  const forward = new Map<string, string[]>();
  const backward = new Map<string, string[]>();
  for (const edge of edges) {
    if (!known.has(edge.source) || !known.has(edge.target)) continue;
    push(forward, edge.source, edge.target);
    push(backward, edge.target, edge.source);
  }
  const layers = new Map<string, number>();
  if (known.has('internet')) spread(layers, [['internet', 0]], forward);
  const linked = leaves.filter((node) => forward.has(node.id) || backward.has(node.id));
  const starts = linked.filter((node) => !layers.has(node.id) && !backward.has(node.id));
  spread(
    layers,
    starts.map((node) => [node.id, startLayer(node, forward, layers)] as const),
    forward,
  );
  for (const node of linked) {
    // What is left runs in circles, or only leads to the Internet.
    if (!layers.has(node.id)) spread(layers, [[node.id, 1]], forward);
  }
  return layers;
};

const push = (map: Map<string, string[]>, key: string, value: string): void => {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
};

/** Breadth first from the given nodes; layers that are known stay. */
const spread = (
  layers: Map<string, number>,
  starts: readonly (readonly [string, number])[],
  forward: ReadonlyMap<string, readonly string[]>,
): void => {
  let frontier = starts.filter(([id]) => !layers.has(id));
  for (const [id, layer] of frontier) layers.set(id, layer);
  while (frontier.length > 0) {
    const next: (readonly [string, number])[] = [];
    for (const [id, layer] of frontier) {
      for (const target of forward.get(id) ?? []) {
        if (layers.has(target)) continue;
        layers.set(target, layer + 1);
        next.push([target, layer + 1]);
      }
    }
    frontier = next;
  }
};

/** A client that nothing leads to stands one step before the nearest thing it leads to; strangers at the edge. */
const startLayer = (
  node: MapNode,
  forward: ReadonlyMap<string, readonly string[]>,
  layers: ReadonlyMap<string, number>,
): number => {
  if (node.kind === 'peer' || node.kind === 'peer-group') return 0;
  const nearest = (forward.get(node.id) ?? []).flatMap((id) => (id === 'internet' ? [] : [layers.get(id) ?? 2]));
  return nearest.length === 0 ? 1 : Math.max(1, Math.min(...nearest) - 1);
};

import type { Point } from '../layout/geometry.ts';
import { distanceSquared } from './curves.ts';
import type { Scene } from './scene.ts';

export type Hit =
  | { readonly kind: 'node'; readonly id: string }
  | { readonly kind: 'frame'; readonly id: string }
  | { readonly kind: 'edge'; readonly id: string };

/** How far off a node or an edge may be pointed at, in pixels. */
const slack = { node: 5, edge: 6 } as const;
const titleHeight = 30;

/** What lies under a map point: a node, else an edge, else the head of a frame. */
export const hitTest = (scene: Scene, point: Point, zoom: number): Hit | undefined =>
  nodeAt(scene, point, zoom) ?? edgeAt(scene, point, zoom) ?? frameAt(scene, point);

const nodeAt = (scene: Scene, point: Point, zoom: number): Hit | undefined => {
  let best: { readonly id: string; readonly distance: number } | undefined;
  for (const node of scene.nodes) {
    if (node.leftAt !== undefined) continue;
    const distance = Math.hypot(node.at.x - point.x, node.at.y - point.y) - node.radius;
    if (distance <= slack.node / zoom && (best === undefined || distance < best.distance))
      best = { id: node.id, distance };
  }
  return best === undefined ? undefined : { kind: 'node', id: best.id };
};

const edgeAt = (scene: Scene, point: Point, zoom: number): Hit | undefined => {
  const reach = slack.edge / zoom;
  let best: { readonly id: string; readonly distance: number } | undefined;
  for (const edge of scene.edges) {
    if (edge.leftAt !== undefined) continue;
    const distance = distanceSquared(edge.curve, point);
    if (distance <= reach * reach && (best === undefined || distance < best.distance)) best = { id: edge.id, distance };
  }
  return best === undefined ? undefined : { kind: 'edge', id: best.id };
};

const frameAt = (scene: Scene, point: Point): Hit | undefined => {
  const inside = scene.frames.filter(({ rect }) => {
    const within = point.x >= rect.x && point.x <= rect.x + rect.width;
    return within && point.y >= rect.y && point.y <= rect.y + titleHeight;
  });
  const innermost = inside.sort((a, b) => b.depth - a.depth)[0];
  return innermost === undefined ? undefined : { kind: 'frame', id: innermost.id };
};

/** The node to go to with an arrow key: the nearest one in that direction, along rather than across. */
export const nodeTowards = (scene: Scene, from: string | undefined, dx: number, dy: number): string | undefined => {
  const start = from === undefined ? undefined : scene.node(from);
  const live = scene.nodes.filter((node) => node.leftAt === undefined);
  if (start === undefined) return [...live].sort((a, b) => a.at.x - b.at.x || a.at.y - b.at.y)[0]?.id;
  let best: { readonly id: string; readonly cost: number } | undefined;
  for (const node of live) {
    if (node.id === start.id) continue;
    const [x, y] = [node.at.x - start.at.x, node.at.y - start.at.y];
    const along = x * dx + y * dy;
    const across = Math.abs(x * dy) + Math.abs(y * dx);
    if (along <= 4 || across > along * 2.5) continue;
    const cost = along + across * 1.8;
    if (best === undefined || cost < best.cost) best = { id: node.id, cost };
  }
  return best?.id;
};

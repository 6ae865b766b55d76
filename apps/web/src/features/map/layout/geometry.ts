import type { MapNode } from '@parapet/contract/api';

export type Point = { readonly x: number; readonly y: number };
export type Rect = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** Room of a node with its two lines of text below, in map units (pixels at zoom 1). */
export const cell = { width: 138, height: 104 } as const;
/** Inside an outline: room around the nodes, and above them for its name. */
export const padding = { side: 18, top: 40, bottom: 18 } as const;

/** The radius of a node in map units; groups grow slowly with what they stand for. */
export const radiusOf = (node: Pick<MapNode, 'kind' | 'count'>): number => {
  const growth = Math.min(10, Math.log10(Math.max(1, node.count)) * 4);
  switch (node.kind) {
    case 'internet':
      return 34;
    case 'zone':
      return 26 + growth;
    case 'host-group':
      return 24 + growth;
    case 'host':
      return 25;
    case 'container-group':
      return 21 + growth;
    case 'container':
      return 22;
    case 'service':
      return 19;
    case 'peer-group':
      return 18 + growth / 2;
    case 'peer':
    case 'process':
      return 16;
  }
};

/** The node's centre within its cell: text hangs below it. */
export const centreOffset = -14;

export const unionOf = (rects: readonly Rect[]): Rect => {
  if (rects.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const left = Math.min(...rects.map((rect) => rect.x));
  const top = Math.min(...rects.map((rect) => rect.y));
  const right = Math.max(...rects.map((rect) => rect.x + rect.width));
  const bottom = Math.max(...rects.map((rect) => rect.y + rect.height));
  return { x: left, y: top, width: right - left, height: bottom - top };
};

export const cellAround = (centre: Point): Rect => ({
  x: centre.x - cell.width / 2,
  y: centre.y + centreOffset * -1 - cell.height / 2,
  width: cell.width,
  height: cell.height,
});

export const overlaps = (a: Rect, b: Rect, gap = 0): boolean =>
  a.x < b.x + b.width + gap && b.x < a.x + a.width + gap && a.y < b.y + b.height + gap && b.y < a.y + a.height + gap;

import type { Point, Rect } from '../layout/geometry.ts';

/** The map point in the middle of the view, and pixels per map unit. */
export type Camera = { readonly x: number; readonly y: number; readonly zoom: number };
export type Size = { readonly width: number; readonly height: number };
export type Insets = { readonly top: number; readonly right: number; readonly bottom: number; readonly left: number };

export const zoomLimits = { min: 0.04, max: 4 } as const;

export const toScreen = (camera: Camera, size: Size, point: Point): Point => ({
  x: (point.x - camera.x) * camera.zoom + size.width / 2,
  y: (point.y - camera.y) * camera.zoom + size.height / 2,
});

export const toMap = (camera: Camera, size: Size, point: Point): Point => ({
  x: (point.x - size.width / 2) / camera.zoom + camera.x,
  y: (point.y - size.height / 2) / camera.zoom + camera.y,
});

/** Zooms so that the map point under the pointer stays under it. */
export const zoomedAt = (camera: Camera, size: Size, pointer: Point, factor: number): Camera => {
  const zoom = clampZoom(camera.zoom * factor);
  const under = toMap(camera, size, pointer);
  return {
    x: under.x - (pointer.x - size.width / 2) / zoom,
    y: under.y - (pointer.y - size.height / 2) / zoom,
    zoom,
  };
};

export const panned = (camera: Camera, dx: number, dy: number): Camera => ({
  ...camera,
  x: camera.x - dx / camera.zoom,
  y: camera.y - dy / camera.zoom,
});

export type FitLimits = { readonly maxZoom?: number | undefined; readonly minZoom?: number | undefined };

/**
 * Shows all of a rectangle within the insets, between two zooms. What does not fit at the smaller one is shown from its left,
 * where reading begins.
 */
export const fitted = (rect: Rect, size: Size, insets: Insets, limits: FitLimits = {}): Camera => {
  const width = Math.max(40, size.width - insets.left - insets.right);
  const height = Math.max(40, size.height - insets.top - insets.bottom);
  const whole = Math.min(limits.maxZoom ?? 1.25, width / Math.max(1, rect.width), height / Math.max(1, rect.height));
  const zoom = clampZoom(Math.max(limits.minZoom ?? 0, whole));
  const shownWidth = Math.min(rect.width, width / zoom);
  return {
    x: rect.x + shownWidth / 2 - (insets.left - insets.right) / 2 / zoom,
    y: rect.y + rect.height / 2 - (insets.top - insets.bottom) / 2 / zoom,
    zoom,
  };
};

/** Between two views: the zoom in even steps of scale, the middle along with it. */
export const between = (from: Camera, to: Camera, share: number): Camera => ({
  x: from.x + (to.x - from.x) * share,
  y: from.y + (to.y - from.y) * share,
  zoom: from.zoom * (to.zoom / from.zoom) ** share,
});

/** `x,y,zoom` for the URL. */
export const formatCamera = (camera: Camera): string =>
  `${Math.round(camera.x)},${Math.round(camera.y)},${camera.zoom.toFixed(3)}`;

export const parseCamera = (text: string | undefined): Camera | undefined => {
  const parts = (text ?? '').split(',').map(Number);
  const [x, y, zoom] = parts;
  if (parts.length !== 3 || x === undefined || y === undefined || zoom === undefined) return undefined;
  if (![x, y, zoom].every(Number.isFinite) || Math.abs(x) > 1e6 || Math.abs(y) > 1e6) return undefined;
  return { x, y, zoom: clampZoom(zoom) };
};

const clampZoom = (zoom: number): number => Math.min(zoomLimits.max, Math.max(zoomLimits.min, zoom));

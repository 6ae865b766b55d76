import type { Point } from '../layout/geometry.ts';

/** A cubic curve by its ends and control points. */
export type Curve = { readonly from: Point; readonly c1: Point; readonly c2: Point; readonly to: Point };

/**
 * The way of an edge: level out of its source and into its target, as one reads from left to right. Ends in one column bow to
 * the side, and two edges to and fro keep apart.
 */
export const curveBetween = (from: Point, to: Point, paired: boolean): Curve => {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const apart = paired ? (dx >= 0 ? -9 : 9) : 0;
  const a = { x: from.x, y: from.y + apart };
  const b = { x: to.x, y: to.y + apart };
  if (Math.abs(dx) < 40) {
    const bow = (paired && dy < 0 ? -1 : 1) * (46 + Math.min(90, Math.abs(dy) * 0.16));
    return { from: a, c1: { x: a.x + bow, y: a.y + dy * 0.2 }, c2: { x: b.x + bow, y: b.y - dy * 0.2 }, to: b };
  }
  const reach = Math.sign(dx) * Math.max(36, Math.abs(dx) * 0.5);
  // An edge that runs level through a row of nodes is lifted off them.
  const lift = Math.abs(dy) < 6 && Math.abs(dx) > 220 ? -Math.min(70, Math.abs(dx) * 0.12) : 0;
  return { from: a, c1: { x: a.x + reach, y: a.y + lift }, c2: { x: b.x - reach, y: b.y + lift }, to: b };
};

export const pointOn = (curve: Curve, t: number): Point => {
  const u = 1 - t;
  const [w0, w1, w2, w3] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
  return {
    x: w0 * curve.from.x + w1 * curve.c1.x + w2 * curve.c2.x + w3 * curve.to.x,
    y: w0 * curve.from.y + w1 * curve.c1.y + w2 * curve.c2.y + w3 * curve.to.y,
  };
};

/** The squared distance of a point from the curve, by sampling; enough to point at an edge. */
export const distanceSquared = (curve: Curve, point: Point, samples = 20): number => {
  const left = Math.min(curve.from.x, curve.c1.x, curve.c2.x, curve.to.x);
  const right = Math.max(curve.from.x, curve.c1.x, curve.c2.x, curve.to.x);
  const top = Math.min(curve.from.y, curve.c1.y, curve.c2.y, curve.to.y);
  const bottom = Math.max(curve.from.y, curve.c1.y, curve.c2.y, curve.to.y);
  const away = Math.max(left - point.x, point.x - right, top - point.y, point.y - bottom, 0);
  if (away > 40) return away * away;
  let best = Number.POSITIVE_INFINITY;
  let before = curve.from;
  for (let index = 1; index <= samples; index += 1) {
    const next = pointOn(curve, index / samples);
    best = Math.min(best, toSegment(point, before, next));
    before = next;
  }
  return best;
};

const toSegment = (point: Point, a: Point, b: Point): number => {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((point.x - a.x) * dx + (point.y - a.y) * dy) / length));
  const [x, y] = [a.x + t * dx - point.x, a.y + t * dy - point.y];
  return x * x + y * y;
};

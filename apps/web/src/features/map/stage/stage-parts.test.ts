import type { MapEdge, MapNode, MapView } from '@parapet/contract/api';
import { describe, expect, it } from 'vitest';
import { layOut } from '../layout/layout.ts';
import { mix, type Palette, parseColour } from '../render/colours.ts';
import { floatsOf } from '../render/renderer.ts';
import { fitted, formatCamera, parseCamera, toMap, toScreen, zoomedAt } from './camera.ts';
import { curveBetween, distanceSquared, pointOn } from './curves.ts';
import { hitTest, nodeTowards } from './hit-test.ts';
import { fadeMs, freshness, isFading, type Look, paint } from './paint.ts';
import { buildScene, ghostMs, type Scene } from './scene.ts';

const node = (id: string, more: Partial<MapNode> = {}): MapNode => ({
  id,
  kind: 'container',
  label: id,
  count: 1,
  status: 'running',
  exposed: false,
  ports: [],
  opens: false,
  ...more,
});
const edge = (source: string, target: string, more: Partial<MapEdge> = {}): MapEdge => ({
  id: `${source}>${target}`,
  source,
  target,
  ports: [],
  count: 1,
  connections: 1,
  active: true,
  ...more,
});
const view = (nodes: readonly MapNode[], edges: readonly MapEdge[], at = '2026-01-10T10:00:00.000Z'): MapView => ({
  at,
  live: true,
  version: '1',
  trail: [],
  nodes: [...nodes],
  edges: [...edges],
  behind: { nodes: 0, edges: 0 },
  silentHosts: 0,
});
const sceneOf = (shown: MapView, before?: Scene, nowMs = 0): Scene =>
  buildScene('fleet', shown, layOut(shown.nodes, shown.edges), before, nowMs);

const grey = [0.5, 0.5, 0.5, 1] as const;
const palette: Palette = {
  bg: grey,
  panel: grey,
  raise: grey,
  line: grey,
  lineStrong: grey,
  text: grey,
  muted: grey,
  faint: grey,
  accent: grey,
  critical: [1, 0, 0, 1],
  high: grey,
  medium: grey,
  low: grey,
  font: 'sans-serif',
  dark: true,
};
const look = (more: Partial<Look> = {}): Look => ({
  palette,
  mode: 'risk',
  emphasis: { selected: undefined, hovered: undefined, focused: undefined, route: new Set() },
  nowMs: 0,
  momentMs: 0,
  stillMotion: false,
  ...more,
});

describe('the camera', () => {
  const size = { width: 800, height: 600 };
  const none = { top: 0, right: 0, bottom: 0, left: 0 };

  it('goes from map to screen and back', () => {
    const camera = { x: 10, y: -4, zoom: 1.5 };
    const there = toScreen(camera, size, { x: 33, y: 7 });
    expect(toMap(camera, size, there).x).toBeCloseTo(33);
  });

  it('keeps what is under the pointer when zooming', () => {
    const camera = { x: 0, y: 0, zoom: 1 };
    const pointer = { x: 100, y: 50 };
    const before = toMap(camera, size, pointer);
    const after = toMap(zoomedAt(camera, size, pointer, 1.7), size, pointer);
    expect(after.x).toBeCloseTo(before.x);
    expect(after.y).toBeCloseTo(before.y);
  });

  it('fits a rectangle, and shows the left of what does not fit', () => {
    const rect = { x: 0, y: 0, width: 8_000, height: 600 };
    expect(fitted(rect, size, none).zoom).toBeCloseTo(0.1);
    const limited = fitted(rect, size, none, { minZoom: 0.5 });
    expect(toScreen(limited, size, { x: 0, y: 300 }).x).toBeCloseTo(0);
  });

  it('is written to the URL and read from it with care', () => {
    expect(parseCamera(formatCamera({ x: 12.4, y: -3, zoom: 0.5 }))).toEqual({ x: 12, y: -3, zoom: 0.5 });
    for (const text of [undefined, '', '1,2', '1,2,x', '1e9,0,1', '1,2,3,4']) expect(parseCamera(text)).toBeUndefined();
    expect(parseCamera('0,0,99')?.zoom).toBe(4);
  });
});

describe('curves', () => {
  it('begin and end where they should and are near themselves', () => {
    for (const to of [
      { x: 300, y: 80 },
      { x: -200, y: 10 },
      { x: 5, y: 400 },
      { x: 400, y: 0 },
    ]) {
      const curve = curveBetween({ x: 0, y: 0 }, to, false);
      expect(pointOn(curve, 0)).toEqual({ x: 0, y: 0 });
      expect(pointOn(curve, 1).x).toBeCloseTo(to.x);
      expect(distanceSquared(curve, pointOn(curve, 0.37))).toBeLessThan(4);
      expect(distanceSquared(curve, { x: 2_000, y: 2_000 })).toBeGreaterThan(1e6);
    }
  });

  it('keep apart to and fro', () => {
    const there = pointOn(curveBetween({ x: 0, y: 0 }, { x: 300, y: 0 }, true), 0.5);
    const back = pointOn(curveBetween({ x: 300, y: 0 }, { x: 0, y: 0 }, true), 0.5);
    expect(Math.abs(there.y - back.y)).toBeGreaterThan(10);
  });
});

describe('a scene', () => {
  const first = view(
    [node('internet', { kind: 'internet' }), node('a'), node('b')],
    [edge('internet', 'a'), edge('a', 'b')],
  );

  it('keeps what went as a ghost, for a while, and shows what came as new', () => {
    const before = sceneOf(first);
    const next = view([node('internet', { kind: 'internet' }), node('a'), node('c')], [edge('internet', 'a')]);
    const after = sceneOf(next, before, 1_000);
    expect(after.node('b')?.leftAt).toBe(1_000);
    expect(after.node('c')?.cameAt).toBe(1_000);
    expect(after.node('a')?.cameAt).toBeUndefined();
    expect(after.edges.find((item) => item.id === 'a>b')?.leftAt).toBe(1_000);
    expect(isFading(after, 1_000 + fadeMs / 2)).toBe(true);
    expect(isFading(after, 1_000 + fadeMs * 2)).toBe(false);
    expect(sceneOf(next, after, 1_000 + ghostMs + 1).node('b')).toBeUndefined();
    const back = sceneOf(first, after, 2_000);
    expect(back.node('b')).toMatchObject({ cameAt: 2_000 });
    expect(back.node('b')?.leftAt).toBeUndefined();
  });

  it('has no ghosts after a leap in time', () => {
    const later = sceneOf(view([node('z')], [], '2026-01-10T18:00:00.000Z'), sceneOf(first), 1_000);
    expect(later.nodes.map((item) => [item.id, item.cameAt])).toEqual([['z', undefined]]);
  });

  it('leaves out edges without both ends', () => {
    expect(sceneOf(view([node('a')], [edge('a', 'nowhere')])).edges).toEqual([]);
  });
});

describe('pointing', () => {
  const scene = sceneOf(
    view(
      [node('internet', { kind: 'internet' }), node('h', { kind: 'host' }), node('a', { parent: 'h' }), node('b')],
      [edge('internet', 'a'), edge('a', 'b')],
    ),
  );
  const at = (id: string) => scene.node(id)?.at ?? { x: 0, y: 0 };

  it('finds nodes, edges and the heads of frames', () => {
    expect(hitTest(scene, at('a'), 1)).toEqual({ kind: 'node', id: 'a' });
    const [way] = scene.edges;
    expect(way && hitTest(scene, pointOn(way.curve, 0.5), 1)).toEqual({ kind: 'edge', id: 'internet>a' });
    const frame = scene.frame('h')?.rect ?? { x: 0, y: 0, width: 0, height: 0 };
    expect(hitTest(scene, { x: frame.x + 4, y: frame.y + 4 }, 1)).toEqual({ kind: 'frame', id: 'h' });
    expect(hitTest(scene, { x: -5_000, y: 0 }, 1)).toBeUndefined();
  });

  it('goes from node to node by arrow keys', () => {
    expect(nodeTowards(scene, undefined, 1, 0)).toBe('internet');
    expect(nodeTowards(scene, 'internet', 1, 0)).toBe('a');
    expect(nodeTowards(scene, 'a', 1, 0)).toBe('b');
    expect(nodeTowards(scene, 'b', 1, 0)).toBeUndefined();
  });
});

describe('painting', () => {
  it('writes whole things, without gaps', () => {
    const scene = sceneOf(
      view(
        [
          node('h', { kind: 'host' }),
          node('a', { parent: 'h', risk: 91, ports: [{ protocol: 'tcp', port: 80 }] }),
          node('b', { risk: 0 }),
          node('c'),
        ],
        [edge('a', 'b'), edge('a', 'c')],
      ),
    );
    const drawing = paint(scene, look());
    expect(drawing.frames.data.length).toBe(drawing.frames.count * floatsOf.frame);
    expect(drawing.edges.data.length).toBe(2 * floatsOf.edge);
    // One port, one sign of severity, and one of a risk that is not known.
    expect([drawing.nodes.count, drawing.signs.count]).toEqual([3, 3]);
    expect([...drawing.nodes.data, ...drawing.edges.data, ...drawing.frames.data].every(Number.isFinite)).toBe(true);
  });

  it('lights up what a chosen node talks to', () => {
    const scene = sceneOf(view([node('a'), node('b'), node('c')], [edge('a', 'b'), edge('b', 'c')]));
    const emphasis = { selected: 'a', hovered: undefined, focused: undefined, route: new Set<string>() };
    const drawing = paint(scene, look({ emphasis }));
    expect([drawing.lit.count, drawing.edges.count]).toEqual([1, 1]);
  });

  it('tells the new by its age', () => {
    const now = Date.parse('2026-01-10T10:00:00Z');
    expect(freshness('2026-01-10T10:00:00Z', now)).toBe(1);
    expect(freshness('2026-01-08T10:00:00Z', now)).toBe(0);
    expect(freshness(undefined, now)).toBe(0);
    expect(freshness('2026-01-10T09:50:00Z', now)).toBeGreaterThan(freshness('2026-01-10T04:00:00Z', now));
  });

  it('reads colours as the page writes them', () => {
    expect(parseColour(' #ff6473 ')).toEqual([1, 100 / 255, 115 / 255, 1]);
    expect(parseColour('#0f08')[3]).toBeCloseTo(0x88 / 255);
    expect(parseColour('oklab(1 2 3)')).toEqual([0.5, 0.5, 0.5, 1]);
    expect(mix([0, 0, 0, 1], [1, 1, 1, 1], 0.25)[0]).toBe(0.25);
  });
});

/** The page of bench/map-frames.ts: the real stage with an invented view of 2,000 marks. Never part of the product. */
import './page.css';
import type { MapEdge, MapNode, MapView } from '@parapet/contract/api';
import { layOutKeeping } from '../../src/features/map/layout/keep-positions.ts';
import { layOut } from '../../src/features/map/layout/layout.ts';
import { buildScene } from '../../src/features/map/stage/scene.ts';
import { createStage } from '../../src/features/map/stage/stage.ts';

const hosts = 20;
const containersPerHost = 25;
const edgeCount = 2_000 - hosts - hosts * containersPerHost - 1;

const kinds = ['container', 'container-group', 'service'] as const;
const node = (id: string, kind: MapNode['kind'], more: Partial<MapNode>): MapNode => ({
  id,
  kind,
  label: id,
  count: 1,
  status: 'running',
  exposed: false,
  ports: [{ protocol: 'tcp', port: 80 }],
  opens: true,
  ...more,
});

/** Always the same numbers, so that runs compare. */
let seed = 7;
const random = (below: number): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed % below;
};

const makeView = (): MapView => {
  const nodes: MapNode[] = [node('internet', 'internet', { ports: [] })];
  const leaves: string[] = ['internet'];
  for (let host = 0; host < hosts; host += 1) {
    nodes.push(node(`host-${host}`, 'host', { risk: random(100) }));
    for (let n = 0; n < containersPerHost; n += 1) {
      const id = `app-${host}-${n}`;
      leaves.push(id);
      nodes.push(
        node(id, kinds[n % 3] ?? 'container', { parent: `host-${host}`, risk: random(100), count: 1 + random(50) }),
      );
    }
  }
  const edges = new Map<string, MapEdge>();
  while (edges.size < edgeCount) {
    const source = leaves[random(20) === 0 ? 0 : random(leaves.length)] ?? '';
    const target = leaves[1 + random(leaves.length - 1)] ?? '';
    if (source === target) continue;
    const id = `${source}>${target}`;
    edges.set(id, {
      id,
      source,
      target,
      ports: [],
      count: 1,
      connections: random(100_000),
      active: true,
      risk: random(100),
    });
  }
  const behind = { nodes: nodes.length, edges: edges.size };
  return {
    at: new Date().toISOString(),
    live: true,
    version: '1',
    trail: [],
    nodes,
    edges: [...edges.values()],
    behind,
    silentHosts: 0,
  };
};

const nextFrame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));

const open = async () => {
  document.documentElement.dataset['theme'] = 'dark';
  const host = document.querySelector<HTMLElement>('#stage');
  if (host === null) throw new Error('The page has no stage.');
  const nothing = (): undefined => undefined;
  const insets = { top: 20, right: 20, bottom: 20, left: 20 };
  const view = makeView();
  const begin = performance.now();
  const layout = layOut(view.nodes, view.edges);
  const laidOut = performance.now();
  layOutKeeping([...view.nodes, node('fresh', 'container', { parent: 'host-3' })], view.edges, layout.positions);
  const kept = performance.now();
  const scene = buildScene('bench', view, layout, undefined, 0);
  const stage = createStage(host, () => insets, {
    onHover: nothing,
    onChoose: nothing,
    onOpen: nothing,
    onCamera: nothing,
    onStale: nothing,
  });
  const emphasis = { selected: undefined, hovered: undefined, focused: undefined, route: new Set<string>() };
  await nextFrame();
  const drawn = performance.now();
  stage.set({ scene, mode: 'risk', momentMs: Date.now(), emphasis });
  stage.fit(scene.bounds, { still: true });
  await nextFrame();
  await nextFrame();
  const firstFrame = performance.now();
  const canvas = host.querySelectorAll('canvas')[1];
  if (canvas === undefined) throw new Error('The stage has no canvas.');
  canvas.setPointerCapture = nothing;
  const point = (type: string, frame: number): void => {
    const clientX = 700 + Math.sin(frame / 12) * 240;
    const clientY = 450 + Math.cos(frame / 9) * 120;
    canvas.dispatchEvent(
      new PointerEvent(type, { pointerId: 1, clientX, clientY, button: 0, bubbles: true, pointerType: 'mouse' }),
    );
  };
  const pan = async (zoom: number, frames: number): Promise<readonly number[]> => {
    stage.zoomBy(zoom);
    for (let frame = 0; frame < 40; frame += 1) await nextFrame();
    point('pointerdown', 0);
    const times: number[] = [];
    let last = await nextFrame();
    for (let frame = 0; frame < frames; frame += 1) {
      point('pointermove', frame);
      const now = await nextFrame();
      times.push(now - last);
      last = now;
    }
    point('pointerup', frames);
    return times;
  };
  Object.assign(window, { panMap: pan });
  return {
    works: stage.works,
    marks: view.nodes.length + view.edges.length,
    layoutMs: laidOut - begin,
    layoutKeepingMs: kept - laidOut,
    firstFrameMs: firstFrame - drawn,
  };
};

Object.assign(window, { openMap: open });

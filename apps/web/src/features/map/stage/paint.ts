import { type MapNode, severities, severityOfRisk } from '@parapet/contract/api';
import { type Colour, mix, type Palette, withAlpha } from '../render/colours.ts';
import { firstMark, iconIndex, unknownMark } from '../render/icons.ts';
import { type Drawing, floatsOf, type Things } from '../render/renderer.ts';
import { isRiskUnknown } from '../standing.ts';
import type { Scene, SceneEdge, SceneFrame, SceneNode } from './scene.ts';

/** What the colours say. */
export type ColourMode = 'risk' | 'new';

/** What is pointed at, chosen and drawn out. */
export type Emphasis = {
  readonly selected: string | undefined;
  readonly hovered: string | undefined;
  readonly focused: string | undefined;
  /** Ids of nodes and edges of a way that is drawn out; empty for none. */
  readonly route: ReadonlySet<string>;
};
export type Look = {
  readonly palette: Palette;
  readonly mode: ColourMode;
  readonly emphasis: Emphasis;
  /** `performance.now()`, for what fades. */
  readonly nowMs: number;
  /** The shown moment, for what is new. */
  readonly momentMs: number;
  readonly stillMotion: boolean;
};

export const fadeMs = 900;
const dimmed = 0.16;

/** Turns a scene into instances, by colour mode and emphasis. */
export const paint = (scene: Scene, look: Look): Drawing => {
  const stress = stressOf(scene, look.emphasis);
  const lit = scene.edges.filter((edge) => stress.litEdges.has(edge.id));
  const crowd = crowdOf(scene);
  const plain = inDrawingOrder(
    scene.edges.filter((edge) => !stress.litEdges.has(edge.id)),
    crowd,
  );
  return {
    frames: fill(scene.frames, floatsOf.frame, (frame, put) => paintFrame(frame, look, put)),
    edges: fill(plain, floatsOf.edge, (edge, put) => paintEdge(edge, look, stress, crowd, put)),
    lit: fill(lit, floatsOf.edge, (edge, put) => paintEdge(edge, look, stress, { ...crowd, alpha: 1 }, put)),
    nodes: fill(scene.nodes, floatsOf.node, (node, put) => paintNode(node, look, stress, put)),
    signs: paintSigns(scene, look, stress),
  };
};

/** Whether something still fades, so that the next frame differs. */
export const isFading = (scene: Scene, nowMs: number): boolean => {
  const fading = (thing: { readonly cameAt?: number; readonly leftAt?: number }): boolean =>
    nowMs - (thing.cameAt ?? Number.NEGATIVE_INFINITY) < fadeMs ||
    nowMs - (thing.leftAt ?? Number.NEGATIVE_INFINITY) < fadeMs;
  return scene.nodes.some(fading) || scene.edges.some(fading);
};

type Put = (...numbers: number[]) => void;
type Stress = { readonly active: boolean; readonly nodes: ReadonlySet<string>; readonly litEdges: ReadonlySet<string> };

/** A chosen or pointed-at node lights up what it talks to, a route what lies on it; the rest steps back. */
const stressOf = (scene: Scene, emphasis: Emphasis): Stress => {
  if (emphasis.route.size > 0) return { active: true, nodes: emphasis.route, litEdges: emphasis.route };
  const centre = emphasis.hovered ?? emphasis.selected;
  if (centre === undefined) return { active: false, nodes: none, litEdges: none };
  const edge = scene.edges.find((candidate) => candidate.id === centre);
  if (edge !== undefined) {
    return { active: true, nodes: new Set([edge.source.id, edge.target.id]), litEdges: new Set([centre]) };
  }
  if (scene.node(centre) === undefined) return { active: false, nodes: none, litEdges: none };
  const litEdges = scene.edges.filter((candidate) => candidate.source.id === centre || candidate.target.id === centre);
  return {
    active: true,
    nodes: new Set([centre, ...scene.near(centre)]),
    litEdges: new Set(litEdges.map((lit) => lit.id)),
  };
};

const none: ReadonlySet<string> = new Set();

const fill = <T>(things: readonly T[], floats: number, write: (thing: T, put: Put) => void): Things => {
  const data = new Float32Array(things.length * floats);
  let at = 0;
  const put: Put = (...numbers) => {
    for (const number of numbers) data[at++] = number;
  };
  for (const thing of things) write(thing, put);
  return { data, count: things.length };
};

const presence = (thing: { readonly cameAt?: number; readonly leftAt?: number }, look: Look): number => {
  if (thing.leftAt !== undefined) {
    const gone = look.stillMotion ? 1 : Math.min(1, (look.nowMs - thing.leftAt) / fadeMs);
    return 1 - gone * 0.72;
  }
  if (thing.cameAt === undefined || look.stillMotion) return 1;
  return Math.min(1, (look.nowMs - thing.cameAt) / fadeMs);
};

const paintFrame = (frame: SceneFrame, look: Look, put: Put): void => {
  const { palette, emphasis } = look;
  const chosen = emphasis.selected === frame.id || emphasis.focused === frame.id;
  const isPlace = frame.node.kind === 'zone' || frame.node.kind === 'host-group';
  const risk = look.mode === 'risk' && !isPlace ? (frame.node.risk ?? 0) : 0;
  const calm = withAlpha(palette.lineStrong, isPlace ? 0.8 : 0.9);
  const border = chosen ? palette.accent : risk >= 50 ? withAlpha(palette[severityOfRisk(risk)], 0.75) : calm;
  const shade = withAlpha(mix(palette.bg, palette.panel, 0.9), isPlace ? 0.35 : 0.75);
  put(frame.rect.x, frame.rect.y, frame.rect.width, frame.rect.height, ...shade, ...border);
  put(chosen || risk >= 50 ? 1.6 : 1, isPlace || frame.node.status === 'unknown' ? 1 : 0, 0, 0);
};

/** How much is drawn at once: the more edges, the thinner and fainter each, so that a picture stays readable. */
type Crowd = { readonly alpha: number; readonly scale: number; readonly busiest: number; readonly coloursAll: boolean };

const crowdOf = (scene: Scene): Crowd => {
  const count = scene.edges.length;
  return {
    alpha: Math.min(1, 9 / Math.sqrt(count + 20)),
    scale: Math.max(0.32, Math.min(1, 11 / Math.sqrt(count + 40))),
    busiest: scene.edges.reduce((most, { edge }) => Math.max(most, edge.connections), 10),
    coloursAll: count <= 150,
  };
};

/**
 * What matters most lies on top. In a crowd it comes first instead, because a slow machine draws only the first part while the
 * picture moves.
 */
const inDrawingOrder = (edges: readonly SceneEdge[], crowd: Crowd): readonly SceneEdge[] => {
  const weight = ({ edge }: SceneEdge): number =>
    (edge.source === 'internet' ? 1e12 : 0) + (edge.risk ?? 0) * 1e9 + edge.connections;
  const sorted = [...edges].sort((a, b) => weight(a) - weight(b));
  return crowd.coloursAll ? sorted : sorted.reverse();
};

const paintEdge = (item: SceneEdge, look: Look, stress: Stress, crowd: Crowd, put: Put): void => {
  const { curve, edge } = item;
  const lit = stress.litEdges.has(item.id);
  const width = edgeWidth(edge.connections, crowd.busiest) * (lit ? Math.max(0.6, crowd.scale) : crowd.scale);
  const back = stress.active && !lit ? dimmed : 1;
  const colour = edgeColour(item, look, lit, crowd);
  const fromInternet = edge.source === 'internet' ? 1.6 : 1;
  const alpha = presence(item, look) * back * (lit ? 1 : Math.min(1, crowd.alpha * fromInternet));
  put(curve.from.x, curve.from.y, curve.to.x, curve.to.y, curve.c1.x, curve.c1.y, curve.c2.x, curve.c2.y);
  put(...withAlpha(colour, alpha));
  put(width, beginOf(item), endOf(item, width), item.leftAt !== undefined || !edge.active ? -1 : lit ? 1 : 0);
};

/** Pixels at zoom 1, by the order of magnitude of the traffic beside the busiest edge of the picture. */
export const edgeWidth = (connections: number, busiest: number): number =>
  1.2 + 5.8 * (Math.log1p(connections) / Math.log1p(busiest)) ** 2;

const edgeColour = (item: SceneEdge, { palette, mode, momentMs }: Look, lit: boolean, crowd: Crowd): Colour => {
  const { edge } = item;
  if (mode === 'new') {
    const fresh = freshness(edge.startedAt, momentMs);
    return mix(withAlpha(palette.faint, lit ? 0.9 : 0.4), palette.accent, fresh);
  }
  // In a crowd everything leads to something risky: there only what comes from the Internet keeps its colour.
  const telling = lit || crowd.coloursAll || edge.source === 'internet';
  if (telling && edge.risk !== undefined && edge.risk >= 50)
    return withAlpha(palette[severityOfRisk(edge.risk)], lit ? 1 : 0.82);
  // What goes out to the Internet leads back across the picture: it stays in the background.
  const quiet = edge.target === 'internet' ? 0.5 : 1;
  return lit ? mix(palette.faint, palette.text, 0.35) : withAlpha(palette.faint, (palette.dark ? 0.46 : 0.5) * quiet);
};

/** Where on the curve it leaves its source's rim, and where the arrow stands before its target's. */
const beginOf = ({ curve, source }: SceneEdge): number =>
  Math.min(0.4, source.radius / speed(curve.from.x - curve.c1.x, curve.from.y - curve.c1.y));
const endOf = ({ curve, target }: SceneEdge, width: number): number =>
  1 - Math.min(0.4, (target.radius + 6 + width * 0.9) / speed(curve.to.x - curve.c2.x, curve.to.y - curve.c2.y));
const speed = (x: number, y: number): number => Math.max(1, 3 * Math.hypot(x, y));

const paintSigns = (scene: Scene, look: Look, stress: Stress): Things => {
  const rows: number[] = [];
  const put: Put = (...numbers) => rows.push(...numbers);
  for (const node of scene.nodes) {
    const alpha = standing(node, look, stress);
    paintPorts(node, look, alpha, put);
    paintMark(node, look, alpha, put);
  }
  return { data: new Float32Array(rows), count: rows.length / floatsOf.node };
};

/** How far a node is there, and steps back. */
const standing = (item: SceneNode, look: Look, stress: Stress): number =>
  presence(item, look) * (stress.active && !stress.nodes.has(item.id) ? dimmed + 0.14 : 1);

const shapes: Readonly<Record<MapNode['kind'], number>> = {
  internet: 0,
  peer: 0,
  'peer-group': 0,
  zone: 1,
  'host-group': 1,
  host: 1,
  container: 0,
  'container-group': 0,
  service: 2,
  process: 0,
};
const stands = new Set<MapNode['kind']>(['zone', 'host-group', 'container-group', 'peer-group']);

const paintNode = (item: SceneNode, look: Look, stress: Stress, put: Put): void => {
  const { palette, emphasis } = look;
  const { node, at, radius } = item;
  const alpha = standing(item, look, stress);
  const ring = ringOf(item, look);
  const chosen = emphasis.selected === item.id;
  const pointed = emphasis.hovered === item.id || emphasis.focused === item.id;
  const strange = node.kind === 'peer' || node.kind === 'peer-group' || node.kind === 'internet';
  const body = strange ? palette.bg : mix(palette.raise, palette.panel, palette.dark ? 0 : 0.6);
  const fill = pointed || chosen ? mix(body, palette.accent, 0.12) : body;
  const uncertain = item.leftAt !== undefined || node.status === 'unknown' || node.status === 'gone';
  const halo = chosen
    ? withAlpha(palette.accent, 0.5)
    : emphasis.focused === item.id
      ? withAlpha(palette.accent, 0.34)
      : haloOf(item, look);
  put(
    at.x,
    at.y,
    radius,
    shapes[node.kind],
    ...withAlpha(fill, solid(alpha)),
    ...withAlpha(chosen ? palette.accent : ring.colour, alpha),
    ...withAlpha(halo, alpha),
  );
  put(
    ring.width,
    iconIndex[node.kind],
    (uncertain ? 1 : 0) + (stands.has(node.kind) ? 2 : 0),
    alpha * (uncertain ? 0.5 : 0.85),
  );
};

/** Bodies hide the edges behind them even when they step back. */
const solid = (alpha: number): number => 0.6 + 0.4 * alpha;

const ringOf = (
  item: SceneNode,
  { palette, mode, momentMs }: Look,
): { readonly colour: Colour; readonly width: number } => {
  const { node } = item;
  if (mode === 'new') {
    const fresh = freshness(node.startedAt, momentMs);
    return { colour: mix(palette.lineStrong, palette.accent, fresh), width: 1.5 + fresh * 1.5 };
  }
  if (node.risk === undefined || node.risk < 20) return { colour: palette.lineStrong, width: 1.5 };
  return { colour: palette[severityOfRisk(node.risk)], width: node.risk >= 50 ? 2.6 : 2 };
};

const haloOf = (item: SceneNode, look: Look): Colour => {
  const { palette, nowMs } = look;
  if (item.cameAt !== undefined && item.leftAt === undefined) {
    const share = 1 - Math.min(1, (nowMs - item.cameAt) / (fadeMs * 4));
    if (share > 0) return withAlpha(palette.accent, share * 0.6);
  }
  if (look.mode === 'risk' && item.node.exposed && (item.node.risk ?? 0) >= 80) return withAlpha(palette.critical, 0.3);
  return withAlpha(palette.bg, 0);
};

/** 1 for what began just before the moment, 0 from a day on. */
export const freshness = (startedAt: string | undefined, momentMs: number): number => {
  if (startedAt === undefined) return 0;
  const ageMs = Math.max(0, momentMs - Date.parse(startedAt));
  if (ageMs >= 86_400_000) return 0;
  return 1 - Math.log1p(ageMs / 60_000) / Math.log1p(1440);
};

/** Listening ports as marks on the rim, where edges come in; those that the Internet reaches are full. */
const paintPorts = ({ node, at, radius }: SceneNode, { palette }: Look, alpha: number, put: Put): void => {
  const shown = node.ports.slice(0, 6);
  shown.forEach((_, index) => {
    const angle = Math.PI + (index - (shown.length - 1) / 2) * 0.36;
    const x = at.x + Math.cos(angle) * radius;
    const y = at.y + Math.sin(angle) * radius;
    const fill = node.exposed ? palette.text : palette.panel;
    put(x, y, 3.6, 0, ...withAlpha(fill, alpha), ...withAlpha(palette.muted, alpha), 0, 0, 0, 0, 1.2, -1, 0, 0);
  });
};

/** The sign of its severity, in a shape of its own, or that it is not known. */
const paintMark = ({ node, at, radius }: SceneNode, { palette, mode }: Look, alpha: number, put: Put): void => {
  const risk = node.risk ?? 0;
  const isUnknown = isRiskUnknown(node);
  if (mode !== 'risk' || (risk < 20 && !isUnknown)) return;
  const severity = severityOfRisk(risk);
  const mark = isUnknown ? unknownMark : firstMark + severities.indexOf(severity);
  const offset = radius * 0.74;
  put(
    at.x + offset,
    at.y - offset,
    7.6,
    9,
    ...withAlpha(palette.bg, alpha),
    ...withAlpha(isUnknown ? palette.muted : palette[severity], alpha),
    0,
    0,
    0,
    0,
    0,
    mark,
    0,
    alpha,
  );
};

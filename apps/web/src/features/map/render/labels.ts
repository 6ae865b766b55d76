import { type MapNode, severityOfRisk } from '@parapet/contract/api';
import { type Camera, type Size, toScreen } from '../stage/camera.ts';
import { pointOn } from '../stage/curves.ts';
import type { Look } from '../stage/paint.ts';
import type { Scene, SceneFrame, SceneNode } from '../stage/scene.ts';
import { standingOf } from '../standing.ts';
import { type Colour, cssOf, withAlpha } from './colours.ts';

export type LabelPainter = {
  readonly draw: (scene: Scene, camera: Camera, size: Size, look: Look) => void;
};

const maxLabels = 200;
const font = { name: 12, detail: 11 } as const;

/**
 * Writes names over the picture, the important ones first; what would cover another stays out until one zooms in or points at
 * it. Text comes from workloads: it is only ever drawn as text.
 */
export const createLabelPainter = (canvas: HTMLCanvasElement): LabelPainter => {
  const context = canvas.getContext('2d');
  const widths = new Map<string, number>();
  return {
    draw: (scene, camera, size, look) => {
      if (context === null) return;
      const ratio = canvas.width / Math.max(1, size.width);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, size.width, size.height);
      context.textBaseline = 'alphabetic';
      const pen = createPen(context, widths, look);
      const taken = createOccupancy();
      writeFrames(scene, camera, size, look, pen, taken);
      for (const node of ordered(scene, camera, size, look).slice(0, maxLabels)) {
        writeNode(node, camera, size, look, pen, taken);
      }
      writeLitPorts(scene, camera, size, look, pen, taken);
      if (widths.size > 20_000) widths.clear();
    },
  };
};

/** Nodes in view, those to be named first at the front. */
const ordered = (scene: Scene, camera: Camera, size: Size, look: Look): readonly SceneNode[] => {
  const margin = 80;
  const inView = scene.nodes.filter((node) => {
    const at = toScreen(camera, size, node.at);
    return at.x > -margin && at.y > -margin && at.x < size.width + margin && at.y < size.height + margin;
  });
  return inView.sort((a, b) => importance(b, look) - importance(a, look) || (a.id < b.id ? -1 : 1));
};

const importance = ({ id, node, leftAt }: SceneNode, { emphasis }: Look): number => {
  if (id === emphasis.hovered || id === emphasis.selected || id === emphasis.focused) return 1e6;
  if (emphasis.route.has(id)) return 1e5;
  const kind = node.kind === 'internet' || node.kind === 'zone' ? 1_000 : node.kind === 'host-group' ? 500 : 0;
  return (
    kind +
    (node.risk ?? 0) * 3 +
    (node.exposed ? 60 : 0) +
    Math.log10(1 + node.count) * 20 -
    (leftAt === undefined ? 0 : 500)
  );
};

const writeNode = (item: SceneNode, camera: Camera, size: Size, look: Look, pen: Pen, taken: Occupancy): void => {
  const { palette, emphasis } = look;
  const { zoom } = camera;
  const urgent =
    item.id === emphasis.hovered ||
    item.id === emphasis.selected ||
    item.id === emphasis.focused ||
    emphasis.route.has(item.id);
  if (zoom < 0.34 && !urgent && importance(item, look) < 250) return;
  const at = toScreen(camera, size, item.at);
  const radius = Math.max(item.radius * zoom, 3);
  const name = fittedName(pen, item.node, urgent ? 260 : Math.max(70, 132 * Math.min(1.3, zoom)));
  const detail = zoom >= 0.54 || urgent ? detailOf(item) : undefined;
  const width = Math.max(name.width, detail === undefined ? 0 : pen.fitted(detail, font.detail, 150).width);
  const top = at.y + radius + 4;
  const room = {
    left: at.x - width / 2 - 2,
    top,
    right: at.x + width / 2 + 2,
    bottom: top + (detail === undefined ? 15 : 29),
  };
  if (!urgent && !taken.isFree(room)) return;
  taken.take(room);
  const back = isBack(item, look);
  pen.write(
    name.text,
    at.x,
    top + 12,
    font.name,
    withAlpha(palette.text, back ? 0.3 : item.leftAt === undefined ? 1 : 0.55),
    'center',
    500,
  );
  if (detail !== undefined) {
    pen.write(
      pen.fitted(detail, font.detail, 150).text,
      at.x,
      top + 26,
      font.detail,
      withAlpha(palette.faint, back ? 0.35 : 1),
      'center',
      400,
    );
  }
  if (!back && zoom >= 0.6 && look.mode === 'risk')
    writeRisk(item, at.x + radius * 0.74 + 11, at.y - radius * 0.74 + 4, look, pen);
};

const writeRisk = ({ node }: SceneNode, x: number, y: number, { palette }: Look, pen: Pen): void => {
  if (node.risk === undefined || node.risk < 20) return;
  pen.write(String(Math.round(node.risk)), x, y, 11, palette[severityOfRisk(node.risk)], 'left', 650);
};

const isBack = (item: SceneNode, { emphasis }: Look): boolean =>
  emphasis.route.size > 0 && !emphasis.route.has(item.id);

export const nameOf = (node: MapNode): string =>
  node.kind === 'container-group' && node.count > 1 ? `${node.label} ×${node.count}` : node.label;

/** The hosts of a site share its domain: where room is short, what is in front of it tells them apart. */
export const shortNameOf = (node: MapNode): string => {
  const name = nameOf(node);
  const [machine = ''] = name.split('.');
  return node.kind === 'host' && /[a-z]/i.test(machine) ? machine : name;
};

const fittedName = (pen: Pen, node: MapNode, limit: number): ReturnType<Pen['fitted']> => {
  const name = nameOf(node);
  const whole = pen.fitted(name, font.name, limit);
  return whole.text === name ? whole : pen.fitted(shortNameOf(node), font.name, limit);
};

const detailOf = ({ node, leftAt }: SceneNode): string | undefined => {
  if (leftAt !== undefined) return 'gone';
  // Since when takes the room under a name; the rest is told beside the pointer.
  if (node.silentSince !== undefined) return standingOf(node);
  if (node.status === 'unknown')
    return node.detail === undefined ? standingOf(node) : `${node.detail} · ${standingOf(node)}`;
  return node.detail;
};

const writeFrames = (scene: Scene, camera: Camera, size: Size, look: Look, pen: Pen, taken: Occupancy): void => {
  for (const frame of scene.frames) writeFrame(frame, camera, size, look, pen, taken);
};

const writeFrame = (frame: SceneFrame, camera: Camera, size: Size, look: Look, pen: Pen, taken: Occupancy): void => {
  const { palette, emphasis } = look;
  const corner = toScreen(camera, size, { x: frame.rect.x, y: frame.rect.y });
  const width = frame.rect.width * camera.zoom;
  if (corner.x > size.width || corner.y > size.height || corner.x + width < 0 || width < 34) return;
  if (corner.y + frame.rect.height * camera.zoom < 0) return;
  const inside = camera.zoom >= 0.52;
  const x = Math.max(corner.x + (inside ? 14 : 4), 10);
  const y = inside ? Math.max(corner.y + 22, 18) : corner.y - 4;
  const room = corner.x + width - x - (inside && frame.node.kind === 'host' && (frame.node.risk ?? 0) >= 20 ? 42 : 8);
  const name = fittedName(pen, frame.node, room);
  if (name.text === '') return;
  const chosen = emphasis.selected === frame.id || emphasis.focused === frame.id;
  const title = { left: x, top: y - 12, right: x + name.width, bottom: y + 4 };
  if (!inside && !chosen && !taken.isFree(title)) return;
  taken.take(title);
  pen.write(name.text, x, y, font.name, chosen ? palette.accent : palette.text, 'left', 600);
  const risk = frame.node.kind === 'host' && look.mode === 'risk' ? (frame.node.risk ?? 0) : 0;
  if (risk >= 20 && inside && room > 40) {
    pen.write(String(Math.round(risk)), corner.x + width - 22, y, 11, palette[severityOfRisk(risk)], 'center', 650);
  }
  const detail = frame.node.status === 'unknown' ? standingOf(frame.node) : frame.node.detail;
  if (detail === undefined || !inside) return;
  const rest = pen.fitted(detail, font.detail, room - name.width - 10);
  if (rest.text.length > 5) pen.write(rest.text, x + name.width + 9, y, font.detail, palette.faint, 'left', 400);
};

/** The ports of what is lit up, on its edges. */
const writeLitPorts = (scene: Scene, camera: Camera, size: Size, look: Look, pen: Pen, taken: Occupancy): void => {
  const { emphasis, palette } = look;
  const centre = emphasis.route.size > 0 ? undefined : (emphasis.hovered ?? emphasis.selected);
  const lit = scene.edges.filter((edge) =>
    emphasis.route.size > 0
      ? emphasis.route.has(edge.id)
      : edge.id === centre || edge.source.id === centre || edge.target.id === centre,
  );
  for (const { edge, curve } of lit.slice(0, 40)) {
    const [port] = edge.ports;
    if (port === undefined) continue;
    const more = edge.ports.length > 1 ? ` +${edge.ports.length - 1}` : '';
    const text = `${port.protocol === 'udp' ? 'udp ' : ''}${port.port}${more}`;
    const at = toScreen(camera, size, pointOn(curve, 0.5));
    const { width } = pen.fitted(text, font.detail, 120);
    const room = { left: at.x - width / 2 - 5, top: at.y - 9, right: at.x + width / 2 + 5, bottom: at.y + 9 };
    if (!taken.isFree(room)) continue;
    taken.take(room);
    pen.chip(room, palette.panel);
    pen.write(text, at.x, at.y + 4, font.detail, palette.text, 'center', 550, false);
  }
};

type Pen = {
  readonly fitted: (text: string, size: number, limit: number) => { readonly text: string; readonly width: number };
  readonly write: (
    text: string,
    x: number,
    y: number,
    size: number,
    colour: Colour,
    align: 'left' | 'center',
    weight: number,
    plate?: boolean,
  ) => void;
  readonly chip: (room: Room, colour: Colour) => void;
};

const createPen = (context: CanvasRenderingContext2D, widths: Map<string, number>, { palette }: Look): Pen => {
  const setFont = (size: number, weight: number): void => {
    const wanted = `${weight} ${size}px ${palette.font}`;
    if (context.font !== wanted) context.font = wanted;
  };
  const widthOf = (text: string, size: number): number => {
    const key = `${size} ${text}`;
    const known = widths.get(key);
    if (known !== undefined) return known;
    setFont(size, size === font.name ? 550 : 400);
    const { width } = context.measureText(text);
    widths.set(key, width);
    return width;
  };
  const plate = cssOf(withAlpha(palette.bg, 0.62));
  return {
    fitted: (text, size, limit) => {
      const width = widthOf(text, size);
      if (width <= limit) return { text, width };
      const length = Math.floor((text.length * (limit - 8)) / width);
      if (length < 2) return { text: '', width: 0 };
      // Names of a kind differ at their ends: keep some of it.
      const tail = length >= 7 ? Math.min(5, Math.floor(length / 2)) : 0;
      const cut = `${text.slice(0, length - tail).trimEnd()}…${tail === 0 ? '' : text.slice(-tail)}`;
      return { text: cut, width: widthOf(cut, size) };
    },
    write: (text, x, y, size, colour, align, weight, withHalo = true) => {
      setFont(size, weight);
      context.textAlign = align;
      if (withHalo) {
        // A plate instead of an outline: outlined text costs software rasterisers ten times as much.
        const { width } = context.measureText(text);
        context.fillStyle = plate;
        context.fillRect(align === 'center' ? x - width / 2 - 2 : x - 2, y - size + 1, width + 4, size + 3);
      }
      context.fillStyle = cssOf(colour);
      context.fillText(text, x, y);
    },
    chip: (room, colour) => {
      context.beginPath();
      context.roundRect(room.left, room.top, room.right - room.left, room.bottom - room.top, 5);
      context.fillStyle = cssOf(withAlpha(colour, 0.96));
      context.fill();
      context.lineWidth = 1;
      context.strokeStyle = cssOf(palette.lineStrong);
      context.stroke();
    },
  };
};

type Room = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
type Occupancy = { readonly isFree: (room: Room) => boolean; readonly take: (room: Room) => void };

const tile = 64;

/** Which parts of the screen are written on, by tiles so that each question touches few. */
export const createOccupancy = (): Occupancy => {
  const tiles = new Map<string, Room[]>();
  const touched = (room: Room): readonly string[] => {
    const keys: string[] = [];
    for (let x = Math.floor(room.left / tile); x <= Math.floor(room.right / tile); x += 1) {
      for (let y = Math.floor(room.top / tile); y <= Math.floor(room.bottom / tile); y += 1) keys.push(`${x},${y}`);
    }
    return keys;
  };
  const meet = (a: Room, b: Room): boolean =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  return {
    isFree: (room) => touched(room).every((key) => (tiles.get(key) ?? []).every((other) => !meet(other, room))),
    take: (room) => {
      for (const key of touched(room)) {
        const list = tiles.get(key);
        if (list === undefined) tiles.set(key, [room]);
        else list.push(room);
      }
    },
  };
};

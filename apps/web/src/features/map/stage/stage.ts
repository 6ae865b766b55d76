import type { Point, Rect } from '../layout/geometry.ts';
import { type Palette, readPalette } from '../render/colours.ts';
import { createLabelPainter } from '../render/labels.ts';
import { createRenderer, type Renderer } from '../render/renderer.ts';
import {
  between,
  type Camera,
  type FitLimits,
  fitted,
  type Insets,
  panned,
  type Size,
  toMap,
  toScreen,
  zoomedAt,
} from './camera.ts';
import { createDrawTrial } from './draw-trial.ts';
import { type Hit, hitTest } from './hit-test.ts';
import { createMotion, type FrameDetail, restMs, wholeDetail } from './motion.ts';
import { type ColourMode, type Emphasis, isFading, paint } from './paint.ts';
import { listenToPointer } from './pointer.ts';
import { ghostMs, type Scene } from './scene.ts';

export type StageEvents = {
  readonly onHover: (hit: Hit | undefined, at: Point | undefined) => void;
  readonly onChoose: (hit: Hit | undefined) => void;
  readonly onOpen: (hit: Hit, beside: boolean) => void;
  /** The camera came to rest where a person put it. */
  readonly onCamera: (camera: Camera) => void;
  /** Ghosts are due to go: build the scene anew. */
  readonly onStale: () => void;
};

export type StageState = {
  readonly scene: Scene;
  readonly mode: ColourMode;
  readonly emphasis: Emphasis;
  readonly momentMs: number;
};

export type Stage = {
  /** False where the browser cannot draw by WebGL2: show the table. */
  readonly works: boolean;
  readonly set: (state: StageState) => void;
  readonly setTheme: () => void;
  readonly fit: (rect: Rect, options?: FitLimits & { readonly still?: boolean }) => void;
  readonly moveTo: (camera: Camera, options?: { readonly still?: boolean }) => void;
  readonly zoomBy: (factor: number) => void;
  readonly panBy: (dx: number, dy: number) => void;
  readonly camera: () => Camera;
  /** Where a map point is on the stage, in CSS pixels. */
  readonly place: (point: Point) => Point;
  readonly dispose: () => void;
};

const flightMs = 320;
/** Lit edges flow this long after they were lit, then rest: nothing is drawn while nothing changes. */
const flowMs = 2_600;
/** Where in the flow the dashes of lit edges lie while nothing flows. */
const restingFlow = 0.35;
/** A crowd does not flow: its edges are too many to follow. */
const flowUpTo = 400;

/**
 * Owns the two canvases of the map: the picture by WebGL2 and the names above it. Draws only when something changed. `insets`
 * are parts covered by other things, kept free when fitting.
 */
export const createStage = (host: HTMLElement, insets: () => Insets, events: StageEvents): Stage => {
  const picture = addCanvas(host);
  const names = addCanvas(host);
  const stillMotion = window.matchMedia('(prefers-reduced-motion: reduce)');
  const labels = createLabelPainter(names);
  let renderer: Renderer | undefined = createRenderer(picture);
  let palette: Palette = readPalette(host);
  let size: Size = { width: host.clientWidth, height: host.clientHeight };
  let camera: Camera = { x: 0, y: 0, zoom: 1 };
  /** What the camera was told to show; until a person moves it, a change of size shows it whole again. */
  let whole: { readonly rect: Rect; readonly limits: FitLimits } | undefined;
  let flight: { readonly from: Camera; readonly to: Camera; readonly begin: number } | undefined;
  let state: StageState | undefined;
  let repaint = true;
  let scheduled = 0;
  let flowFrom = Number.NEGATIVE_INFINITY;
  const motion = createMotion();
  let restTimer: ReturnType<typeof setTimeout> | undefined;
  /** The camera that the names were written for; while moving they are only shifted along. */
  let writtenFor: Camera | undefined;
  let ghostTimer: ReturnType<typeof setTimeout> | undefined;

  const schedule = (): void => {
    if (scheduled === 0) scheduled = requestAnimationFrame(frame);
  };
  const frame = (now: number): void => {
    scheduled = 0;
    const flying = advanceFlight(now);
    if (state === undefined) return;
    const fading = isFading(state.scene, now);
    const look = {
      palette,
      mode: state.mode,
      emphasis: state.emphasis,
      nowMs: now,
      momentMs: state.momentMs,
      stillMotion: stillMotion.matches,
    };
    if (repaint || fading) renderer?.set(paint(state.scene, look));
    repaint = fading;
    const flowing =
      !stillMotion.matches && now - flowFrom < flowMs && isLit(state.emphasis) && state.scene.edges.length < flowUpTo;
    if (flying) keepMoving(now);
    const detail = motion.frame(now);
    drawPicture(detail, flowing ? (now - flowFrom) / 700 : restingFlow);
    writeNames(look, detail.edges < 1 || detail.pixels < 1);
    if (flying || fading || flowing) schedule();
    else if (renderer !== undefined && !motion.isMoving(now))
      trial.offer(state.scene.nodes.length + state.scene.edges.length);
  };
  const drawPicture = (detail: FrameDetail, time: number): void => {
    setPixels(picture, detail.pixels);
    renderer?.draw({
      detail: detail.edges,
      camera,
      size,
      pixelRatio: picture.width / Math.max(1, size.width),
      background: palette.bg,
      ink: palette.muted,
      time,
    });
  };
  const trial = createDrawTrial({
    draw: () => {
      if (scheduled !== 0 || motion.isMoving(performance.now())) return false;
      drawPicture(wholeDetail, restingFlow);
      return renderer !== undefined;
    },
    whenDrawn: (done) => renderer?.whenDrawn(done),
    onCost: motion.learn,
    nowMs: () => performance.now(),
  });
  /** What moves by itself is drawn as what a hand moves, and whole again once it rests. */
  const keepMoving = (now: number): void => {
    motion.moved(now);
    clearTimeout(restTimer);
    restTimer = setTimeout(schedule, restMs + 20);
  };
  /** Gives a canvas a share of the screen's pixels of each side. */
  const setPixels = (canvas: HTMLCanvasElement, share: number): void => {
    const ratio = Math.min(2, window.devicePixelRatio || 1) * share;
    const [width, height] = [size.width, size.height].map((side) => Math.max(1, Math.round(side * ratio)));
    // Setting the size clears it, even to the same.
    if (width !== undefined && canvas.width !== width) canvas.width = width;
    if (height !== undefined && canvas.height !== height) canvas.height = height;
  };
  const writeNames = (look: Parameters<typeof labels.draw>[3], slow: boolean): void => {
    if (state === undefined) return;
    if (slow && writtenFor !== undefined && writtenFor.zoom === camera.zoom) {
      const [dx, dy] = [(writtenFor.x - camera.x) * camera.zoom, (writtenFor.y - camera.y) * camera.zoom];
      names.style.transform = `translate(${dx}px, ${dy}px)`;
      return;
    }
    names.style.transform = '';
    writtenFor = camera;
    labels.draw(state.scene, camera, size, look);
  };
  const advanceFlight = (now: number): boolean => {
    if (flight === undefined) return false;
    const share = Math.min(1, (now - flight.begin) / flightMs);
    camera = between(flight.from, flight.to, 1 - (1 - share) ** 3);
    if (share === 1) {
      flight = undefined;
      if (whole === undefined) events.onCamera(camera);
    }
    return flight !== undefined;
  };
  const steer = (next: Camera): void => {
    flight = undefined;
    whole = undefined;
    camera = next;
    keepMoving(performance.now());
    schedule();
  };
  const hitAt = (at: Point): Hit | undefined =>
    state === undefined ? undefined : hitTest(state.scene, toMap(camera, size, at), camera.zoom);

  const resize = new ResizeObserver(() => {
    const before = size;
    size = { width: host.clientWidth, height: host.clientHeight };
    flight = undefined;
    // Left and top stay where they are when a panel takes room at the right.
    camera =
      whole === undefined
        ? panned(camera, (before.width - size.width) / 2, (before.height - size.height) / 2)
        : fitted(whole.rect, size, insets(), whole.limits);
    events.onHover(undefined, undefined);
    for (const canvas of [picture, names]) setPixels(canvas, 1);
    // Setting the size clears the canvas: draw at once, not a frame later.
    cancelAnimationFrame(scheduled);
    frame(performance.now());
  });
  resize.observe(host);
  const unlisten = listenToPointer(names, {
    onMove: (at) => {
      const hit = at === undefined ? undefined : hitAt(at);
      names.style.cursor = hit === undefined ? 'grab' : 'pointer';
      events.onHover(hit, at);
    },
    onPan: (dx, dy) => steer(panned(camera, dx, dy)),
    onZoom: (at, factor) => steer(zoomedAt(camera, size, at, factor)),
    onClick: (at) => events.onChoose(hitAt(at)),
    onOpen: (at, beside) => {
      const hit = hitAt(at);
      if (hit !== undefined) events.onOpen(hit, beside);
    },
    onSettled: () => events.onCamera(camera),
  });
  const onLost = (event: Event): void => {
    event.preventDefault();
    renderer = undefined;
  };
  const onRestored = (): void => {
    renderer = createRenderer(picture);
    repaint = true;
    schedule();
  };
  picture.addEventListener('webglcontextlost', onLost);
  picture.addEventListener('webglcontextrestored', onRestored);

  return {
    works: renderer !== undefined,
    set: (next) => {
      if (emphasisKey(state?.emphasis) !== emphasisKey(next.emphasis)) flowFrom = performance.now();
      state = next;
      repaint = true;
      clearTimeout(ghostTimer);
      if (
        next.scene.nodes.some((node) => node.leftAt !== undefined) ||
        next.scene.edges.some((edge) => edge.leftAt !== undefined)
      ) {
        ghostTimer = setTimeout(events.onStale, ghostMs + 200);
      }
      schedule();
    },
    setTheme: () => {
      palette = readPalette(host);
      repaint = true;
      schedule();
    },
    fit: (rect, options = {}) => {
      moveTo(fitted(rect, size, insets(), options), options.still === true);
      whole = { rect, limits: options };
    },
    moveTo: (to, options = {}) => moveTo(to, options.still === true),
    zoomBy: (factor) =>
      moveTo(zoomedAt(flight?.to ?? camera, size, { x: size.width / 2, y: size.height / 2 }, factor), false),
    panBy: (dx, dy) => moveTo(panned(flight?.to ?? camera, dx, dy), false),
    camera: () => flight?.to ?? camera,
    place: (point) => toScreen(camera, size, point),
    dispose: () => {
      cancelAnimationFrame(scheduled);
      clearTimeout(ghostTimer);
      clearTimeout(restTimer);
      trial.dispose();
      unlisten();
      resize.disconnect();
      picture.removeEventListener('webglcontextlost', onLost);
      picture.removeEventListener('webglcontextrestored', onRestored);
      renderer?.dispose();
      picture.remove();
      names.remove();
    },
  };

  function moveTo(to: Camera, still: boolean): void {
    if (still || stillMotion.matches) {
      steer(to);
      return;
    }
    whole = undefined;
    flight = { from: camera, to, begin: performance.now() };
    schedule();
  }
};

const isLit = (emphasis: Emphasis): boolean =>
  emphasis.hovered !== undefined || emphasis.selected !== undefined || emphasis.route.size > 0;

const emphasisKey = (emphasis: Emphasis | undefined): string =>
  emphasis === undefined ? '' : `${emphasis.hovered ?? emphasis.selected}|${[...emphasis.route].join()}`;

const addCanvas = (host: HTMLElement): HTMLCanvasElement => {
  const canvas = document.createElement('canvas');
  canvas.setAttribute('aria-hidden', 'true');
  Object.assign(canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%', touchAction: 'none' });
  host.append(canvas);
  return canvas;
};

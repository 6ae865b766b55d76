import type { Camera, Size } from '../stage/camera.ts';
import type { Colour } from './colours.ts';
import { type Batch, createBatch, whenDrawn } from './gl.ts';
import { drawAtlas } from './icons.ts';
import { arrowShaders, edgeShaders, frameShaders, nodeShaders } from './shaders.ts';

/** How many numbers describe one thing, in the order in which its shader reads them. */
export const floatsOf = { frame: 16, edge: 16, node: 20 } as const;

/** All things of a picture. `lit` edges are drawn over the others. */
export type Drawing = {
  readonly frames: Things;
  readonly edges: Things;
  readonly lit: Things;
  readonly nodes: Things;
  /** Ports and signs of severity on the nodes' rims. */
  readonly signs: Things;
};
export type Things = { readonly data: Float32Array; readonly count: number };

export type Renderer = {
  readonly set: (drawing: Drawing) => void;
  readonly draw: (view: DrawView) => void;
  /** Calls back when what was asked for is drawn, two seconds later in any case. */
  readonly whenDrawn: (done: () => void) => void;
  readonly dispose: () => void;
};
export type DrawView = {
  readonly camera: Camera;
  readonly size: Size;
  readonly pixelRatio: number;
  readonly background: Colour;
  readonly ink: Colour;
  /** Moves the flow on lit edges, in dash lengths. */
  readonly time: number;
  /** The share of the edges to draw, the important ones first; below 1 while a slow machine moves a crowded picture. */
  readonly detail: number;
};

/** Segments of a curve; a view of many edges draws each with fewer. */
/** Below this zoom signs on rims are smaller than a pixel or two, and left out. */
const signsFromZoom = 0.36;
const segments = { few: 9, many: 24 } as const;
export const manyEdges = 500;

/**
 * Draws a picture on a canvas by WebGL2. `undefined` where the browser has none. After a lost context the caller makes a new
 * renderer on the same canvas once it is restored.
 */
export const createRenderer = (canvas: HTMLCanvasElement): Renderer | undefined => {
  const gl = canvas.getContext('webgl2', {
    alpha: false,
    antialias: false,
    depth: false,
    stencil: false,
    premultipliedAlpha: true,
    powerPreference: 'low-power',
  });
  if (gl === null || gl.isContextLost()) return undefined;
  const frames = createBatch(gl, { ...frameShaders, texels: floatsOf.frame / 4, segments: 0 });
  const nodes = createBatch(gl, { ...nodeShaders, texels: floatsOf.node / 4, segments: 0 });
  const signs = createBatch(gl, { ...nodeShaders, texels: floatsOf.node / 4, segments: 0 });
  const edges = {
    fine: edgeLayer(gl, segments.many),
    coarse: edgeLayer(gl, segments.few),
    lit: edgeLayer(gl, segments.many),
  };
  const atlas = uploadAtlas(gl);
  gl.disable(gl.DEPTH_TEST);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  return {
    set: (drawing) => {
      frames.set(drawing.frames.data, drawing.frames.count);
      nodes.set(drawing.nodes.data, drawing.nodes.count);
      signs.set(drawing.signs.data, drawing.signs.count);
      const coarse = drawing.edges.count > manyEdges;
      (coarse ? edges.coarse : edges.fine).set(drawing.edges);
      (coarse ? edges.fine : edges.coarse).set({ data: drawing.edges.data, count: 0 });
      edges.lit.set(drawing.lit);
    },
    draw: ({ camera, size, pixelRatio, background, ink, time, detail }) => {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(background[0], background[1], background[2], 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const common = {
        view: [camera.x, camera.y, camera.zoom, pixelRatio],
        size: [size.width * pixelRatio, size.height * pixelRatio],
        time,
      } as const;
      frames.draw(common);
      edges.coarse.draw(common, detail);
      edges.fine.draw(common);
      edges.lit.draw(common);
      gl.bindTexture(gl.TEXTURE_2D, atlas);
      const inked = { ...common, ink: [ink[0], ink[1], ink[2]] } as const;
      nodes.draw(inked);
      if (camera.zoom >= signsFromZoom) signs.draw(inked);
    },
    whenDrawn: (done) => whenDrawn(gl, done),
    dispose: () => gl.getExtension('WEBGL_lose_context')?.loseContext(),
  };
};

type EdgeLayer = { readonly set: (edges: Things) => void; readonly draw: Batch['draw'] };

const edgeLayer = (gl: WebGL2RenderingContext, count: number): EdgeLayer => {
  const lines = createBatch(gl, { ...edgeShaders, texels: floatsOf.edge / 4, segments: count });
  const arrows = createBatch(gl, { ...arrowShaders, texels: floatsOf.edge / 4, segments: 0 });
  return {
    set: ({ data, count: edges }) => {
      lines.set(data, edges);
      arrows.set(data, edges);
    },
    draw: (uniforms, share = 1) => {
      lines.draw(uniforms, share);
      if (share === 1) arrows.draw(uniforms);
    },
  };
};

const uploadAtlas = (gl: WebGL2RenderingContext): WebGLTexture => {
  const texture = gl.createTexture();
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, drawAtlas());
  gl.generateMipmap(gl.TEXTURE_2D);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  return texture;
};

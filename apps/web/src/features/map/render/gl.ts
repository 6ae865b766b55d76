/** Many things of one shape in one draw. */
export type Batch = {
  /** Sets the data of all things, a whole number of texels each. */
  readonly set: (data: Float32Array, count: number) => void;
  /** Draws the first `share` of them. */
  readonly draw: (uniforms: Readonly<Record<string, number | readonly number[]>>, share?: number) => void;
};

export type BatchShape = {
  /** Reads its thing's data by `datum(n)`, the n-th texel, and its place in the shape as `corner`. */
  readonly vertex: string;
  readonly fragment: string;
  /** Texels, four numbers each, of one thing. */
  readonly texels: number;
  /** Segments of a ribbon along which `corner` goes from (0, ±1) to (1, ±1); 0 for a square from -1 to 1. */
  readonly segments: number;
};

/**
 * Builds a program that draws a whole batch as one indexed draw, each vertex reading its thing's data from a texture. Instancing
 * would be the usual way, but software rasterisers pay for each instance as for a draw of its own: 1,900 curves took 145 ms a
 * frame by instances. Throws when a shader is refused, with the driver's words.
 */
export const createBatch = (gl: WebGL2RenderingContext, shape: BatchShape): Batch => {
  const program = link(gl, prelude(shape) + shape.vertex, `${version}${shape.fragment}`);
  const texture = gl.createTexture();
  const indices = gl.createBuffer();
  const vertices = gl.createVertexArray();
  const locations = new Map<string, WebGLUniformLocation | null>();
  const locate = (name: string): WebGLUniformLocation | null => {
    if (!locations.has(name)) locations.set(name, gl.getUniformLocation(program, name));
    return locations.get(name) ?? null;
  };
  let count = 0;
  let indexed = 0;
  return {
    set: (data, things) => {
      count = things;
      if (things === 0) return;
      upload(gl, texture, data, things * shape.texels);
      if (things <= indexed) return;
      indexed = Math.max(256, things * 2);
      gl.bindVertexArray(vertices);
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices);
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, trianglesOf(shape.segments, indexed), gl.STATIC_DRAW);
      gl.bindVertexArray(null);
    },
    draw: (uniforms, share = 1) => {
      if (count === 0) return;
      // biome-ignore lint/correctness/useHookAtTopLevel: a method of WebGL, no hook
      gl.useProgram(program);
      for (const [name, value] of Object.entries(uniforms)) setUniform(gl, locate(name), value);
      gl.activeTexture(gl.TEXTURE1);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.uniform1i(locate('things'), 1);
      gl.activeTexture(gl.TEXTURE0);
      gl.bindVertexArray(vertices);
      gl.drawElements(gl.TRIANGLES, Math.ceil(count * share) * 6 * Math.max(1, shape.segments), gl.UNSIGNED_INT, 0);
      gl.bindVertexArray(null);
    },
  };
};

/** Calls back once all that was asked for is drawn, without making the page wait for it; after two seconds in any case. */
export const whenDrawn = (gl: WebGL2RenderingContext, done: () => void): void => {
  const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  gl.flush();
  const until = performance.now() + longestDrawMs;
  const look = (): void => {
    const isOver = gl.isContextLost() || performance.now() >= until;
    if (fence !== null && !isOver && gl.getSyncParameter(fence, gl.SYNC_STATUS) !== gl.SIGNALED) {
      setTimeout(look, 4);
      return;
    }
    if (fence !== null) gl.deleteSync(fence);
    done();
  };
  setTimeout(look, 0);
};
const longestDrawMs = 2_000;

const version = '#version 300 es\n';
const textureWidth = 1_024;

const prelude = ({ texels, segments }: BatchShape): string => {
  const perThing = 2 * (Math.max(1, segments) + 1);
  const corner =
    segments === 0
      ? 'vec2(float(k / 2) * 2.0 - 1.0, float(k % 2) * 2.0 - 1.0)'
      : `vec2(float(k / 2) / ${segments}.0, float(k % 2) * 2.0 - 1.0)`;
  return `${version}precision highp float;
uniform highp sampler2D things;
vec4 datum(int n) {
  int at = (gl_VertexID / ${perThing}) * ${texels} + n;
  return texelFetch(things, ivec2(at % ${textureWidth}, at / ${textureWidth}), 0);
}
vec2 cornerOf() {
  int k = gl_VertexID % ${perThing};
  return ${corner};
}
`;
};

/** Two triangles for each segment of each thing. */
const trianglesOf = (segments: number, things: number): Uint32Array => {
  const each = Math.max(1, segments);
  const indices = new Uint32Array(things * each * 6);
  let at = 0;
  for (let thing = 0; thing < things; thing += 1) {
    for (let segment = 0; segment < each; segment += 1) {
      const first = thing * 2 * (each + 1) + segment * 2;
      indices.set([first, first + 1, first + 2, first + 2, first + 1, first + 3], at);
      at += 6;
    }
  }
  return indices;
};

const upload = (gl: WebGL2RenderingContext, texture: WebGLTexture, data: Float32Array, texels: number): void => {
  const rows = Math.max(1, Math.ceil(texels / textureWidth));
  const padded = new Float32Array(rows * textureWidth * 4);
  padded.set(data.subarray(0, texels * 4));
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, textureWidth, rows, 0, gl.RGBA, gl.FLOAT, padded);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
};

const setUniform = (
  gl: WebGL2RenderingContext,
  location: WebGLUniformLocation | null,
  value: number | readonly number[],
): void => {
  if (typeof value === 'number') gl.uniform1f(location, value);
  else if (value.length === 2) gl.uniform2fv(location, value);
  else if (value.length === 3) gl.uniform3fv(location, value);
  else gl.uniform4fv(location, value);
};

const link = (gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram => {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(type);
    if (shader === null) throw new Error('The browser gave no shader.');
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (gl.getProgramParameter(program, gl.LINK_STATUS) !== true && !gl.isContextLost()) {
    const logs = (gl.getAttachedShaders(program) ?? []).map((shader) => gl.getShaderInfoLog(shader));
    throw new Error(`The graphics driver refused a program: ${[gl.getProgramInfoLog(program), ...logs].join(' ')}`);
  }
  return program;
};

/** One drawn kind of thing: a fixed outline of vertices, repeated for each instance. */
export type Instanced = {
  /** Sets the data of all instances, `floats` numbers each. */
  readonly set: (data: Float32Array, count: number) => void;
  readonly draw: (uniforms: Readonly<Record<string, number | readonly number[]>>) => void;
  readonly count: () => number;
};

export type InstancedShape = {
  readonly vertex: string;
  readonly fragment: string;
  /** Two numbers a vertex, as a triangle strip. */
  readonly strip: Float32Array;
  /** Attributes of an instance in order, with how many numbers each has. */
  readonly attributes: readonly (readonly [name: string, size: 1 | 2 | 3 | 4])[];
};

/** Builds one instanced program. Throws when a shader is refused, with the driver's words. */
export const createInstanced = (gl: WebGL2RenderingContext, shape: InstancedShape): Instanced => {
  const program = link(gl, shape.vertex, shape.fragment);
  const vertices = gl.createVertexArray();
  const corner = gl.createBuffer();
  const instances = gl.createBuffer();
  const floats = shape.attributes.reduce((sum, [, size]) => sum + size, 0);
  gl.bindVertexArray(vertices);
  gl.bindBuffer(gl.ARRAY_BUFFER, corner);
  gl.bufferData(gl.ARRAY_BUFFER, shape.strip, gl.STATIC_DRAW);
  bindAttribute(gl, program, 'corner', 2, 0, 0, 0);
  gl.bindBuffer(gl.ARRAY_BUFFER, instances);
  let offset = 0;
  for (const [name, size] of shape.attributes) {
    bindAttribute(gl, program, name, size, floats * 4, offset * 4, 1);
    offset += size;
  }
  gl.bindVertexArray(null);
  const locations = new Map<string, WebGLUniformLocation | null>();
  let drawn = 0;
  return {
    set: (data, count) => {
      drawn = count;
      gl.bindBuffer(gl.ARRAY_BUFFER, instances);
      gl.bufferData(gl.ARRAY_BUFFER, data.subarray(0, count * floats), gl.DYNAMIC_DRAW);
    },
    draw: (uniforms) => {
      if (drawn === 0) return;
      // biome-ignore lint/correctness/useHookAtTopLevel: a method of WebGL, no hook
      gl.useProgram(program);
      for (const [name, value] of Object.entries(uniforms)) {
        if (!locations.has(name)) locations.set(name, gl.getUniformLocation(program, name));
        setUniform(gl, locations.get(name) ?? null, value);
      }
      gl.bindVertexArray(vertices);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, shape.strip.length / 2, drawn);
      gl.bindVertexArray(null);
    },
    count: () => drawn,
  };
};

/** The corners of a unit square around 0, 0. */
export const square = new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]);

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

const bindAttribute = (
  gl: WebGL2RenderingContext,
  program: WebGLProgram,
  name: string,
  size: number,
  stride: number,
  offset: number,
  divisor: number,
): void => {
  const location = gl.getAttribLocation(program, name);
  if (location < 0) return;
  gl.enableVertexAttribArray(location);
  gl.vertexAttribPointer(location, size, gl.FLOAT, false, stride, offset);
  gl.vertexAttribDivisor(location, divisor);
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

import { atlasColumns } from './icons.ts';

/** Common to all: `view` is the camera (x, y, zoom, pixel ratio), `size` the canvas in device pixels. */
const toClip = `
uniform vec4 view;
uniform vec2 size;
vec4 clip(vec2 point) {
  vec2 pixel = (point - view.xy) * view.z * view.w;
  return vec4(pixel.x * 2.0 / size.x, -pixel.y * 2.0 / size.y, 0.0, 1.0);
}`;

export const frameShaders = {
  vertex: `out vec2 at; flat out vec2 half_size; flat out vec4 inner; flat out vec4 line; flat out vec2 look;
${toClip}
void main() {
  vec2 corner = cornerOf(); vec4 box = datum(0), fill = datum(1), border = datum(2); vec2 style = datum(3).xy;
  half_size = box.zw * 0.5;
  float margin = 3.0 / (view.z * view.w);
  at = corner * (half_size + margin);
  inner = fill; line = border; look = style;
  gl_Position = clip(box.xy + half_size + at);
}`,
  fragment: `precision highp float;
in vec2 at; flat in vec2 half_size; flat in vec4 inner; flat in vec4 line; flat in vec2 look;
uniform vec4 view;
out vec4 colour;
void main() {
  float px = 1.0 / (view.z * view.w);
  float radius = min(14.0, min(half_size.x, half_size.y));
  vec2 q = abs(at) - half_size + radius;
  float d = length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - radius;
  float body = clamp(0.5 - d / px, 0.0, 1.0);
  float width = look.x * px * view.w;
  float edge = clamp(0.5 - (abs(d + width * 0.5) - width * 0.5) / px, 0.0, 1.0);
  if (look.y > 0.5) {
    float along = abs(q.x) > abs(q.y) ? at.y : at.x;
    edge *= step(fract(along / (9.0 * px * view.w)), 0.5);
  }
  vec4 under = vec4(inner.rgb, 1.0) * inner.a * body;
  vec4 over = vec4(line.rgb, 1.0) * line.a * edge;
  colour = over + under * (1.0 - over.a);
}`,
};

export const edgeShaders = {
  vertex: `// style: width in pixels, where it begins and ends on the curve, flow (0 none, 1 moving, -1 at rest with dashes)
out float side; out float along; flat out vec4 ink; flat out vec2 look;
${toClip}
void main() {
  vec2 corner = cornerOf(); vec4 ends = datum(0), controls = datum(1), tint = datum(2), style = datum(3);
  float t = mix(style.y, style.z, corner.x);
  float u = 1.0 - t;
  vec2 p0 = ends.xy, p1 = controls.xy, p2 = controls.zw, p3 = ends.zw;
  vec2 point = u*u*u*p0 + 3.0*u*u*t*p1 + 3.0*u*t*t*p2 + t*t*t*p3;
  vec2 way = 3.0*u*u*(p1-p0) + 6.0*u*t*(p2-p1) + 3.0*t*t*(p3-p2);
  vec2 normal = normalize(vec2(-way.y, way.x) + vec2(1e-6, 0.0));
  float pixel = 1.0 / (view.z * view.w);
  float width = max(style.x * clamp(0.35 + 0.65 * view.z, 0.4, 1.7), 0.9) * view.w;
  float reach = width * 0.5 + 1.0;
  side = corner.y * reach; along = t * length(p3 - p0) * view.z;
  ink = tint; look = vec2(width, style.w);
  gl_Position = clip(point + normal * corner.y * reach * pixel);
}`,
  fragment: `precision highp float;
in float side; in float along; flat in vec4 ink; flat in vec2 look;
uniform float time;
out vec4 colour;
void main() {
  float alpha = clamp(look.x * 0.5 + 0.5 - abs(side), 0.0, 1.0) * ink.a;
  if (look.y > 0.5) alpha *= 0.6 + 0.4 * smoothstep(0.25, 0.6, fract(along / 22.0 - time));
  if (look.y < -0.5) alpha *= 0.75 * smoothstep(0.0, 0.12, fract(along / (6.0 + look.x * 2.0)) - 0.42);
  colour = vec4(ink.rgb * alpha, alpha);
}`,
};

export const arrowShaders = {
  vertex: `out vec2 at; flat out vec4 ink; flat out float extent;
${toClip}
void main() {
  vec2 corner = cornerOf(); vec4 ends = datum(0), controls = datum(1), tint = datum(2), style = datum(3);
  float t = style.z, u = 1.0 - style.z;
  vec2 p0 = ends.xy, p1 = controls.xy, p2 = controls.zw, p3 = ends.zw;
  vec2 point = u*u*u*p0 + 3.0*u*u*t*p1 + 3.0*u*t*t*p2 + t*t*t*p3;
  vec2 ahead = normalize(3.0*u*u*(p1-p0) + 6.0*u*t*(p2-p1) + 3.0*t*t*(p3-p2) + vec2(1e-6, 0.0));
  float pixel = 1.0 / (view.z * view.w);
  extent = (4.0 + style.x * 0.9) * clamp(0.3 + 0.7 * view.z, 0.35, 1.6) * view.w;
  at = corner * (extent + 1.0);
  ink = tint;
  gl_Position = clip(point + (ahead * at.x + vec2(-ahead.y, ahead.x) * at.y) * pixel);
}`,
  fragment: `precision highp float;
in vec2 at; flat in vec4 ink; flat in float extent;
out vec4 colour;
void main() {
  float d = max(abs(at.y) * 0.88 + at.x * 0.48 - extent * 0.48, -at.x - extent * 0.85);
  float alpha = clamp(0.5 - d, 0.0, 1.0) * ink.a;
  colour = vec4(ink.rgb * alpha, alpha);
}`,
};

export const nodeShaders = {
  vertex: `// place: x, y, radius, shape; style: ring width in pixels, icon, dashes, icon opacity
out vec2 at; flat out float radius; flat out float shape; flat out vec4 body; flat out vec4 rim; flat out vec4 glow; flat out vec4 look;
${toClip}
void main() {
  vec2 corner = cornerOf(); vec4 place = datum(0), fill = datum(1), ring = datum(2), halo = datum(3), style = datum(4);
  float pixel = 1.0 / (view.z * view.w);
  radius = max(place.z, 3.2 * view.w * pixel);
  float reach = radius + (halo.a > 0.0 ? radius * 0.62 : 0.0) + (style.z >= 2.0 ? 5.0 : 0.0) + 2.0 * pixel;
  at = corner * reach;
  shape = place.w; body = fill; rim = ring; glow = halo; look = style;
  gl_Position = clip(place.xy + at);
}`,
  fragment: `precision highp float;
in vec2 at; flat in float radius; flat in float shape; flat in vec4 body; flat in vec4 rim; flat in vec4 glow; flat in vec4 look;
uniform vec4 view; uniform vec3 ink; uniform sampler2D atlas;
out vec4 colour;
float roundedBox(vec2 p, float half_side, float corner_radius) {
  vec2 q = abs(p) - half_side + corner_radius;
  return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - corner_radius;
}
float hexagon(vec2 p, float r) {
  vec2 q = abs(p);
  return max(q.x * 0.866 + q.y * 0.5, q.y) - r * 0.94;
}
float outline(vec2 p) {
  if (shape < 0.5 || shape > 8.5) return length(p) - radius;
  if (shape < 1.5) return roundedBox(p, radius * 0.9, radius * 0.34);
  if (shape < 2.5) return hexagon(p, radius);
  return roundedBox(mat2(0.7071, 0.7071, -0.7071, 0.7071) * p, radius * 0.74, radius * 0.18);
}
vec4 over(vec4 top, vec4 bottom) { return top + bottom * (1.0 - top.a); }
void main() {
  float px = 1.0 / (view.z * view.w);
  float stacked = look.z >= 2.0 ? 1.0 : 0.0;
  float dashed = mod(look.z, 2.0);
  float d = outline(at);
  float width = look.x * px * view.w;
  vec4 paint = vec4(0.0);
  if (glow.a > 0.0) paint = vec4(glow.rgb, 1.0) * glow.a * pow(clamp(1.0 - max(d, 0.0) / (radius * 0.6), 0.0, 1.0), 2.0);
  if (stacked > 0.5) {
    // Two more behind it, to the upper right: it stands for several.
    for (int i = 2; i >= 1; i--) {
      float b = outline(at - vec2(3.4, -3.4) * float(i) * 0.5);
      float inside = clamp(0.5 - b / px, 0.0, 1.0);
      float line = clamp(0.5 - (abs(b + width * 0.4) - width * 0.4) / px, 0.0, 1.0);
      paint = over(vec4(body.rgb, 1.0) * body.a * inside, paint);
      paint = over(vec4(rim.rgb, 1.0) * rim.a * 0.55 * line, paint);
    }
  }
  float inside = clamp(0.5 - d / px, 0.0, 1.0);
  paint = over(vec4(body.rgb, 1.0) * body.a * inside, paint);
  float line = look.x <= 0.0 ? 0.0 : clamp(0.5 - (abs(d + width * 0.5) - width * 0.5) / px, 0.0, 1.0);
  if (dashed > 0.5) line *= step(fract(atan(at.y, at.x) * 2.8648), 0.58);
  paint = over(vec4(rim.rgb, 1.0) * rim.a * line, paint);
  vec2 tile = at / (radius * (shape > 8.5 ? 1.16 : shape > 1.5 ? 0.74 : 0.82)) * 0.5 + 0.5;
  if (look.y >= 0.0 && look.w > 0.0 && all(greaterThan(tile, vec2(0.0))) && all(lessThan(tile, vec2(1.0)))) {
    vec2 cell = vec2(mod(look.y, ${atlasColumns}.0), floor(look.y / ${atlasColumns}.0));
    float mask = texture(atlas, (cell + tile) / ${atlasColumns}.0).a;
    float alpha = mask * look.w * body.a;
    paint = over(vec4((shape > 8.5 ? rim.rgb : ink) * alpha, alpha), paint);
  }
  colour = paint;
}`,
};

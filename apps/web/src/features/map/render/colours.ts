/** Red, green, blue and opacity, each 0 to 1, not premultiplied. */
export type Colour = readonly [number, number, number, number];

/** The colours the map draws with, from the CSS variables of the page. */
export type Palette = {
  readonly bg: Colour;
  readonly panel: Colour;
  readonly raise: Colour;
  readonly line: Colour;
  readonly lineStrong: Colour;
  readonly text: Colour;
  readonly muted: Colour;
  readonly faint: Colour;
  readonly accent: Colour;
  readonly critical: Colour;
  readonly high: Colour;
  readonly medium: Colour;
  readonly low: Colour;
  readonly font: string;
  readonly dark: boolean;
};

export const readPalette = (element: Element): Palette => {
  const style = getComputedStyle(element);
  const colour = (name: string): Colour => parseColour(style.getPropertyValue(name));
  const bg = colour('--bg');
  return {
    bg,
    panel: colour('--panel'),
    raise: colour('--raise'),
    line: colour('--line'),
    lineStrong: colour('--line-strong'),
    text: colour('--text'),
    muted: colour('--muted'),
    faint: colour('--faint'),
    accent: colour('--accent'),
    critical: colour('--critical'),
    high: colour('--high'),
    medium: colour('--medium'),
    low: colour('--low'),
    font: style.getPropertyValue('--font').trim() || 'sans-serif',
    dark: bg[0] + bg[1] + bg[2] < 1.5,
  };
};

/** `#rgb`, `#rrggbb` or `#rrggbbaa`; anything else is a middle grey. */
export const parseColour = (text: string): Colour => {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(text.trim())?.[1];
  if (hex === undefined) return [0.5, 0.5, 0.5, 1];
  const long = hex.length <= 4 ? [...hex].map((digit) => digit + digit).join('') : hex;
  const part = (index: number): number => Number.parseInt(long.slice(index * 2, index * 2 + 2), 16) / 255;
  return [part(0), part(1), part(2), long.length === 8 ? part(3) : 1];
};

export const withAlpha = (colour: Colour, alpha: number): Colour => [
  colour[0],
  colour[1],
  colour[2],
  colour[3] * alpha,
];

export const mix = (a: Colour, b: Colour, share: number): Colour => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
  a[3] + (b[3] - a[3]) * share,
];

export const cssOf = (colour: Colour): string =>
  `rgb(${colour
    .slice(0, 3)
    .map((part) => Math.round(part * 255))
    .join(' ')} / ${colour[3]})`;

import type { Point } from './geometry.ts';

/** Something that takes room: a node's cell or a whole outline. */
export type Box = {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Its place from left to right; none when nothing leads to or from it. */
  readonly layer: number | undefined;
};
export type Link = { readonly a: string; readonly b: string; readonly weight: number };
export type Arrangement = {
  /** The top left corner of each box; the whole begins at 0, 0. */
  readonly at: ReadonlyMap<string, Point>;
  readonly width: number;
  readonly height: number;
};
export type Spacing = {
  readonly column: number;
  readonly row: number;
  readonly aspect: number;
  /** Boxes of a column drift apart no further than this. */
  readonly maxGap: number;
};

/**
 * Places boxes in columns from left to right by layer, ordered so that links cross little, each near what it is linked to.
 * What has no links lies below. The same input always gives the same picture.
 */
export const arrange = (boxes: readonly Box[], links: readonly Link[], spacing: Spacing): Arrangement => {
  const linked = boxes.filter((box) => box.layer !== undefined);
  const loose = boxes.filter((box) => box.layer === undefined);
  const neighbours = neighboursOf(links);
  const bands = orderBands(bandsOf(linked), neighbours);
  const limit = columnLimit(boxes, spacing);
  const columns = bands.flatMap((band) => wrap(band, limit, spacing));
  const at = placeColumns(columns, neighbours, spacing);
  const main = extentOf(linked, at);
  placeLoose(loose, at, main, spacing);
  return normalised(boxes, at);
};

type Neighbours = ReadonlyMap<string, readonly { readonly id: string; readonly weight: number }[]>;

const neighboursOf = (links: readonly Link[]): Neighbours => {
  const neighbours = new Map<string, { id: string; weight: number }[]>();
  const add = (from: string, to: string, weight: number): void => {
    const list = neighbours.get(from);
    if (list === undefined) neighbours.set(from, [{ id: to, weight }]);
    else list.push({ id: to, weight });
  };
  for (const { a, b, weight } of links) {
    add(a, b, weight);
    add(b, a, weight);
  }
  return neighbours;
};

const bandsOf = (boxes: readonly Box[]): readonly (readonly Box[])[] =>
  [...Map.groupBy(boxes, (box) => box.layer ?? 0)].sort(([a], [b]) => a - b).map(([, band]) => band);

const sweeps = 6;

/** Orders each band by the mean place of its neighbours, to and fro. */
const orderBands = (bands: readonly (readonly Box[])[], neighbours: Neighbours): readonly (readonly Box[])[] => {
  let current = bands;
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const rank = new Map<string, number>();
    for (const band of current) setRanks(rank, band);
    const next: (readonly Box[])[] = [...current];
    const order = sweep % 2 === 0 ? current.keys() : [...current.keys()].reverse();
    for (const index of order) {
      const band = next[index] ?? [];
      const sorted = [...band].sort((a, b) => meanRank(a, rank, neighbours) - meanRank(b, rank, neighbours));
      setRanks(rank, sorted);
      next[index] = sorted;
    }
    current = next;
  }
  return current;
};

const setRanks = (rank: Map<string, number>, band: readonly Box[]): void => {
  for (const [index, box] of band.entries()) rank.set(box.id, (index + 0.5) / band.length);
};

const meanRank = (box: Box, rank: ReadonlyMap<string, number>, neighbours: Neighbours): number => {
  let sum = 0;
  let weights = 0;
  for (const { id, weight } of neighbours.get(box.id) ?? []) {
    const place = rank.get(id);
    if (place === undefined) continue;
    sum += place * weight;
    weights += weight;
  }
  return weights === 0 ? (rank.get(box.id) ?? 0.5) : sum / weights;
};

/** A column of up to four nodes is never broken in two. */
const leastColumn = 4 * 108;

/** The height that gives the whole the wanted aspect; never less than the tallest box. */
const columnLimit = (boxes: readonly Box[], spacing: Spacing): number => {
  const area = boxes.reduce((sum, box) => sum + (box.width + spacing.column) * (box.height + spacing.row), 0);
  return Math.max(Math.sqrt(area / spacing.aspect) * 1.15, leastColumn, ...boxes.map((box) => box.height));
};

const wrap = (band: readonly Box[], limit: number, spacing: Spacing): readonly (readonly Box[])[] => {
  const total = band.reduce((sum, box) => sum + box.height + spacing.row, 0);
  // A band that is a little too high is not worth a second column.
  const count = Math.max(1, Math.ceil(total / (total > limit * 2 ? limit : limit * 1.25)));
  const target = total / count;
  const columns: Box[][] = [[]];
  let height = 0;
  for (const box of band) {
    const last = columns.at(-1) ?? [];
    if (height + box.height / 2 > target && last.length > 0 && columns.length < count) {
      columns.push([box]);
      height = box.height + spacing.row;
    } else {
      last.push(box);
      height += box.height + spacing.row;
    }
  }
  return columns;
};

/** Longer columns stay as dense as they are. */
const relaxUpTo = 14;

const placeColumns = (
  columns: readonly (readonly Box[])[],
  neighbours: Neighbours,
  spacing: Spacing,
): Map<string, Point> => {
  const at = new Map<string, Point>();
  const middle = new Map<string, number>();
  let left = 0;
  for (const column of columns) {
    const width = Math.max(...column.map((box) => box.width));
    const height = column.reduce((sum, box) => sum + box.height, 0) + spacing.row * (column.length - 1);
    let top = -height / 2;
    for (const box of column) {
      at.set(box.id, { x: left + (width - box.width) / 2, y: top });
      middle.set(box.id, top + box.height / 2);
      top += box.height + spacing.row;
    }
    left += width + spacing.column;
  }
  for (let pass = 0; pass < 4; pass += 1) {
    const order = pass % 2 === 0 ? columns : [...columns].reverse();
    for (const column of order) if (column.length <= relaxUpTo) relax(column, at, middle, neighbours, spacing);
  }
  return at;
};

/** Moves the boxes of a column towards their neighbours' height, in their order and without touching. */
const relax = (
  column: readonly Box[],
  at: Map<string, Point>,
  middle: Map<string, number>,
  neighbours: Neighbours,
  spacing: Spacing,
): void => {
  const wanted = column.map((box) => wantedMiddle(box, middle, neighbours));
  const tops: number[] = [];
  let floor = Number.NEGATIVE_INFINITY;
  column.forEach((box, index) => {
    const ceiling = index === 0 ? Number.POSITIVE_INFINITY : floor - spacing.row + spacing.maxGap;
    const top = Math.min(ceiling, Math.max(floor, (wanted[index] ?? 0) - box.height / 2));
    tops.push(top);
    floor = top + box.height + spacing.row;
  });
  // Pushing only down leaves a drift; half of it is taken back, as far as the order allows.
  const drift = tops.reduce(
    (sum, top, index) => sum + top + (column[index]?.height ?? 0) / 2 - (wanted[index] ?? 0),
    0,
  );
  const shift = drift / Math.max(1, column.length);
  column.forEach((box, index) => {
    const top = (tops[index] ?? 0) - shift;
    at.set(box.id, { x: at.get(box.id)?.x ?? 0, y: top });
    middle.set(box.id, top + box.height / 2);
  });
};

const wantedMiddle = (box: Box, middle: ReadonlyMap<string, number>, neighbours: Neighbours): number => {
  const own = middle.get(box.id) ?? 0;
  let sum = own;
  let weights = 1;
  for (const { id, weight } of neighbours.get(box.id) ?? []) {
    const place = middle.get(id);
    if (place === undefined) continue;
    sum += place * weight;
    weights += weight;
  }
  return sum / weights;
};

type Extent = { readonly left: number; readonly bottom: number; readonly width: number };

const extentOf = (boxes: readonly Box[], at: ReadonlyMap<string, Point>): Extent => {
  if (boxes.length === 0) return { left: 0, bottom: 0, width: 0 };
  const lefts = boxes.map((box) => at.get(box.id)?.x ?? 0);
  const rights = boxes.map((box) => (at.get(box.id)?.x ?? 0) + box.width);
  const bottoms = boxes.map((box) => (at.get(box.id)?.y ?? 0) + box.height);
  const left = Math.min(...lefts);
  return { left, bottom: Math.max(...bottoms), width: Math.max(...rights) - left };
};

/** Rows below the rest, about as wide as it. */
const placeLoose = (loose: readonly Box[], at: Map<string, Point>, main: Extent, spacing: Spacing): void => {
  const area = loose.reduce((sum, box) => sum + (box.width + spacing.row) * (box.height + spacing.row), 0);
  const width = Math.max(main.width, Math.sqrt(area * spacing.aspect), ...loose.map((box) => box.width));
  let left = 0;
  let top = main.bottom + (main.width === 0 ? 0 : spacing.row * 2);
  let tallest = 0;
  for (const box of loose) {
    if (left > 0 && left + box.width > width + 1) {
      left = 0;
      top += tallest + spacing.row;
      tallest = 0;
    }
    at.set(box.id, { x: main.left + left, y: top });
    left += box.width + spacing.row;
    tallest = Math.max(tallest, box.height);
  }
};

const normalised = (boxes: readonly Box[], at: ReadonlyMap<string, Point>): Arrangement => {
  const points = boxes.map((box) => ({ box, point: at.get(box.id) ?? { x: 0, y: 0 } }));
  if (points.length === 0) return { at: new Map(), width: 0, height: 0 };
  const left = Math.min(...points.map(({ point }) => point.x));
  const top = Math.min(...points.map(({ point }) => point.y));
  return {
    at: new Map(points.map(({ box, point }) => [box.id, { x: point.x - left, y: point.y - top }])),
    width: Math.max(...points.map(({ box, point }) => point.x + box.width)) - left,
    height: Math.max(...points.map(({ box, point }) => point.y + box.height)) - top,
  };
};

import type { CellFilter } from '../cells.ts';
import { type CellCount, decodeCell, passes } from '../cells.ts';
import type { FindingColumns } from './finding-index.ts';
import { type FlawPart, flawParts } from './numberings.ts';
import type { Segment } from './segment.ts';

/** What a filter asks of a row, by the ids it was resolved to. A term matches by any of its three, terms and names all together. */
export type RowQuestion = {
  readonly terms: readonly {
    readonly vulnerabilities: readonly number[];
    readonly products: readonly number[];
    readonly assets: ReadonlySet<string>;
  }[];
  readonly vulnerabilities: readonly number[] | undefined;
  readonly products: readonly number[] | undefined;
  readonly fixes: readonly number[] | undefined;
  readonly minRisk: number | undefined;
  /** The assets that the scope and the filter allow; undefined for all. */
  readonly assets: ReadonlySet<string> | undefined;
  readonly cells: CellFilter;
};

/**
 * Told the rows of a segment that pass, all together: a call for each of a million rows would cost more than asking them.
 * `rows` holds `count` numbers, and the next segment's after the call.
 */
export type Visit = (segment: Segment, rows: Uint32Array, count: number) => void;

const cellCount = 8192;

/** Walks the rows that answer a question, segment by segment. */
export const scanRows = (columns: FindingColumns, question: RowQuestion, visit: Visit): void => {
  let found = new Uint32Array(1024);
  for (const { segment, passing } of askedSegments(columns, question)) {
    if (found.length < segment.length) found = new Uint32Array(segment.length * 2);
    const count = passingRows(segment, passing, found);
    if (count > 0) visit(segment, found, count);
  }
};

/** What rows of a segment must have to answer a question. */
export type Passing = {
  /** 1 for the cells that pass. */
  readonly ofCell: Uint8Array;
  /** 1 for the flaws that do, on this asset; the same array for most assets. */
  readonly ofFlaw: Uint8Array;
  readonly leastRisk: number;
};

export type AskedSegment = {
  readonly segment: Segment;
  /** Its place among all. */
  readonly number: number;
  readonly passing: Passing;
};

/** The segments that a question is about. */
export const askedSegments = (columns: FindingColumns, question: RowQuestion): readonly AskedSegment[] => {
  const { assets, cells, minRisk } = question;
  const flawsOf = compileFlaws(columns, question);
  const ofCell = passingCells(cells);
  const leastRisk = minRisk === undefined ? Number.NEGATIVE_INFINITY : Math.fround(minRisk);
  const asked: AskedSegment[] = [];
  let number = -1;
  for (const segment of columns.segments.values()) {
    number += 1;
    if (assets?.has(segment.assetId) === false) continue;
    asked.push({ segment, number, passing: { ofCell, ofFlaw: flawsOf(segment.assetId), leastRisk } });
  }
  return asked;
};

/**
 * Writes the rows of a segment that pass into `found` and tells how many. The loops over rows have no branches that depend on one:
 * a million of them, a third of which pass, would be guessed wrongly hundreds of thousands of times.
 */
const passingRows = (segment: Segment, { ofCell, ofFlaw, leastRisk }: Passing, found: Uint32Array): number => {
  const { length, cells, flaws } = segment;
  let to = 0;
  for (let row = 0; row < length; row += 1) {
    found[to] = row;
    to += (ofFlaw[flaws[row] ?? 0] ?? 0) & (ofCell[cells[row] ?? 0] ?? 0);
  }
  return leastRisk === Number.NEGATIVE_INFINITY ? to : rowsFrom(leastRisk, segment, found, to);
};

const rowsFrom = (least: number, { risks }: Segment, found: Uint32Array, count: number): number => {
  let to = 0;
  for (let at = 0; at < count; at += 1) {
    const row = found[at] ?? 0;
    found[to] = row;
    to += (risks[row] ?? 0) >= least ? 1 : 0;
  }
  return to;
};

/** Counts by cell of the rows that pass all but the facets. Risks are read where they are asked for: a walk costs what it reads. */
export const countRows = (columns: FindingColumns, question: RowQuestion): readonly CellCount[] => {
  const counts = new Uint32Array(cellCount);
  const all = { ...question, cells: {} };
  const addFound: Visit = ({ cells }, rows, found) => {
    for (let at = 0; at < found; at += 1) {
      const cell = cells[rows[at] ?? 0] ?? 0;
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
  };
  if (question.minRisk !== undefined) scanRows(columns, all, addFound);
  else for (const { segment, passing } of askedSegments(columns, all)) addPassing(counts, segment, passing.ofFlaw);
  return [...counts].flatMap((findings, cell) => (findings === 0 ? [] : [{ cell, findings }]));
};

const addPassing = (counts: Uint32Array, { length, cells, flaws }: Segment, ofFlaw: Uint8Array): void => {
  for (let row = 0; row < length; row += 1) {
    const cell = cells[row] ?? 0;
    counts[cell] = (counts[cell] ?? 0) + (ofFlaw[flaws[row] ?? 0] ?? 0);
  }
};

/** Kept: taking all cells apart anew costs as much as half of the walk. */
const everyCell = Array.from({ length: cellCount }, (_, cell) => decodeCell(cell));

const passingCells = (filter: CellFilter): Uint8Array => {
  const passing = new Uint8Array(cellCount);
  for (const [number, cell] of everyCell.entries()) passing[number] = passes(cell, filter) ? 1 : 0;
  return passing;
};

/** Each condition is a bit; a row has those of its asset and of the three parts of its flaw. Returns which flaws pass, by asset. */
const compileFlaws = (columns: FindingColumns, question: RowQuestion): ((assetId: string) => Uint8Array) => {
  const { bits, required, ofAsset } = compileBits(columns, question);
  /** By the bits of an asset: most have none. */
  const known = new Map<number, Uint8Array>();
  return (assetId) => {
    const own = ofAsset(assetId);
    const kept = known.get(own);
    if (kept !== undefined) return kept;
    const passing = new Uint8Array(bits.length);
    for (let flaw = 0; flaw < bits.length; flaw += 1) passing[flaw] = (own | (bits[flaw] ?? 0)) === required ? 1 : 0;
    known.set(own, passing);
    return passing;
  };
};

type Bits = {
  readonly required: number;
  /** By flaw. */
  readonly bits: Uint16Array;
  readonly ofAsset: (assetId: string) => number;
};

const compileBits = (columns: FindingColumns, question: RowQuestion): Bits => {
  const ofPart = {
    vulnerabilities: new Uint16Array(columns.vulnerabilities.size()),
    products: new Uint16Array(columns.products.size()),
    fixes: new Uint16Array(columns.fixes.size()),
  };
  let required = 0;
  let bit = 1;
  const mark = (part: FlawPart, ids: readonly number[]): void => {
    for (const id of ids) {
      const number = columns[part].find(id);
      if (number !== undefined) ofPart[part][number] = (ofPart[part][number] ?? 0) | bit;
    }
  };
  const next = (): void => {
    required |= bit;
    bit <<= 1;
  };
  const termBits: { readonly bit: number; readonly assets: ReadonlySet<string> }[] = [];
  for (const term of question.terms) {
    mark('vulnerabilities', term.vulnerabilities);
    mark('products', term.products);
    termBits.push({ bit, assets: term.assets });
    next();
  }
  for (const part of flawParts) {
    const ids = question[part];
    if (ids === undefined) continue;
    mark(part, ids);
    next();
  }
  const { vulnerabilities, products, fixes } = columns.flaws.parts();
  const bits = new Uint16Array(columns.flaws.size());
  for (let flaw = 0; flaw < bits.length; flaw += 1) {
    bits[flaw] =
      (ofPart.vulnerabilities[vulnerabilities[flaw] ?? 0] ?? 0) |
      (ofPart.products[products[flaw] ?? 0] ?? 0) |
      (ofPart.fixes[fixes[flaw] ?? 0] ?? 0);
  }
  return {
    ...{ required, bits },
    ofAsset: (assetId) => termBits.reduce((own, term) => (term.assets.has(assetId) ? own | term.bit : own), 0),
  };
};

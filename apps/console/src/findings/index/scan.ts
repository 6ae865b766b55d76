import type { CellFilter } from '../cells.ts';
import { type CellCount, decodeCell, passes } from '../cells.ts';
import type { FindingColumns } from './finding-index.ts';
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
  const masks = compileMasks(columns, question);
  const passing = passingCells(question.cells);
  const leastRisk = question.minRisk === undefined ? -1 : Math.fround(question.minRisk);
  const isWide = masks.required === 0 && leastRisk === -1;
  let found = new Uint32Array(1024);
  for (const segment of columns.segments.values()) {
    if (question.assets?.has(segment.assetId) === false) continue;
    if (found.length < segment.length) found = new Uint32Array(segment.length * 2);
    const count = isWide
      ? passingRows(segment, passing, found)
      : matchingRows(segment, masks, { passing, leastRisk }, found);
    if (count > 0) visit(segment, found, count);
  }
};

const passingRows = ({ length, cells }: Segment, passing: Uint8Array, found: Uint32Array): number => {
  let count = 0;
  for (let row = 0; row < length; row += 1) if (passing[cells[row] ?? 0] === 1) found[count++] = row;
  return count;
};

const matchingRows = (
  { assetId, length, vulnerabilities, products, fixes, cells, risks }: Segment,
  masks: Masks,
  { passing, leastRisk }: { readonly passing: Uint8Array; readonly leastRisk: number },
  found: Uint32Array,
): number => {
  const own = masks.ofAsset(assetId);
  let count = 0;
  for (let row = 0; row < length; row += 1) {
    // Each condition is a bit; a row has those of its asset, vulnerability, package and fix.
    const bits =
      own |
      (masks.vulnerabilities[vulnerabilities[row] ?? 0] ?? 0) |
      (masks.products[products[row] ?? 0] ?? 0) |
      (masks.fixes[fixes[row] ?? 0] ?? 0);
    if (bits !== masks.required || (risks[row] ?? 0) < leastRisk) continue;
    if (passing[cells[row] ?? 0] === 1) found[count++] = row;
  }
  return count;
};

/** Counts by cell of the rows that pass all but the facets. */
export const countRows = (columns: FindingColumns, question: RowQuestion): readonly CellCount[] => {
  const counts = new Uint32Array(cellCount);
  scanRows(columns, { ...question, cells: {} }, ({ cells }, rows, count) => {
    for (let at = 0; at < count; at += 1) {
      const cell = cells[rows[at] ?? 0] ?? 0;
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
  });
  return [...counts].flatMap((findings, cell) => (findings === 0 ? [] : [{ cell, findings }]));
};

const passingCells = (filter: CellFilter): Uint8Array => {
  const passing = new Uint8Array(cellCount);
  for (let cell = 0; cell < cellCount; cell += 1) passing[cell] = passes(decodeCell(cell), filter) ? 1 : 0;
  return passing;
};

type Masks = {
  readonly required: number;
  readonly vulnerabilities: Uint16Array;
  readonly products: Uint16Array;
  readonly fixes: Uint16Array;
  readonly ofAsset: (assetId: string) => number;
};

const compileMasks = (columns: FindingColumns, question: RowQuestion): Masks => {
  const vulnerabilities = new Uint16Array(columns.vulnerabilities.size());
  const products = new Uint16Array(columns.products.size());
  const fixes = new Uint16Array(columns.fixes.size());
  let required = 0;
  let bit = 1;
  const mark = (masks: Uint16Array, ids: readonly number[], numbering: FindingColumns['vulnerabilities']): void => {
    for (const id of ids) {
      const number = numbering.find(id);
      if (number !== undefined) masks[number] = (masks[number] ?? 0) | bit;
    }
  };
  const next = (): void => {
    required |= bit;
    bit <<= 1;
  };
  const termBits: { readonly bit: number; readonly assets: ReadonlySet<string> }[] = [];
  for (const term of question.terms) {
    mark(vulnerabilities, term.vulnerabilities, columns.vulnerabilities);
    mark(products, term.products, columns.products);
    termBits.push({ bit, assets: term.assets });
    next();
  }
  for (const [masks, ids, numbering] of [
    [vulnerabilities, question.vulnerabilities, columns.vulnerabilities],
    [products, question.products, columns.products],
    [fixes, question.fixes, columns.fixes],
  ] as const) {
    if (ids === undefined) continue;
    mark(masks, ids, numbering);
    next();
  }
  return {
    ...{ required, vulnerabilities, products, fixes },
    ofAsset: (assetId) => termBits.reduce((own, term) => (term.assets.has(assetId) ? own | term.bit : own), 0),
  };
};

import type { CellFilter } from '../cells.ts';
import { type CellCount, decodeCell, passes } from '../cells.ts';
import type { FindingColumns } from './finding-index.ts';
import type { Numbering, Segment } from './segment.ts';

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
  const match = compileMatch(columns, question);
  let found = new Uint32Array(1024);
  for (const segment of columns.segments.values()) {
    if (question.assets?.has(segment.assetId) === false) continue;
    if (found.length < segment.length) found = new Uint32Array(segment.length * 2);
    const count = match(segment, found, 0);
    if (count > 0) visit(segment, found, count);
  }
};

/** The rows of a segment that answer a question. */
export type FoundRows = {
  readonly segment: Segment;
  /** The segment's place among all. */
  readonly number: number;
  readonly rows: Uint32Array;
};

/** Kept between questions: 4 bytes for each row that could answer the largest one, 12 MB at most. Making it anew costs the collector more than the walk. */
let memory = new Uint32Array(0);

/** All rows that answer a question, for more than one look at them. They hold until the next question, so not over an `await`. */
export const findRows = (columns: FindingColumns, question: RowQuestion): readonly FoundRows[] => {
  const match = compileMatch(columns, question);
  const isAllowed = (segment: Segment): boolean => question.assets?.has(segment.assetId) !== false;
  let possible = 0;
  for (const segment of columns.segments.values()) if (isAllowed(segment)) possible += segment.length;
  if (memory.length < possible) memory = new Uint32Array(possible);
  const found: FoundRows[] = [];
  let number = -1;
  let from = 0;
  for (const segment of columns.segments.values()) {
    number += 1;
    if (!isAllowed(segment)) continue;
    const count = match(segment, memory, from);
    if (count > 0) found.push({ segment, number, rows: memory.subarray(from, from + count) });
    from += count;
  }
  return found;
};

/**
 * Writes the rows of a segment that pass into `found`, from a place on, and tells how many. The loops below have no branches
 * that depend on a row: a million of them, a third of which pass, would be guessed wrongly hundreds of thousands of times.
 */
type Match = (segment: Segment, found: Uint32Array, from: number) => number;

const compileMatch = (columns: FindingColumns, question: RowQuestion): Match => {
  const masks = compileMasks(columns, question);
  const passing = passingCells(question.cells);
  const leastRisk = question.minRisk === undefined ? undefined : Math.fround(question.minRisk);
  let bits = new Uint16Array(1024);
  return (segment, found, from) => {
    if (bits.length < segment.length) bits = new Uint16Array(segment.length * 2);
    const own = masks.ofAsset(segment.assetId);
    const count =
      own === masks.required
        ? passingRows(segment, passing, found, from)
        : maskedRows(segment, masks, { own, passing, bits }, found, from);
    return leastRisk === undefined ? count : rowsFrom(leastRisk, segment, found, from, count);
  };
};

const passingRows = ({ length, cells }: Segment, passing: Uint8Array, found: Uint32Array, from: number): number => {
  let to = from;
  for (let row = 0; row < length; row += 1) {
    found[to] = row;
    to += passing[cells[row] ?? 0] ?? 0;
  }
  return to - from;
};

/** Each condition is a bit; a row has those of its asset, vulnerability, package and fix. */
const maskedRows = (
  segment: Segment,
  masks: Masks,
  { own, passing, bits }: { readonly own: number; readonly passing: Uint8Array; readonly bits: Uint16Array },
  found: Uint32Array,
  from: number,
): number => {
  const [first, second, third] = masks.columns;
  // Nothing of a row can add what its asset lacks.
  if (first === undefined) return 0;
  const { length, cells } = segment;
  const { isRequired } = masks;
  let to = from;
  if (third === undefined) {
    const [numbers, masked] = [segment[first.column], first.masked];
    const other = second ?? first;
    const [otherNumbers, otherMasked] = [segment[other.column], other.masked];
    for (let row = 0; row < length; row += 1) {
      const has = own | (masked[numbers[row] ?? 0] ?? 0) | (otherMasked[otherNumbers[row] ?? 0] ?? 0);
      found[to] = row;
      to += (isRequired[has] ?? 0) & (passing[cells[row] ?? 0] ?? 0);
    }
    return to - from;
  }
  bits.fill(own, 0, length);
  for (const { column, masked } of masks.columns) {
    const numbers = segment[column];
    for (let row = 0; row < length; row += 1) bits[row] = (bits[row] ?? 0) | (masked[numbers[row] ?? 0] ?? 0);
  }
  for (let row = 0; row < length; row += 1) {
    found[to] = row;
    to += (isRequired[bits[row] ?? 0] ?? 0) & (passing[cells[row] ?? 0] ?? 0);
  }
  return to - from;
};

const rowsFrom = (least: number, { risks }: Segment, found: Uint32Array, from: number, count: number): number => {
  let to = from;
  for (let at = from; at < from + count; at += 1) {
    const row = found[at] ?? 0;
    found[to] = row;
    to += (risks[row] ?? 0) >= least ? 1 : 0;
  }
  return to - from;
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

type NumberedColumn = 'vulnerabilities' | 'products' | 'fixes';

type Masks = {
  readonly required: number;
  /** 1 at the one number that has all bits. */
  readonly isRequired: Uint8Array;
  /** The bits of a column's numbers, for columns that are asked for. */
  readonly columns: readonly { readonly column: NumberedColumn; readonly masked: Uint16Array }[];
  readonly ofAsset: (assetId: string) => number;
};

/** Whether ids, of which none is there twice, name every number of a column. */
const namesAll = (numbering: Numbering, ids: readonly number[]): boolean =>
  ids.length >= numbering.size() && ids.filter((id) => numbering.find(id) !== undefined).length === numbering.size();

const compileMasks = (columns: FindingColumns, question: RowQuestion): Masks => {
  const masks = new Map<NumberedColumn, Uint16Array>();
  let required = 0;
  let bit = 1;
  const mark = (column: NumberedColumn, ids: readonly number[]): void => {
    if (ids.length === 0) return;
    const masked = masks.get(column) ?? new Uint16Array(columns[column].size());
    masks.set(column, masked);
    for (const id of ids) {
      const number = columns[column].find(id);
      if (number !== undefined) masked[number] = (masked[number] ?? 0) | bit;
    }
  };
  const next = (): void => {
    required |= bit;
    bit <<= 1;
  };
  const termBits: { readonly bit: number; readonly assets: ReadonlySet<string> }[] = [];
  for (const term of question.terms) {
    // One letter is in every summary: what each row has need not be asked of any.
    if (namesAll(columns.vulnerabilities, term.vulnerabilities) || namesAll(columns.products, term.products)) continue;
    mark('vulnerabilities', term.vulnerabilities);
    mark('products', term.products);
    termBits.push({ bit, assets: term.assets });
    next();
  }
  for (const column of ['vulnerabilities', 'products', 'fixes'] as const) {
    const ids = question[column];
    if (ids === undefined) continue;
    mark(column, ids);
    next();
  }
  const isRequired = new Uint8Array(bit);
  isRequired[required] = 1;
  return {
    ...{ required, isRequired },
    columns: [...masks].map(([column, masked]) => ({ column, masked })),
    ofAsset: (assetId) => termBits.reduce((own, term) => (term.assets.has(assetId) ? own | term.bit : own), 0),
  };
};

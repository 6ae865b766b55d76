import type { Grouping } from '../grouping.ts';
import type { Asked } from './ask.ts';
import { type FoundRows, findRows } from './scan.ts';
import { compareIds, idOfRow, type Segment } from './segment.ts';

export type GroupSums = {
  readonly id: string;
  readonly findings: number;
  readonly kev: number;
  readonly risk: number;
  readonly riskSum: number;
  readonly assets: number;
  readonly vulnerabilities: number;
  readonly firstSeenMs: number;
  /** The finding with the highest risk. */
  readonly worstId: string;
};

export type GroupedRows = {
  readonly page: readonly GroupSums[];
  readonly groups: number;
  readonly findings: number;
  readonly riskSum: number;
  readonly topFiveRisk: number;
};

/** Groups of all rows that pass, the highest risk first, and the sums of the page that begins after a group. */
export const groupRows = (
  asked: Asked,
  by: Grouping,
  wanted: { readonly after: { readonly value: number; readonly id: string } | undefined; readonly limit: number },
): GroupedRows => {
  const keys = keysOf(asked.columns, by);
  const rows = findRows(asked.columns, asked.question);
  const { highest, findings, riskSum } = findHighest(rows, keys);
  const found: number[] = [];
  for (let key = 0; key < keys.size; key += 1) if ((highest[key] ?? none) !== none) found.push(key);
  const topFive = firstGroups(found, highest, keys, 5);
  const page = firstGroups(found.filter(comesAfter(highest, keys, wanted.after)), highest, keys, wanted.limit);
  const details = describe(new Set([...topFive, ...page]), rows, highest, keys);
  return {
    page: page.flatMap((key) => details.get(key) ?? []),
    ...{ groups: found.length, findings, riskSum },
    topFiveRisk: topFive.reduce((total, key) => total + (details.get(key)?.riskSum ?? 0), 0),
  };
};

/** Groups as numbers from 0 on, so that arrays hold them. */
type Keys = {
  readonly size: number;
  /** The groups of a segment's rows; undefined when the segment is one itself. */
  readonly of: (segment: Segment) => Uint32Array | undefined;
  readonly text: (key: number) => string;
};

const keysOf = (columns: Asked['columns'], by: Grouping): Keys => {
  const numbered = (column: 'vulnerabilities' | 'products' | 'fixes'): Keys => ({
    size: columns[column].size(),
    of: (segment) => segment[column],
    text: (key) => String(columns[column].idOf(key)),
  });
  switch (by) {
    case 'fix':
      return numbered('fixes');
    case 'vulnerability':
      return numbered('vulnerabilities');
    case 'package':
      return numbered('products');
    case 'asset': {
      const ids = [...columns.segments.keys()];
      return { size: ids.length, of: () => undefined, text: (key) => ids[key] ?? '' };
    }
  }
};

/** Of a group without a finding. */
const none = -1;

/** All that is needed of every group: a million rows are walked for it, so what a page's groups tell is summed up later. */
type Highest = {
  /** The highest risk of each group. */
  readonly highest: Float32Array;
  readonly findings: number;
  readonly riskSum: number;
};

const findHighest = (found: readonly FoundRows[], keys: Keys): Highest => {
  const highest = new Float32Array(keys.size).fill(none);
  let findings = 0;
  let riskSum = 0;
  for (const { segment, number, rows } of found) {
    const own = keys.of(segment);
    findings += rows.length;
    riskSum += own === undefined ? raiseOne(highest, number, segment, rows) : raise(highest, own, segment, rows);
  }
  return { highest, findings, riskSum };
};

/** Returns the sum of the rows' risks. */
const raise = (highest: Float32Array, keys: Uint32Array, { risks }: Segment, rows: Uint32Array): number => {
  let sum = 0;
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? 0;
    const key = keys[row] ?? 0;
    const value = risks[row] ?? 0;
    sum += value;
    if (value > (highest[key] ?? 0)) highest[key] = value;
  }
  return sum;
};

const raiseOne = (highest: Float32Array, key: number, { risks }: Segment, rows: Uint32Array): number => {
  let [sum, most] = [0, none];
  for (let at = 0; at < rows.length; at += 1) {
    const value = risks[rows[at] ?? 0] ?? 0;
    sum += value;
    if (value > most) most = value;
  }
  highest[key] = most;
  return sum;
};

const comesAfter = (
  highest: Float32Array,
  keys: Keys,
  after: { readonly value: number; readonly id: string } | undefined,
): ((key: number) => boolean) => {
  if (after === undefined) return () => true;
  const bound = Math.fround(after.value);
  return (key) => {
    const risk = highest[key] ?? 0;
    return risk < bound || (risk === bound && keys.text(key) > after.id);
  };
};

/** The first groups by descending risk, then by id as text. Only those of the last one's risk and above are sorted by it. */
const firstGroups = (from: readonly number[], highest: Float32Array, keys: Keys, limit: number): readonly number[] => {
  const risks = Float32Array.from(from, (key) => highest[key] ?? 0).sort();
  const bound = risks[Math.max(0, risks.length - limit)] ?? 0;
  const named = from
    .filter((key) => (highest[key] ?? 0) >= bound)
    .map((key) => ({ key, risk: highest[key] ?? 0, id: keys.text(key) }));
  named.sort((a, b) => b.risk - a.risk || (a.id < b.id ? -1 : 1));
  return named.slice(0, limit).map(({ key }) => key);
};

/** What only the groups that are shown tell. */
type Details = {
  findings: number;
  riskSum: number;
  kev: number;
  assets: number;
  firstSeenMs: number;
  readonly vulnerabilities: Set<number>;
  /** The segment counted last: rows come segment by segment. */
  last: Segment | undefined;
  worst: { readonly segment: Segment; readonly row: number } | undefined;
};

const newDetails = (): Details => ({
  ...{ findings: 0, riskSum: 0, kev: 0, assets: 0, firstSeenMs: Number.POSITIVE_INFINITY },
  ...{ vulnerabilities: new Set(), last: undefined, worst: undefined },
});

const describe = (
  shown: ReadonlySet<number>,
  found: readonly FoundRows[],
  highest: Float32Array,
  keys: Keys,
): ReadonlyMap<number, GroupSums> => {
  const details = new Map([...shown].map((key) => [key, newDetails()] as const));
  const isShown = new Uint8Array(keys.size);
  for (const key of shown) isShown[key] = 1;
  let hits = new Uint32Array(1024);
  for (const { segment, number, rows } of found) {
    const own = keys.of(segment);
    if (own === undefined) {
      const detail = details.get(number);
      if (detail !== undefined) for (const row of rows) addDetails(detail, segment, row, highest[number] ?? 0);
      continue;
    }
    if (hits.length < rows.length) hits = new Uint32Array(rows.length * 2);
    const count = rowsOf(isShown, own, rows, hits);
    for (let at = 0; at < count; at += 1) {
      const row = hits[at] ?? 0;
      const key = own[row] ?? 0;
      const detail = details.get(key);
      if (detail !== undefined) addDetails(detail, segment, row, highest[key] ?? 0);
    }
  }
  return new Map(
    [...details].flatMap(([key, { worst, ...detail }]) =>
      worst === undefined ? [] : [[key, presentSums(keys.text(key), highest[key] ?? 0, { ...detail, worst })] as const],
    ),
  );
};

/** The rows whose group is shown, into `hits`; few of many, so without a branch for each. */
const rowsOf = (isShown: Uint8Array, keys: Uint32Array, rows: Uint32Array, hits: Uint32Array): number => {
  let to = 0;
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? 0;
    hits[to] = row;
    to += isShown[keys[row] ?? 0] ?? 0;
  }
  return to;
};

const kevBit = 512;

const addDetails = (detail: Details, segment: Segment, row: number, highest: number): void => {
  detail.findings += 1;
  detail.riskSum += segment.risks[row] ?? 0;
  if (((segment.cells[row] ?? 0) & kevBit) !== 0) detail.kev += 1;
  if (detail.last !== segment) {
    detail.last = segment;
    detail.assets += 1;
  }
  detail.firstSeenMs = Math.min(detail.firstSeenMs, segment.firstSeen[row] ?? 0);
  detail.vulnerabilities.add(segment.vulnerabilities[row] ?? 0);
  if (segment.risks[row] !== highest) return;
  // Of equals the first by id, as the database chooses.
  if (detail.worst === undefined || compareIds(segment, row, detail.worst.segment, detail.worst.row) < 0)
    detail.worst = { segment, row };
};

const presentSums = (
  id: string,
  risk: number,
  {
    vulnerabilities,
    worst,
    last: _,
    ...sums
  }: Omit<Details, 'worst'> & { readonly worst: NonNullable<Details['worst']> },
): GroupSums => ({
  ...{ id, ...sums, vulnerabilities: vulnerabilities.size },
  // Stored with one decimal, kept as the nearest 32-bit number.
  risk: Math.round(risk * 10) / 10,
  worstId: idOfRow(worst.segment, worst.row),
});

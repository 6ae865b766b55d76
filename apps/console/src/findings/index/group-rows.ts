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
  const sums = sumUp(rows, keys);
  const found: number[] = [];
  for (let key = 0; key < keys.size; key += 1) if ((sums.findings[key] ?? 0) > 0) found.push(key);
  const page = firstGroups(found.filter(comesAfter(sums, keys, wanted.after)), sums, keys, wanted.limit);
  return {
    page: describe(page, rows, sums, keys),
    groups: found.length,
    findings: sum(found, sums.findings),
    riskSum: sum(found, sums.riskSum),
    topFiveRisk: sum(firstGroups(found, sums, keys, 5), sums.riskSum),
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

/** What is needed of every group. One element each: twenty thousand objects would take longer to make than a million rows to walk. */
type Sums = {
  readonly findings: Uint32Array;
  /** -1 before the first finding. */
  readonly risk: Float32Array;
  readonly riskSum: Float64Array;
};

const sumUp = (found: readonly FoundRows[], keys: Keys): Sums => {
  const sums: Sums = {
    findings: new Uint32Array(keys.size),
    risk: new Float32Array(keys.size).fill(-1),
    riskSum: new Float64Array(keys.size),
  };
  for (const { segment, number, rows } of found) {
    const own = keys.of(segment);
    if (own === undefined) addSegment(sums, number, segment, rows);
    else addRows(sums, own, segment, rows);
  }
  return sums;
};

const addRows = ({ findings, risk, riskSum }: Sums, keys: Uint32Array, { risks }: Segment, rows: Uint32Array): void => {
  for (let at = 0; at < rows.length; at += 1) {
    const row = rows[at] ?? 0;
    const key = keys[row] ?? 0;
    const value = risks[row] ?? 0;
    findings[key] = (findings[key] ?? 0) + 1;
    riskSum[key] = (riskSum[key] ?? 0) + value;
    if (value > (risk[key] ?? 0)) risk[key] = value;
  }
};

const addSegment = ({ findings, risk, riskSum }: Sums, key: number, { risks }: Segment, rows: Uint32Array): void => {
  let highest = -1;
  let total = 0;
  for (let at = 0; at < rows.length; at += 1) {
    const value = risks[rows[at] ?? 0] ?? 0;
    total += value;
    if (value > highest) highest = value;
  }
  findings[key] = rows.length;
  risk[key] = highest;
  riskSum[key] = total;
};

const comesAfter = (
  sums: Sums,
  keys: Keys,
  after: { readonly value: number; readonly id: string } | undefined,
): ((key: number) => boolean) => {
  if (after === undefined) return () => true;
  const bound = Math.fround(after.value);
  return (key) => {
    const risk = sums.risk[key] ?? 0;
    return risk < bound || (risk === bound && keys.text(key) > after.id);
  };
};

/** The first groups by descending risk, then by id as text. Only those of the last one's risk and above are sorted by it. */
const firstGroups = (from: readonly number[], sums: Sums, keys: Keys, limit: number): readonly number[] => {
  const risks = Float32Array.from(from, (key) => sums.risk[key] ?? 0).sort();
  const bound = risks[Math.max(0, risks.length - limit)] ?? 0;
  const named = from
    .filter((key) => (sums.risk[key] ?? 0) >= bound)
    .map((key) => ({ key, risk: sums.risk[key] ?? 0, id: keys.text(key) }));
  named.sort((a, b) => b.risk - a.risk || (a.id < b.id ? -1 : 1));
  return named.slice(0, limit).map(({ key }) => key);
};

/** What only a page's groups tell. */
type Details = {
  kev: number;
  assets: number;
  firstSeenMs: number;
  readonly vulnerabilities: Set<number>;
  /** The segment counted last: rows come segment by segment. */
  last: Segment | undefined;
  worst: { readonly segment: Segment; readonly row: number } | undefined;
};

const describe = (
  page: readonly number[],
  found: readonly FoundRows[],
  sums: Sums,
  keys: Keys,
): readonly GroupSums[] => {
  const details = page.map(
    (): Details => ({
      ...{ kev: 0, assets: 0, firstSeenMs: Number.POSITIVE_INFINITY },
      ...{ vulnerabilities: new Set(), last: undefined, worst: undefined },
    }),
  );
  // The place on the page, from 1 on.
  const places = new Uint16Array(keys.size);
  for (const [at, key] of page.entries()) places[key] = at + 1;
  for (const { segment, number, rows } of found) {
    const own = keys.of(segment);
    if (own === undefined && places[number] === 0) continue;
    for (let at = 0; at < rows.length; at += 1) {
      const row = rows[at] ?? 0;
      const key = own === undefined ? number : (own[row] ?? 0);
      const place = places[key] ?? 0;
      const detail = place === 0 ? undefined : details[place - 1];
      if (detail !== undefined) addDetails(detail, segment, row, sums.risk[key] ?? 0);
    }
  }
  return page.flatMap((key, at) => {
    const detail = details[at];
    return detail?.worst === undefined ? [] : [presentSums(sums, keys, key, { ...detail, worst: detail.worst })];
  });
};

const kevBit = 512;

const addDetails = (detail: Details, segment: Segment, row: number, highest: number): void => {
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
  sums: Sums,
  keys: Keys,
  key: number,
  { kev, assets, firstSeenMs, vulnerabilities, worst }: Details & { readonly worst: NonNullable<Details['worst']> },
): GroupSums => ({
  ...{ id: keys.text(key), kev, assets, firstSeenMs, vulnerabilities: vulnerabilities.size },
  findings: sums.findings[key] ?? 0,
  // Stored with one decimal, kept as the nearest 32-bit number.
  risk: Math.round((sums.risk[key] ?? 0) * 10) / 10,
  riskSum: sums.riskSum[key] ?? 0,
  worstId: idOfRow(worst.segment, worst.row),
});

const sum = (keys: readonly number[], values: Uint32Array | Float64Array): number =>
  keys.reduce((total, key) => total + (values[key] ?? 0), 0);

import type { Grouping } from '../grouping.ts';
import type { Asked } from './ask.ts';
import { scanRows } from './scan.ts';
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
  const sums = collect(asked, keys);
  const found: number[] = [];
  for (let key = 0; key < keys.size; key += 1) if ((sums.findings[key] ?? 0) > 0) found.push(key);
  const page = firstGroups(found.filter(comesAfter(sums, keys, wanted.after)), sums, keys, wanted.limit);
  const vulnerabilities = by === 'vulnerability' ? undefined : countVulnerabilities(asked, keys, page);
  return {
    page: page.map((key) => presentSums(sums, keys, key, vulnerabilities?.get(key) ?? 1)),
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

/** One element a group: twenty thousand objects would take longer to make than a million rows to walk. */
type Sums = {
  readonly segments: readonly Segment[];
  readonly findings: Uint32Array;
  readonly kev: Uint32Array;
  /** -1 before the first finding. */
  readonly risk: Float32Array;
  readonly riskSum: Float64Array;
  readonly assets: Uint32Array;
  readonly firstSeen: Float64Array;
  /** Where the finding with the highest risk is. */
  readonly worstSegment: Uint32Array;
  readonly worstRow: Uint32Array;
};

const kevBit = 512;

const collect = ({ columns, question }: Asked, keys: Keys): Sums => {
  const segments = [...columns.segments.values()];
  const numbers = new Map(segments.map((segment, number) => [segment, number]));
  const sums: Sums = {
    segments,
    findings: new Uint32Array(keys.size),
    kev: new Uint32Array(keys.size),
    risk: new Float32Array(keys.size).fill(-1),
    riskSum: new Float64Array(keys.size),
    assets: new Uint32Array(keys.size),
    firstSeen: new Float64Array(keys.size).fill(Number.POSITIVE_INFINITY),
    worstSegment: new Uint32Array(keys.size),
    worstRow: new Uint32Array(keys.size),
  };
  // The segment counted last for a group, from 1 on: rows come segment by segment.
  const last = new Uint32Array(keys.size);
  scanRows(columns, question, (segment, rows, count) =>
    addRows(sums, last, { segment, number: numbers.get(segment) ?? 0, keys: keys.of(segment) }, rows, count),
  );
  return sums;
};

const addRows = (
  sums: Sums,
  last: Uint32Array,
  from: { readonly segment: Segment; readonly number: number; readonly keys: Uint32Array | undefined },
  rows: Uint32Array,
  count: number,
): void => {
  const { findings, kev, risk, riskSum, assets, firstSeen, worstSegment, worstRow } = sums;
  const { segment, number, keys } = from;
  const { risks, cells } = segment;
  for (let at = 0; at < count; at += 1) {
    const row = rows[at] ?? 0;
    const key = keys === undefined ? number : (keys[row] ?? 0);
    const value = risks[row] ?? 0;
    const seen = segment.firstSeen[row] ?? 0;
    const worst = risk[key] ?? 0;
    findings[key] = (findings[key] ?? 0) + 1;
    riskSum[key] = (riskSum[key] ?? 0) + value;
    if (((cells[row] ?? 0) & kevBit) !== 0) kev[key] = (kev[key] ?? 0) + 1;
    if (last[key] !== number + 1) {
      last[key] = number + 1;
      assets[key] = (assets[key] ?? 0) + 1;
    }
    if (seen < (firstSeen[key] ?? 0)) firstSeen[key] = seen;
    // Of equals the first by id, as the database chooses.
    if (value > worst || (value === worst && isBefore(sums, key, segment, row))) {
      risk[key] = value;
      worstSegment[key] = number;
      worstRow[key] = row;
    }
  }
};

const isBefore = (sums: Sums, key: number, segment: Segment, row: number): boolean => {
  const worst = sums.segments[sums.worstSegment[key] ?? 0];
  return worst !== undefined && compareIds(segment, row, worst, sums.worstRow[key] ?? 0) < 0;
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

/** How many different vulnerabilities each of the page's groups has: only there, since it takes a set each. */
const countVulnerabilities = (
  { columns, question }: Asked,
  keys: Keys,
  page: readonly number[],
): ReadonlyMap<number, number> => {
  const sets = page.map(() => new Set<number>());
  // The place on the page, from 1 on.
  const places = new Uint16Array(keys.size);
  for (const [at, key] of page.entries()) places[key] = at + 1;
  const numbers = new Map([...columns.segments.values()].map((segment, number) => [segment, number]));
  scanRows(columns, question, (segment, rows, count) => {
    const own = keys.of(segment);
    const number = numbers.get(segment) ?? 0;
    if (own === undefined && places[number] === 0) return;
    for (let at = 0; at < count; at += 1) {
      const row = rows[at] ?? 0;
      const place = places[own === undefined ? number : (own[row] ?? 0)] ?? 0;
      if (place > 0) sets[place - 1]?.add(segment.vulnerabilities[row] ?? 0);
    }
  });
  return new Map(page.map((key, at) => [key, sets[at]?.size ?? 0]));
};

const presentSums = (sums: Sums, keys: Keys, key: number, vulnerabilities: number): GroupSums => {
  const worst = sums.segments[sums.worstSegment[key] ?? 0];
  return {
    id: keys.text(key),
    findings: sums.findings[key] ?? 0,
    kev: sums.kev[key] ?? 0,
    // Stored with one decimal, kept as the nearest 32-bit number.
    risk: Math.round((sums.risk[key] ?? 0) * 10) / 10,
    riskSum: sums.riskSum[key] ?? 0,
    assets: sums.assets[key] ?? 0,
    vulnerabilities,
    firstSeenMs: sums.firstSeen[key] ?? 0,
    worstId: worst === undefined ? '' : idOfRow(worst, sums.worstRow[key] ?? 0),
  };
};

const sum = (keys: readonly number[], values: Uint32Array | Float64Array): number =>
  keys.reduce((total, key) => total + (values[key] ?? 0), 0);

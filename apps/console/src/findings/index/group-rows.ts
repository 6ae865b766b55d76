import type { Grouping } from '../group-findings.ts';
import type { Asked } from './ask.ts';
import { scanRows } from './scan.ts';
import { compareIds, idOfRow, type Numbering, type Segment } from './segment.ts';

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
  { columns, question }: Asked,
  by: Grouping,
  wanted: { readonly after: { readonly value: number; readonly id: string } | undefined; readonly limit: number },
): GroupedRows => {
  const keys = keysOf(columns, by);
  const groups = collect({ columns, question }, keys);
  const ranked = groups.toSorted((a, b) => b.risk - a.risk || (a.id < b.id ? -1 : 1));
  const after = wanted.after;
  const bound = after === undefined ? 0 : Math.fround(after.value);
  const begin =
    after === undefined
      ? 0
      : ranked.findIndex((group) => group.risk < bound || (group.risk === bound && group.id > after.id));
  const page = begin < 0 ? [] : ranked.slice(begin, begin + wanted.limit);
  const vulnerabilities = countVulnerabilities({ columns, question }, keys, page);
  return {
    page: page.map((group) => ({
      ...group,
      // Stored with one decimal, kept as the nearest 32-bit number.
      risk: Math.round(group.risk * 10) / 10,
      vulnerabilities: vulnerabilities.get(group.key) ?? 0,
      worstId: idOfRow(group.worst, group.worstRow),
    })),
    groups: ranked.length,
    findings: sum(ranked, (group) => group.findings),
    riskSum: sum(ranked, (group) => group.riskSum),
    topFiveRisk: sum(ranked.slice(0, 5), (group) => group.riskSum),
  };
};

/** Groups as numbers from 0 on, so that an array holds them. */
type Keys = { readonly of: (segment: Segment, row: number) => number; readonly text: (key: number) => string };

const keysOf = (columns: Asked['columns'], by: Grouping): Keys => {
  const numbered = (numbering: Numbering, column: 'vulnerabilities' | 'products' | 'fixes'): Keys => ({
    of: (segment, row) => segment[column][row] ?? 0,
    text: (key) => String(numbering.idOf(key)),
  });
  switch (by) {
    case 'fix':
      return numbered(columns.fixes, 'fixes');
    case 'vulnerability':
      return numbered(columns.vulnerabilities, 'vulnerabilities');
    case 'package':
      return numbered(columns.products, 'products');
    case 'asset':
      return assetKeys();
  }
};

/** Rows come segment by segment: a new segment is the next number. The walks over a question meet them in the same order. */
const assetKeys = (): Keys => {
  const numbers = new Map<string, number>();
  const ids: string[] = [];
  let last: Segment | undefined;
  let number = 0;
  return {
    of: (segment) => {
      if (segment === last) return number;
      last = segment;
      number = numbers.get(segment.assetId) ?? ids.push(segment.assetId) - 1;
      numbers.set(segment.assetId, number);
      return number;
    },
    text: (key) => ids[key] ?? '',
  };
};

type Group = {
  readonly key: number;
  readonly id: string;
  findings: number;
  kev: number;
  risk: number;
  riskSum: number;
  assets: number;
  firstSeenMs: number;
  worst: Segment;
  worstRow: number;
  /** The segment counted last: rows come segment by segment. */
  last: Segment;
};

const kevBit = 512;

const collect = ({ columns, question }: Asked, keys: Keys): readonly Group[] => {
  const byKey: (Group | undefined)[] = [];
  const groups: Group[] = [];
  scanRows(columns, question, (segment, row) => {
    const key = keys.of(segment, row);
    const risk = segment.risks[row] ?? 0;
    const firstSeenMs = segment.firstSeen[row] ?? 0;
    const kev = ((segment.cells[row] ?? 0) & kevBit) === 0 ? 0 : 1;
    const group = byKey[key];
    if (group === undefined) {
      const place = { worst: segment, worstRow: row, last: segment };
      const made = { key, id: keys.text(key), findings: 1, kev, risk, riskSum: risk, assets: 1, firstSeenMs, ...place };
      byKey[key] = made;
      groups.push(made);
      return;
    }
    group.findings += 1;
    group.kev += kev;
    group.riskSum += risk;
    if (group.last !== segment) {
      group.assets += 1;
      group.last = segment;
    }
    if (firstSeenMs < group.firstSeenMs) group.firstSeenMs = firstSeenMs;
    // Of equals the first by id, as the database chooses.
    if (risk > group.risk || (risk === group.risk && compareIds(segment, row, group.worst, group.worstRow) < 0)) {
      group.risk = risk;
      group.worst = segment;
      group.worstRow = row;
    }
  });
  return groups;
};

/** How many different vulnerabilities each of the page's groups has: only there, since it takes a set each. */
const countVulnerabilities = (
  { columns, question }: Asked,
  keys: Keys,
  page: readonly Group[],
): ReadonlyMap<number, number> => {
  const found: (Set<number> | undefined)[] = [];
  for (const group of page) found[group.key] = new Set();
  scanRows(columns, question, (segment, row) => {
    found[keys.of(segment, row)]?.add(segment.vulnerabilities[row] ?? 0);
  });
  return new Map(page.map((group) => [group.key, found[group.key]?.size ?? 0]));
};

const sum = (groups: readonly Group[], value: (group: Group) => number): number =>
  groups.reduce((total, group) => total + value(group), 0);

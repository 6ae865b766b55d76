import type { Grouping } from '../group-findings.ts';
import type { Asked } from './ask.ts';
import { scanRows } from './scan.ts';
import { idOfRow, type Numbering, type Segment } from './segment.ts';

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
  const ranked = [...groups.values()].sort((a, b) => b.risk - a.risk || (a.id < b.id ? -1 : 1));
  const after = wanted.after;
  const bound = after === undefined ? 0 : Math.fround(after.value);
  const begin =
    after === undefined
      ? 0
      : ranked.findIndex((group) => group.risk < bound || (group.risk === bound && group.id > after.id));
  const page = begin < 0 ? [] : ranked.slice(begin, begin + wanted.limit);
  const vulnerabilities = countVulnerabilities({ columns, question }, keys, new Set(page.map((group) => group.key)));
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

type Key = number | string;
type Keys = { readonly of: (segment: Segment, row: number) => Key; readonly text: (key: Key) => string };

const keysOf = (columns: Asked['columns'], by: Grouping): Keys => {
  const numbered = (numbering: Numbering, column: 'vulnerabilities' | 'products' | 'fixes'): Keys => ({
    of: (segment, row) => segment[column][row] ?? 0,
    text: (key) => String(numbering.idOf(Number(key))),
  });
  switch (by) {
    case 'fix':
      return numbered(columns.fixes, 'fixes');
    case 'vulnerability':
      return numbered(columns.vulnerabilities, 'vulnerabilities');
    case 'package':
      return numbered(columns.products, 'products');
    case 'asset':
      return { of: (segment) => segment.assetId, text: String };
  }
};

type Group = {
  readonly key: Key;
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

const collect = ({ columns, question }: Asked, keys: Keys): ReadonlyMap<Key, Group> => {
  const groups = new Map<Key, Group>();
  scanRows(columns, question, (segment, row) => {
    const key = keys.of(segment, row);
    const risk = segment.risks[row] ?? 0;
    const firstSeenMs = segment.firstSeen[row] ?? 0;
    const kev = ((segment.cells[row] ?? 0) & kevBit) === 0 ? 0 : 1;
    const group = groups.get(key);
    if (group === undefined) {
      const place = { worst: segment, worstRow: row, last: segment };
      groups.set(key, {
        ...{ key, id: keys.text(key), findings: 1, kev, risk, riskSum: risk, assets: 1, firstSeenMs },
        ...place,
      });
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
    if (risk > group.risk) {
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
  wanted: ReadonlySet<Key>,
): ReadonlyMap<Key, number> => {
  const found = new Map<Key, Set<number>>();
  scanRows(columns, question, (segment, row) => {
    const key = keys.of(segment, row);
    if (!wanted.has(key)) return;
    const vulnerability = segment.vulnerabilities[row] ?? 0;
    const known = found.get(key);
    if (known === undefined) found.set(key, new Set([vulnerability]));
    else known.add(vulnerability);
  });
  return new Map([...found].map(([key, vulnerabilities]) => [key, vulnerabilities.size]));
};

const sum = (groups: readonly Group[], value: (group: Group) => number): number =>
  groups.reduce((total, group) => total + value(group), 0);

import type { Grouping } from '../grouping.ts';
import type { Asked } from './ask.ts';
import type { FlawPart } from './numberings.ts';
import { type AskedSegment, askedSegments, type Passing } from './scan.ts';
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
  const segments = askedSegments(asked.columns, asked.question);
  const { highest, findings, riskSum } = findHighest(segments, asked.columns.flaws.size(), keys);
  const found: number[] = [];
  for (let key = 0; key < keys.size; key += 1) if ((highest[key] ?? none) !== none) found.push(key);
  const topFive = firstGroups(found, highest, keys, 5);
  const page = firstGroups(found.filter(comesAfter(highest, keys, wanted.after)), highest, keys, wanted.limit);
  const details = describe(asked.columns, segments, new Set([...topFive, ...page]), highest, keys);
  return {
    page: page.flatMap((key) => details.get(key) ?? []),
    ...{ groups: found.length, findings, riskSum },
    topFiveRisk: topFive.reduce((total, key) => total + (details.get(key)?.riskSum ?? 0), 0),
  };
};

/** Groups as numbers from 0 on, so that arrays hold them. */
type Keys = {
  readonly size: number;
  /** The groups of flaws; undefined when each segment is one itself. */
  readonly ofFlaws: Uint32Array | undefined;
  readonly text: (key: number) => string;
};

const keysOf = (columns: Asked['columns'], by: Grouping): Keys => {
  const numbered = (part: FlawPart): Keys => ({
    size: columns[part].size(),
    ofFlaws: columns.flaws.parts()[part],
    text: (key) => String(columns[part].idOf(key)),
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
      return { size: ids.length, ofFlaws: undefined, text: (key) => ids[key] ?? '' };
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

const findHighest = (segments: readonly AskedSegment[], flaws: number, keys: Keys): Highest => {
  const highest = new Float32Array(keys.size).fill(none);
  const raised = new Float32Array(flaws).fill(none);
  const sums = { findings: 0, riskSum: 0 };
  for (const { segment, number, passing } of segments) {
    if (keys.ofFlaws === undefined) highest[number] = raiseOne(segment, passing, sums);
    else raise(raised, segment, passing, sums);
  }
  for (let flaw = 0; keys.ofFlaws !== undefined && flaw < raised.length; flaw += 1) {
    const key = keys.ofFlaws[flaw] ?? 0;
    highest[key] = Math.max(highest[key] ?? none, raised[flaw] ?? none);
  }
  return { highest, ...sums };
};

type Sums = { findings: number; riskSum: number };

/** Raises each flaw's risk to that of the rows: a row that does not pass has -1, exactly and without a branch. */
const raise = (raised: Float32Array, segment: Segment, { ofCell, ofFlaw, leastRisk }: Passing, sums: Sums): void => {
  const { length, cells, flaws, risks } = segment;
  let [findings, riskSum] = [0, 0];
  for (let row = 0; row < length; row += 1) {
    const flaw = flaws[row] ?? 0;
    const risk = risks[row] ?? 0;
    const passing = (ofFlaw[flaw] ?? 0) & (ofCell[cells[row] ?? 0] ?? 0) & (risk >= leastRisk ? 1 : 0);
    findings += passing;
    riskSum += risk * passing;
    const value = (risk + 1) * passing - 1;
    if (value > (raised[flaw] ?? 0)) raised[flaw] = value;
  }
  sums.findings += findings;
  sums.riskSum += riskSum;
};

/** The same where all rows are one group: returns its highest risk. */
const raiseOne = (segment: Segment, { ofCell, ofFlaw, leastRisk }: Passing, sums: Sums): number => {
  const { length, cells, flaws, risks } = segment;
  let [findings, riskSum, most] = [0, 0, none];
  for (let row = 0; row < length; row += 1) {
    const risk = risks[row] ?? 0;
    const passing = (ofFlaw[flaws[row] ?? 0] ?? 0) & (ofCell[cells[row] ?? 0] ?? 0) & (risk >= leastRisk ? 1 : 0);
    findings += passing;
    riskSum += risk * passing;
    most = Math.max(most, (risk + 1) * passing - 1);
  }
  sums.findings += findings;
  sums.riskSum += riskSum;
  return most;
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
  columns: Asked['columns'],
  segments: readonly AskedSegment[],
  shown: ReadonlySet<number>,
  highest: Float32Array,
  { ofFlaws, text }: Keys,
): ReadonlyMap<number, GroupSums> => {
  const details = new Map([...shown].map((key) => [key, newDetails()] as const));
  const { vulnerabilities } = columns.flaws.parts();
  const isShown = flawsShown(columns.flaws.size(), ofFlaws, shown);
  let rows = new Uint32Array(1024);
  for (const { segment, number, passing } of segments) {
    if (ofFlaws === undefined && !shown.has(number)) continue;
    if (rows.length < segment.length) rows = new Uint32Array(segment.length * 2);
    const count = rowsShown(segment, isShown, rows);
    for (let at = 0; at < count; at += 1) {
      const row = rows[at] ?? 0;
      const flaw = segment.flaws[row] ?? 0;
      const key = ofFlaws?.[flaw] ?? number;
      const detail = passes(segment, passing, row) ? details.get(key) : undefined;
      if (detail !== undefined) addDetails(detail, segment, row, vulnerabilities[flaw] ?? 0, highest[key] ?? 0);
    }
  }
  return new Map(
    [...details].flatMap(([key, { worst, ...detail }]) =>
      worst === undefined ? [] : [[key, presentSums(text(key), highest[key] ?? 0, { ...detail, worst })] as const],
    ),
  );
};

/** All of them where groups are assets. */
const flawsShown = (flaws: number, groups: Uint32Array | undefined, shown: ReadonlySet<number>): Uint8Array => {
  const isShown = new Uint8Array(flaws);
  for (let flaw = 0; flaw < flaws; flaw += 1)
    isShown[flaw] = groups === undefined || shown.has(groups[flaw] ?? 0) ? 1 : 0;
  return isShown;
};

/** Writes the rows of a segment that are of the flaws shown into `rows` and tells how many; few of many, so only their flaws are read. */
const rowsShown = ({ length, flaws }: Segment, isShown: Uint8Array, rows: Uint32Array): number => {
  let to = 0;
  for (let row = 0; row < length; row += 1) {
    rows[to] = row;
    to += isShown[flaws[row] ?? 0] ?? 0;
  }
  return to;
};

const passes = ({ cells, flaws, risks }: Segment, { ofCell, ofFlaw, leastRisk }: Passing, row: number): boolean =>
  ((ofFlaw[flaws[row] ?? 0] ?? 0) & (ofCell[cells[row] ?? 0] ?? 0)) !== 0 && (risks[row] ?? 0) >= leastRisk;

const kevBit = 512;

const addDetails = (detail: Details, segment: Segment, row: number, vulnerability: number, highest: number): void => {
  detail.findings += 1;
  detail.riskSum += segment.risks[row] ?? 0;
  if (((segment.cells[row] ?? 0) & kevBit) !== 0) detail.kev += 1;
  if (detail.last !== segment) {
    detail.last = segment;
    detail.assets += 1;
  }
  detail.firstSeenMs = Math.min(detail.firstSeenMs, segment.firstSeen[row] ?? 0);
  detail.vulnerabilities.add(vulnerability);
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

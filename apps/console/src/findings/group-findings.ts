import { type FindingFilter, type FindingGroup, severityOfRisk } from '@parapet/contract/api';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { UseKind } from '../database/tables/findings.ts';
import type { AskedScope } from '../people/scope.ts';
import { statusesOnly } from './cells.ts';
import { countCells, passingCells } from './count-cells.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { allOf, type CompiledFilter, compileFilter } from './filter.ts';
import type { Grouping } from './grouping.ts';
import { type Asked, askIndex } from './index/ask.ts';
import type { FindingIndex } from './index/finding-index.ts';
import { type GroupSums, groupRows } from './index/group-rows.ts';

export type GroupPage = {
  items: FindingGroup[];
  next?: string | undefined;
  total: number;
  totalIsMinimum: boolean;
  findings: number;
  topFiveShare: number;
};

/**
 * So few groups are sooner chosen by the totals of each, and only their findings looked at in memory, than by looking at a million
 * twice: the overview's five fixes took 117 ms of processor time with everything else it shows, and take 96. Fifty take as long as before.
 */
const fewGroups = 10;

/** Groups by highest risk. Their sums come from roll-ups where the filter allows; details are read for the page's groups. */
export const groupFindings = async (
  db: Database,
  query: FindingFilter & { readonly by: Grouping; readonly limit: number; readonly after?: string | undefined },
  scope: AskedScope,
  index?: FindingIndex,
): Promise<GroupPage> => {
  const order = `group-${query.by}`;
  const after = decodeCursor(order, query.after);
  const filter = await compileFilter(db, query, scope);
  const asked = await askIndex(db, index, filter);
  const totals = filter.empty ? undefined : groupTotals(query.by, filter);
  if (asked !== undefined && (totals === undefined || query.limit > fewGroups))
    return groupInMemory(db, asked, { ...query, after, order });
  const sums = filter.empty ? undefined : (totals ?? (await sumsByGroup(db, query.by, filter)));
  if (sums === undefined) return { items: [], total: 0, totalIsMinimum: false, findings: 0, topFiveShare: 0 };
  const { rows } = await sql<SumRow>`
    with g as materialized (${sums}),
    top as (select sum(risk_sum) as risk_sum from (select risk_sum from g order by risk desc, id::text collate "C" limit 5) as first),
    page as (
      select * from g where ${after === undefined ? sql`true` : sql`(risk < ${after.value}::real or (risk = ${after.value}::real and id::text collate "C" > ${after.id}))`}
      order by risk desc, id::text collate "C" limit ${query.limit + 1}
    )
    select page.id::text as id, page.findings, page.kev, page.risk, s.groups, s.all_findings, s.all_risk, top.risk_sum as top_risk
    from (select count(*) as groups, coalesce(sum(findings), 0)::bigint as all_findings, sum(risk_sum) as all_risk from g) as s
    cross join top left join page on true
    order by page.risk desc, page.id::text collate "C"`.execute(db);
  const details: ReadDetails =
    asked === undefined
      ? (ids) => readDetails(db, query.by, filter, ids)
      : (ids) => detailsInMemory(db, asked, query.by, ids);
  return presentPage(details, query, rows, order);
};

type SumRow = {
  readonly id: string | null;
  readonly findings: number;
  readonly kev: number;
  readonly risk: number;
  readonly groups: number;
  readonly all_findings: number;
  readonly all_risk: number | null;
  readonly top_risk: number | null;
};

/** The same from memory; names and the worst finding's factors are read for the page's groups. */
const groupInMemory = async (
  db: Database,
  asked: Asked,
  query: {
    readonly by: Grouping;
    readonly limit: number;
    readonly after: { readonly value: number; readonly id: string } | undefined;
    readonly order: string;
  },
): Promise<GroupPage> => {
  const grouped = groupRows(asked, query.by, { after: query.after, limit: query.limit + 1 });
  const shown = grouped.page.slice(0, query.limit);
  const details = await detailsOf(db, query.by, shown);
  const last = grouped.page.length > query.limit ? shown.at(-1) : undefined;
  return {
    items: shown.flatMap((group) => {
      const detail = details.get(group.id);
      return detail === undefined ? [] : [presentGroup(query.by, group, detail)];
    }),
    next: last === undefined ? undefined : encodeCursor(query.order, last.risk, last.id),
    total: Math.min(grouped.groups, 10_000),
    totalIsMinimum: grouped.groups > 10_000,
    findings: grouped.findings,
    topFiveShare: grouped.riskSum > 0 ? grouped.topFiveRisk / grouped.riskSum : 0,
  };
};

/** What groups in memory tell beside their sums. */
const detailsOf = async (
  db: Database,
  by: Grouping,
  groups: readonly GroupSums[],
): Promise<ReadonlyMap<string, DetailRow>> => {
  const type = by === 'asset' ? sql`uuid[]` : sql`bigint[]`;
  const { rows } = await sql<DetailNames>`
    select g.id::text as id, f.likelihood, f.exposure, f.use_value, f.impact, f.use_kind, named.*
    from unnest(${groups.map((group) => group.id)}::${type}, ${groups.map((group) => group.worstId)}::uuid[]) as g (id, worst)
    join findings as f on f.id = g.worst cross join lateral (${names[by]}) as named`.execute(db);
  const named = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    groups.flatMap(({ id, assets, vulnerabilities, firstSeenMs }) => {
      const name = named.get(id);
      return name === undefined
        ? []
        : [[id, { ...name, assets, vulnerabilities, first_seen_at: new Date(firstSeenMs) }]];
    }),
  );
};

const rowColumns = { fix: 'fixes', vulnerability: 'vulnerabilities', package: 'products' } as const;

/** Of groups that the roll-ups chose, from memory: only their rows are looked at twice. */
const detailsInMemory = (
  db: Database,
  { columns, question }: Asked,
  by: Grouping,
  ids: readonly string[],
): Promise<ReadonlyMap<string, DetailRow>> => {
  const narrowed = by === 'asset' ? {} : { [rowColumns[by]]: ids.map(Number) };
  const wanted = { after: undefined, limit: ids.length };
  return detailsOf(db, by, groupRows({ columns, question: { ...question, ...narrowed } }, by, wanted).page);
};

type ReadDetails = (ids: readonly string[]) => Promise<ReadonlyMap<string, DetailRow>>;

const presentPage = async (
  readDetailsOf: ReadDetails,
  query: { readonly by: Grouping; readonly limit: number },
  rows: readonly SumRow[],
  order: string,
): Promise<GroupPage> => {
  const found = rows.filter((row): row is SumRow & { id: string } => row.id !== null);
  const shown = found.slice(0, query.limit);
  const details = await readDetailsOf(shown.map((row) => row.id));
  const last = found.length > query.limit ? shown.at(-1) : undefined;
  const first = rows[0];
  return {
    items: shown.flatMap((row) => {
      const detail = details.get(row.id);
      return detail === undefined ? [] : [presentGroup(query.by, row, detail)];
    }),
    next: last === undefined ? undefined : encodeCursor(order, last.risk, last.id),
    total: Math.min(first?.groups ?? 0, 10_000),
    totalIsMinimum: (first?.groups ?? 0) > 10_000,
    findings: first?.all_findings ?? 0,
    topFiveShare: first?.all_risk ? (first.top_risk ?? 0) / first.all_risk : 0,
  };
};

const groupColumns = {
  fix: 'f.fix_id',
  vulnerability: 'f.vulnerability_id',
  package: 'f.product_id',
  asset: 'f.asset_id',
} as const;

/** A query of id, findings, kev, risk, risk_sum for each group, where their totals tell it: of everything, by status at most. */
const groupTotals = (by: Grouping, filter: CompiledFilter): RawBuilder<unknown> | undefined => {
  const statuses = statusesOnly(filter.cells);
  if (filter.reach !== 'everything' || by === 'asset' || statuses === undefined) return undefined;
  const [status, ...others] = statuses;
  return others.length === 0 && status !== undefined
    ? sql`
      select f.group_id as id, f.kev::bigint as kev, f.findings::bigint as findings, f.risk_max as risk, f.risk_sum
      from finding_group_totals as f where f.grouping = ${by} and f.status = ${status}`
    : sql`
      select f.group_id as id, sum(f.kev)::bigint as kev, ${rolledUp} from finding_group_totals as f
      where f.grouping = ${by} and f.status = any(${statuses}::int[]) group by 1`;
};

const rolledUp = sql`sum(f.findings)::bigint as findings, max(f.risk_max) as risk, sum(f.risk_sum) as risk_sum`;

/** The same from the smallest other roll-up that can tell, else from the findings; undefined for none. */
const sumsByGroup = async (
  db: Database,
  by: Grouping,
  filter: CompiledFilter,
): Promise<RawBuilder<unknown> | undefined> => {
  const statuses = statusesOnly(filter.cells);
  if (filter.reach === 'everything' || (filter.reach === 'assets' && by === 'asset')) {
    const cells = passingCells(await countCells(db, filter), filter);
    if (cells.length === 0) return undefined;
    const inCells =
      statuses === undefined
        ? sql<SqlBool>`f.cell = any(${cells}::int[])`
        : sql<SqlBool>`f.cell & 3 = any(${statuses}::int[])`;
    const kev = sql`coalesce(sum(f.findings) filter (where f.cell & 512 <> 0), 0)::bigint as kev`;
    return by === 'asset'
      ? sql`select f.asset_id as id, ${kev}, ${rolledUp} from finding_asset_counts as f where ${allOf([inCells, ...filter.rows])} group by 1`
      : sql`select f.group_id as id, ${kev}, ${rolledUp} from finding_group_counts as f where f.grouping = ${by} and ${inCells} group by 1`;
  }
  return sql`
    select ${sql.ref(groupColumns[by])} as id, count(*) filter (where f.kev) as kev, count(*) as findings,
      max(f.risk) as risk, sum(f.risk)::double precision as risk_sum
    from findings as f where ${allOf(filter.all)} group by 1`;
};

type DetailRow = DetailNames & {
  readonly assets: number;
  readonly vulnerabilities: number;
  readonly first_seen_at: Date;
};

type DetailNames = {
  readonly id: string;
  readonly likelihood: number;
  readonly exposure: number;
  readonly use_value: number;
  readonly impact: number;
  readonly use_kind: UseKind;
  readonly key: string;
  readonly title: string;
  readonly extra: string | null;
  readonly command: string | null;
};

const names: Readonly<Record<Grouping, RawBuilder<unknown>>> = {
  fix: sql`select t.key, t.title, null as extra, t.command from fixes as t where t.id = g.id`,
  vulnerability: sql`select t.key, t.key as title, t.summary as extra, null as command from vulnerabilities as t where t.id = g.id`,
  package: sql`select t.type || '/' || t.name as key, t.name as title, t.type as extra, null as command from products as t where t.id = g.id`,
  asset: sql`select t.id::text as key, t.name as title, t.kind as extra, null as command from assets as t where t.id = g.id`,
};

const readDetails = async (
  db: Database,
  by: Grouping,
  filter: CompiledFilter,
  ids: readonly string[],
): Promise<ReadonlyMap<string, DetailRow>> => {
  if (ids.length === 0) return new Map();
  const column = sql.ref(groupColumns[by]);
  const type = by === 'asset' ? sql`uuid[]` : sql`bigint[]`;
  // Beyond the asset's conditions a finding is chosen by its cell, so that the index alone answers; the asset's come after,
  // else they would be asked for each asset and group anew.
  const chosen = await cellsOrConditions(db, by, filter);
  const { rows } = await sql<DetailRow>`
    with candidates as materialized (
      select ${column} as group_id, f.id, f.asset_id, f.vulnerability_id, f.first_seen_at, f.risk
      from findings as f where ${column} = any(${ids}::${type}) and ${chosen}
    ), hits as materialized (
      select f.* from candidates as f where ${allOf(filter.assets)}
    ), sums as (
      select group_id, count(distinct asset_id) as assets, count(distinct vulnerability_id) as vulnerabilities,
        min(first_seen_at) as first_seen_at
      from hits group by group_id
    ), best as (
      select distinct on (group_id) group_id, id from hits order by group_id, risk desc, id
    )
    select g.id::text as id, sums.assets, sums.vulnerabilities, sums.first_seen_at, f.likelihood, f.exposure, f.use_value, f.impact,
      f.use_kind, named.*
    from (select group_id as id from sums) as g join sums on sums.group_id = g.id join best on best.group_id = g.id
    join findings as f on f.id = best.id cross join lateral (${names[by]}) as named`.execute(db);
  return new Map(rows.map((row) => [row.id, row]));
};

/** The filter without its asset part. An asset's index holds no cells, so there the columns are asked. */
const cellsOrConditions = async (db: Database, by: Grouping, filter: CompiledFilter): Promise<RawBuilder<SqlBool>> => {
  if (filter.reach === 'rows' || by === 'asset') {
    return allOf(filter.all.filter((condition) => !filter.assets.includes(condition)));
  }
  const statuses = statusesOnly(filter.cells);
  if (statuses !== undefined) return sql<SqlBool>`f.cell & 3 = any(${statuses}::int[])`;
  const everything = await db.selectFrom('finding_totals').select(['cell', 'findings']).execute();
  return sql<SqlBool>`f.cell = any(${passingCells(everything, filter)}::int[])`;
};

type Sums = Pick<SumRow, 'findings' | 'kev' | 'risk'>;

const presentGroup = (by: Grouping, sums: Sums, detail: DetailRow): FindingGroup => ({
  key: detail.key,
  title: detail.title,
  detail: detailOf(by, sums, detail),
  command: detail.command ?? undefined,
  findings: sums.findings,
  assets: detail.assets,
  vulnerabilities: detail.vulnerabilities,
  kev: sums.kev,
  risk: sums.risk,
  bars: { likelihood: detail.likelihood, exposure: detail.exposure, use: detail.use_value, impact: detail.impact },
  severity: severityOfRisk(sums.risk),
  firstSeenAt: detail.first_seen_at.toISOString(),
});

const detailOf = (by: Grouping, sums: Sums, detail: DetailRow): string => {
  const vulnerabilities = `${detail.vulnerabilities} ${detail.vulnerabilities === 1 ? 'vulnerability' : 'vulnerabilities'}`;
  const exploited = sums.kev > 0 ? `, ${sums.kev} in KEV` : '';
  const used = { running: ' · running now', loaded: ' · loaded now', installed: '', unknown: '' }[detail.use_kind];
  if (by === 'vulnerability') return detail.extra ?? '';
  return `${by === 'fix' ? '' : `${detail.extra ?? ''} · `}${vulnerabilities}${exploited}${used}`;
};

import type { FindingFilter, Severity } from '@parapet/contract/api';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type AskedScope, inScope } from '../people/scope.ts';
import type { CellFilter } from './cells.ts';
import type { RowQuestion } from './index/scan.ts';

/**
 * A filter in the two forms its answers need. Facet cells come from roll-ups; what cells do not hold are conditions on rows
 * of `findings as f`.
 */
export type CompiledFilter = {
  readonly cells: CellFilter;
  /** Conditions beyond the facets; the scope's is among them. */
  readonly rows: readonly Condition[];
  /** All of them, facets included. */
  readonly all: readonly Condition[];
  /** The part that depends on the asset alone, its scope included. */
  readonly assets: readonly Condition[];
  /** What the conditions in `rows` depend on: nothing, or the asset alone; then roll-ups answer. */
  readonly reach: 'everything' | 'assets' | 'rows';
  /** Nothing can match: a named package, fix or text exists nowhere. */
  readonly empty: boolean;
  /** The same for findings in memory (findings/index), but for the asset's conditions, which the database answers. */
  readonly question: Omit<RowQuestion, 'assets'>;
};
export type Condition = RawBuilder<SqlBool>;

const bandBounds: readonly number[] = [20, 50, 80];
/** More terms than a person types. */
const termLimit = 6;

/** Turns a filter into conditions. Names are resolved to ids first, so that indexes answer. */
export const compileFilter = async (
  db: Database,
  filter: FindingFilter,
  scope: AskedScope,
): Promise<CompiledFilter> => {
  const cells = cellsOf(filter);
  const assets = assetConditions(filter, scope);
  const [vulnerabilities, fixes, products, ...terms] = await Promise.all([
    named(db, 'vulnerabilities', filter.vulnerability, (name) => sql`key = ${name}`),
    named(db, 'fixes', filter.fix, (name) => sql`key = ${name}`),
    named(db, 'products', filter.package, (name) => sql`(name = ${name} or type || '/' || name = ${name})`),
    ...termsOf(filter.q).map((term) => termMatches(db, term)),
  ]);
  const minRisk = rowBound(filter.minRisk);
  const others = [
    ...(vulnerabilities === undefined ? [] : [anyId('f.vulnerability_id', vulnerabilities)]),
    ...(fixes === undefined ? [] : [anyId('f.fix_id', fixes)]),
    ...(products === undefined ? [] : [anyId('f.product_id', products)]),
    ...terms.map(termCondition),
    ...(minRisk === undefined ? [] : [sql<SqlBool>`f.risk >= ${minRisk}::real`]),
  ];
  const rows = [...assets, ...others];
  return {
    cells,
    rows,
    assets,
    all: [...facetConditions(cells), ...rows],
    reach: others.length > 0 ? 'rows' : assets.length > 0 ? 'assets' : 'everything',
    empty:
      [vulnerabilities, fixes, products].some((ids) => ids?.length === 0) ||
      terms.some((term) => term.vulnerabilities.length + term.products.length + term.assets.size === 0),
    question: { terms, vulnerabilities, products, fixes, minRisk, cells },
  };
};

/** The conditions joined by `and`. */
export const allOf = (conditions: readonly Condition[]): RawBuilder<SqlBool> =>
  conditions.length === 0 ? sql<SqlBool>`true` : sql<SqlBool>`${sql.join(conditions, sql` and `)}`;

/** A text for LIKE that finds the term anywhere, whatever characters it holds. */
export const containing = (term: string): string => `%${term.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;

/** A risk bound that is a band's bound is a facet question. */
const cellsOf = (filter: FindingFilter): CellFilter => {
  const { kind, status, severity, exposure, use, exploited, fixable, minRisk } = filter;
  const band = minRisk !== undefined && bandBounds.includes(minRisk);
  const atLeast = (['critical', 'high', 'medium'] as const).slice(0, 3 - bandBounds.indexOf(minRisk ?? 0));
  const severities = band
    ? severity === undefined
      ? [...atLeast]
      : severity.filter((s) => atLeast.some((a) => a === s))
    : severity;
  return { kind, status, severity: severities, exposure, use, exploited, fixable };
};

/** A bound that is no band's is asked of each row. */
const rowBound = (minRisk: number | undefined): number | undefined =>
  minRisk === undefined || minRisk === 0 || bandBounds.includes(minRisk) ? undefined : minRisk;

/** Bands with their bounds, the highest first. */
const riskBands = [
  ['critical', 80, undefined],
  ['high', 50, 80],
  ['medium', 20, 50],
  ['low', undefined, 20],
] as const;

/** Neighbouring bands are one range, which the index on risk can seek; bands apart are alternatives. */
const severityCondition = (severities: readonly Severity[]): Condition => {
  const ranges: { from: number | undefined; below: number | undefined }[] = [];
  for (const [name, from, below] of riskBands) {
    if (!severities.includes(name)) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last.from === below) last.from = from;
    else ranges.push({ from, below });
  }
  return anyOf(
    ranges.map(({ from, below }) =>
      allOf([
        ...(from === undefined ? [] : [sql<SqlBool>`f.risk >= ${sql.lit(from)}::real`]),
        ...(below === undefined ? [] : [sql<SqlBool>`f.risk < ${sql.lit(below)}::real`]),
      ]),
    ),
  );
};

const exploitedColumns = {
  kev: sql<SqlBool>`f.kev`,
  'epss-high': sql<SqlBool>`f.epss_high`,
  exploit: sql<SqlBool>`f.exploit`,
} as const;

const facetConditions = (cells: CellFilter): readonly Condition[] => {
  const conditions: Condition[] = [];
  if (cells.kind !== undefined) conditions.push(sql`f.kind = any(${cells.kind}::text[])`);
  // Equality lets the partial index of open findings serve.
  if (cells.status?.length === 1) conditions.push(sql`f.status = ${sql.lit(cells.status[0] ?? 'open')}`);
  else if (cells.status !== undefined) conditions.push(sql`f.status = any(${cells.status}::text[])`);
  if (cells.severity !== undefined) conditions.push(severityCondition(cells.severity));
  if (cells.exposure !== undefined) conditions.push(sql`f.exposure_kind = any(${cells.exposure}::text[])`);
  if (cells.use !== undefined) conditions.push(sql`f.use_kind = any(${cells.use}::text[])`);
  if (cells.exploited !== undefined) {
    const known = cells.exploited.filter((name): name is keyof typeof exploitedColumns => name in exploitedColumns);
    conditions.push(anyOf(known.map((name) => exploitedColumns[name])));
  }
  if (cells.fixable === true) conditions.push(sql`f.fixed_version is not null`);
  if (cells.fixable === false) conditions.push(sql`f.fixed_version is null`);
  return conditions;
};

const anyOf = (conditions: readonly Condition[]): Condition =>
  conditions.length === 0 ? sql<SqlBool>`false` : sql<SqlBool>`(${sql.join(conditions, sql` or `)})`;

const assetConditions = (filter: FindingFilter, scope: AskedScope): readonly Condition[] => {
  const conditions: Condition[] = [];
  if (scope !== null) conditions.push(inScope(scope, sql.ref('f.asset_id')));
  if (filter.assetId !== undefined) conditions.push(sql`f.asset_id = ${filter.assetId}`);
  if (filter.within !== undefined) conditions.push(sql`f.asset_id in (${withinAsset(filter.within)})`);
  return conditions;
};

/** The asset, the containers on it or from it, and the images they run from. */
const withinAsset = (id: string): RawBuilder<unknown> => sql`
  select ${id}::uuid
  union select id from assets where host_id = ${id} and kind = 'container'
  union select id from assets where image_id = ${id}
  union select image_id from assets
    where (id = ${id} or host_id = ${id}) and image_id is not null and status <> 'gone'`;

const termsOf = (q: string | undefined): readonly string[] =>
  (q ?? '')
    .split(/\s+/)
    .filter((term) => term !== '')
    .slice(0, termLimit);

type Catalogue = 'vulnerabilities' | 'products' | 'fixes';

/** Ids packed by the database: twenty thousand as rows would take longer than finding them. */
const idsOf = async (db: Database, table: Catalogue, where: RawBuilder<unknown>): Promise<readonly number[]> => {
  const { rows } = await sql<{ packed: Buffer | null }>`
    select string_agg(int4send(id::int), '') as packed from ${sql.table(table)} where ${where}`.execute(db);
  const packed = rows[0]?.packed ?? Buffer.alloc(0);
  return Array.from({ length: packed.length / 4 }, (_, at) => packed.readInt32BE(at * 4));
};

const named = async (
  db: Database,
  table: Catalogue,
  name: string | undefined,
  where: (name: string) => RawBuilder<unknown>,
): Promise<readonly number[] | undefined> => (name === undefined ? undefined : idsOf(db, table, where(name)));

/** Ids of the vulnerabilities whose key or summary, in small letters, is like the pattern. */
export const vulnerabilitiesLike = (db: Database, pattern: string): Promise<readonly number[]> =>
  idsOf(db, 'vulnerabilities', sql`search like ${pattern.toLowerCase()}`);

type TermMatches = RowQuestion['terms'][number];

/** A term may name the vulnerability, the package or the asset. */
const termMatches = async (db: Database, term: string): Promise<TermMatches> => {
  const pattern = containing(term);
  const [vulnerabilities, products, assets] = await Promise.all([
    vulnerabilitiesLike(db, pattern),
    idsOf(db, 'products', sql`name ilike ${pattern}`),
    assetsNamed(db, term),
  ]);
  return { vulnerabilities, products, assets: new Set(assets) };
};

/**
 * Only assets that ever had packages can have findings; most containers never have. A text of one or two letters is in no
 * trigram index: then those few are found first, since comparing a name costs more than looking for its asset.
 */
const assetsNamed = async (db: Database, term: string): Promise<readonly string[]> => {
  const { rows } = await sql<{ ids: string | null }>`
    select string_agg(a.id::text, ',') as ids from (
      select id, name from assets where id in (select asset_id from finding_changes) ${term.length < 3 ? sql`offset 0` : sql``}
    ) as a where a.name ilike ${containing(term)}`.execute(db);
  return rows[0]?.ids?.split(',') ?? [];
};

const termCondition = ({ vulnerabilities, products, assets }: TermMatches): Condition => {
  const conditions: Condition[] = [];
  if (vulnerabilities.length > 0) conditions.push(anyId('f.vulnerability_id', vulnerabilities));
  if (products.length > 0) conditions.push(anyId('f.product_id', products));
  if (assets.size > 0) conditions.push(sql`f.asset_id = any(${[...assets]}::uuid[])`);
  return anyOf(conditions);
};

const anyId = (column: string, ids: readonly number[]): Condition =>
  sql<SqlBool>`${sql.ref(column)} = any(${ids}::bigint[])`;

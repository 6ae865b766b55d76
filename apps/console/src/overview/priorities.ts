import { type Overview, severityOfRisk } from '@parapet/contract/api';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { ExposureKind, UseKind } from '../database/tables/findings.ts';
import { groupFindings } from '../findings/group-findings.ts';
import type { FindingIndex } from '../findings/index/finding-index.ts';
import { type AskedScope, inScope } from '../people/scope.ts';
import { enumerate } from '../risk/formula.ts';

type Priority = Overview['priorities'][number];

/** Below this nothing is worth a place among the first things to do. */
const leastRisk = 20;

/** The fixes that take away the most: each one sentence from the evidence of its worst finding. */
export const readPriorities = async (db: Database, scope: AskedScope, index?: FindingIndex): Promise<Priority[]> => {
  const groups = await groupFindings(db, { by: 'fix', status: ['open'], limit: 5 }, scope, index);
  const worth = groups.items.filter((group) => group.risk >= leastRisk);
  const told = await readWorst(
    db,
    worth.map((group) => group.key),
    scope,
  );
  return worth.flatMap((group) => {
    const worst = told.get(group.key);
    if (worst === undefined) return [];
    return [
      {
        id: group.key,
        severity: severityOfRisk(group.risk),
        risk: group.risk,
        bars: group.bars,
        headline: headlineOf(worst, group.assets),
        reason: reasonOf(worst),
        action: {
          label: worst.fixed_version === null ? 'See the findings' : group.title.replace(/ to .*$/, ''),
          to: `/findings?${new URLSearchParams({ fix: group.key })}`,
        },
      },
    ];
  });
};

export type WorstFinding = {
  readonly key: string;
  readonly vulnerability: string;
  readonly product: string;
  readonly package_version: string;
  readonly fixed_version: string | null;
  readonly kev: boolean;
  readonly epss: number | null;
  readonly exploit: boolean;
  readonly exposure_kind: ExposureKind;
  readonly use_kind: UseKind;
  /** Workloads in which the fix's packages are used and as exposed as in the worst. */
  readonly workloads: number;
  readonly names: readonly string[] | null;
  readonly exposure_reason: string | null;
  readonly use_reason: string | null;
};

/** Packages of one fix that are looked at for the workloads in which they are used. */
const fixedPackages = 5_000;

const readWorst = async (
  db: Database,
  keys: readonly string[],
  scope: AskedScope,
): Promise<ReadonlyMap<string, WorstFinding>> => {
  if (keys.length === 0) return new Map();
  // Asked once: inside the laterals the scope would be worked out for each fix.
  const visible = (column: string): RawBuilder<SqlBool> =>
    scope === null ? sql<SqlBool>`true` : sql<SqlBool>`${sql.ref(column)} in (select id from visible)`;
  const { rows } = await sql<WorstFinding>`
    with visible as materialized (select id from assets where ${inScope(scope, sql.ref('assets.id'))}),
    fix as materialized (select id, key from fixes where key = any(${keys}::text[])),
    -- Findings of a fix lie on many pages: they are read once. offset 0 keeps the planner from asking for each asset in scope.
    open as materialized (
      select o.id, o.fix_id, o.asset_id, o.package_id, o.risk from fix
      cross join lateral (select * from findings where fix_id = fix.id and status = 'open' offset 0) as o
    ),
    worst as (select distinct on (fix_id) id from open where ${visible('open.asset_id')} order by fix_id, risk desc, id)
    select fix.key, v.key as vulnerability, product.name as product, f.package_version, f.fixed_version, f.kev, f.epss, f.exploit,
      f.exposure_kind, f.use_kind, coalesce(seen.workloads, 0)::int as workloads, seen.names, why.exposure_reason, why.use_reason
    from worst
    -- five rows by their ids; joined, all findings of the fixes would be read once more
    cross join lateral (select * from findings where id = worst.id offset 0) as f
    join fix on fix.id = f.fix_id
    join vulnerabilities as v on v.id = f.vulnerability_id
    join products as product on product.id = f.product_id
    left join lateral (
      select count(distinct c.instance_id) as workloads, (array_agg(distinct a.name order by a.name))[1:20] as names
      from (
        select distinct o.asset_id, o.package_id from open as o
        where o.fix_id = fix.id and o.package_id is not null limit ${fixedPackages}
      ) as held
      -- offset 0 keeps the planner from reading the evidence of everything
      cross join lateral (
        select * from risk_contexts where asset_id = held.asset_id and package_id = held.package_id offset 0
      ) as c
      join assets as a on a.id = c.instance_id
      where c.use_kind = f.use_kind and c.exposure_kind = f.exposure_kind and ${visible('c.instance_id')}
    ) as seen on true
    left join lateral (
      select c.factors -> 'exposure' ->> 'reason' as exposure_reason, c.factors -> 'use' ->> 'reason' as use_reason
      from risk_contexts as c
      where c.asset_id = f.asset_id and c.instance_id = coalesce(f.worst_asset_id, f.asset_id) and c.package_id in (f.package_id, 0)
        and ${visible('c.instance_id')}
      order by c.package_id desc limit 1
    ) as why on true`.execute(db);
  return new Map(rows.map((row) => [row.key, row]));
};

const facing: Readonly<Record<ExposureKind, string>> = {
  internet: ' facing the Internet',
  zones: ' reached from other network zones',
  'own-network': ' reached from their own network',
  'none-seen': '',
  unknown: '',
};

/** E.g. `3 workloads facing the Internet load a library that is being exploited now`. */
export const headlineOf = (worst: WorstFinding, assets: number): string => {
  const flaw = flawOf(worst);
  const inUse = worst.use_kind === 'running' || worst.use_kind === 'loaded';
  if (!inUse || worst.workloads === 0) {
    return `${worst.product} on ${count(assets, 'asset', 'assets')} ${flaw}`;
  }
  const one = worst.workloads === 1;
  const subject = `${count(worst.workloads, 'workload', 'workloads')}${one ? facing[worst.exposure_kind].replace('their', 'its') : facing[worst.exposure_kind]}`;
  const verb =
    worst.use_kind === 'running'
      ? one
        ? 'runs a program'
        : 'run a program'
      : one
        ? 'loads a library'
        : 'load a library';
  return `${subject} ${verb} that ${flaw}`;
};

const flawOf = (worst: WorstFinding): string => {
  if (worst.kev) return 'is being exploited now';
  if (worst.epss !== null && worst.epss > 0.5) return 'is likely to be exploited soon';
  if (worst.exploit) return 'has a public exploit';
  return 'has a known vulnerability';
};

const reasonOf = (worst: WorstFinding): string => {
  const where = worst.names === null || worst.names.length === 0 ? '' : ` on ${enumerate(worst.names)}`;
  const what = `${worst.vulnerability} in ${worst.product} ${worst.package_version}${where}`;
  return [what, worst.exposure_reason ?? worst.use_reason].filter((part) => part !== null).join(' · ');
};

const count = (value: number, one: string, many: string): string =>
  `${value.toLocaleString('en')} ${value === 1 ? one : many}`;

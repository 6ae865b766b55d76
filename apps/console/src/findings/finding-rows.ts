import { type AssetKind, type FindingSummary, type Scope, severityOfRisk } from '@parapet/contract/api';
import type { Package, PackageEvidence } from '@parapet/contract/sbom';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { ExposureKind, FindingStatus, UseKind } from '../database/tables/findings.ts';
import { scopeOnce } from '../people/scope.ts';
import { riskInSql } from '../risk/asset-risk.ts';
import { exposureValues } from '../risk/exposure.ts';
import { impactValues } from '../risk/impact.ts';
import { useValues } from '../risk/use.ts';

/** A finding joined with what names it, as lists and exports show it. */
export type FindingRow = {
  readonly id: string;
  readonly status: FindingStatus;
  readonly purl: string;
  readonly package_version: string;
  readonly fixed_version: string | null;
  readonly cvss: number | null;
  readonly epss: number | null;
  readonly kev: boolean;
  readonly likelihood: number;
  readonly exposure: number;
  readonly use_value: number;
  readonly impact: number;
  readonly risk: number;
  readonly exposure_kind: ExposureKind;
  readonly use_kind: UseKind;
  readonly first_seen_at: Date;
  readonly closed_at: Date | null;
  readonly accepted_until: Date | null;
  readonly matched_at: Date | null;
  readonly vulnerability: string;
  readonly published_severity: string | null;
  readonly product: string;
  readonly product_type: string;
  readonly location: string | null;
  readonly evidence: PackageEvidence | null;
  readonly package_scope: Package['scope'] | null;
  readonly asset_id: string;
  readonly asset_kind: AssetKind;
  readonly asset_name: string;
  readonly instances: number;
  readonly worst_id: string | null;
  readonly worst_kind: AssetKind | null;
  readonly worst_name: string | null;
};

/**
 * Reads full rows for the ids that `page` selects, in its order (a query of `id` and `position`). The worst instance is
 * named, and instances are counted, only as far as the scope reaches.
 */
export const readFindingRows = async (
  db: Database,
  page: RawBuilder<unknown>,
  scope: Scope,
): Promise<readonly FindingRow[]> => {
  const { table, has } = scopeOnce(scope);
  const shown = shownContext(scope, has);
  const { rows } = await sql<FindingRow>`
    with ${table}, page as materialized (${page})
    select f.id, f.status, f.purl, f.package_version, f.fixed_version, f.cvss, f.epss, f.kev,
      f.likelihood, ${shown.columns},
      f.first_seen_at, f.closed_at, f.accepted_until, software.matched_at,
      f.vulnerability, f.published_severity, f.product, f.product_type,
      p.location, p.evidence, p.scope as package_scope,
      a.id as asset_id, a.kind as asset_kind, a.name as asset_name,
      ${instanceCount(scope, has)} as instances,
      worst.id as worst_id, worst.kind as worst_kind, worst.name as worst_name
    -- offset 0 parts the joins: to plan all of them in every order takes three times as long as to run them
    from (
      select f.*, page.position, v.key as vulnerability, v.published_severity, product.name as product, product.type as product_type
      from page join findings as f on f.id = page.id
      join vulnerabilities as v on v.id = f.vulnerability_id
      join products as product on product.id = f.product_id
      offset 0
    ) as f
    join assets as a on a.id = f.asset_id
    left join asset_packages as p on p.id = f.package_id
    left join asset_software as software on software.asset_id = f.asset_id
    left join assets as worst on worst.id = f.worst_asset_id and ${has(sql.ref('f.worst_asset_id'))}
    ${shown.join}
    order by f.position`.execute(db);
  return rows;
};

/**
 * The factors shown. When the worst instance of an image lies outside the scope, those of the worst inside it; an image that
 * runs only elsewhere is shown as one at rest. Lists keep the order of the stored risk.
 */
const shownContext = (
  scope: Scope,
  has: InScope,
): { readonly columns: RawBuilder<unknown>; readonly join: RawBuilder<unknown> } => {
  if (scope === null) {
    return { columns: sql`f.exposure, f.use_value, f.impact, f.risk, f.exposure_kind, f.use_kind`, join: sql`` };
  }
  const isHidden = sql`(f.worst_asset_id is not null and worst.id is null)`;
  const one = (name: string, atRest: RawBuilder<unknown>) =>
    sql`case when ${isHidden} then coalesce(${sql.ref(`visible.${name}`)}, ${atRest}) else ${sql.ref(`f.${name}`)} end`;
  const [exposure, use, impact] = [
    one('exposure', sql.lit(exposureValues.nothingSeen)),
    one('use_value', sql.lit(useValues.notStarted)),
    one('impact', sql.lit(impactValues.notInUse)),
  ];
  return {
    columns: sql`
      (${exposure})::real as exposure, (${use})::real as use_value, (${impact})::real as impact,
      case when ${isHidden} then ${riskInSql(sql`f.likelihood`, exposure, use, impact)} else f.risk end as risk,
      ${one('exposure_kind', sql`'none-seen'`)} as exposure_kind, ${one('use_kind', sql`'installed'`)} as use_kind`,
    join: sql`
      left join lateral (
        select context.* from risk_contexts as own cross join lateral (
          select c.* from risk_contexts as c
          where c.asset_id = own.asset_id and c.instance_id = own.instance_id and c.package_id in (f.package_id, 0)
          order by c.package_id desc limit 1
        ) as context
        -- said inside, so that it is not looked for where the worst is in scope
        where ${isHidden} and own.asset_id = f.asset_id and own.package_id = 0 and own.instance_id <> f.asset_id
          and ${has(sql.ref('own.instance_id'))}
        order by context.exposure * context.use_value * context.impact desc limit 1
      ) as visible on true`,
  };
};

type InScope = ReturnType<typeof scopeOnce>['has'];

/** A host or container is its own instance. */
const instanceCount = (scope: Scope, has: InScope): RawBuilder<number> =>
  scope === null
    ? sql<number>`case a.kind when 'image' then coalesce(software.instances, 0) when 'upload' then 0 else 1 end`
    : sql<number>`case a.kind when 'image' then (
        select count(*)::int from assets as instance
        where instance.image_id = a.id and instance.status <> 'gone' and ${has(sql.ref('instance.id'))}
      ) when 'upload' then 0 else 1 end`;

export const presentFinding = (row: FindingRow): FindingSummary => ({
  id: row.id,
  kind: 'vulnerability',
  title: titleOf(row),
  severity: severityOfRisk(row.risk),
  risk: row.risk,
  bars: { likelihood: row.likelihood, exposure: row.exposure, use: row.use_value, impact: row.impact },
  status: row.status,
  vulnerability: row.vulnerability,
  package: {
    name: row.product,
    version: row.package_version,
    type: row.product_type,
    location: row.location ?? undefined,
    evidence: row.evidence ?? undefined,
    scope: row.package_scope ?? undefined,
  },
  fixedVersion: row.fixed_version ?? undefined,
  publishedSeverity: row.published_severity ?? undefined,
  cvssScore: row.cvss ?? undefined,
  epss: row.epss ?? undefined,
  kev: row.kev,
  asset: { id: row.asset_id, kind: row.asset_kind, name: row.asset_name },
  instances: row.instances,
  worst:
    row.worst_id === null || row.worst_kind === null || row.worst_name === null
      ? undefined
      : { id: row.worst_id, kind: row.worst_kind, name: row.worst_name },
  exposure: row.exposure_kind,
  use: row.use_kind,
  firstSeenAt: row.first_seen_at.toISOString(),
  lastSeenAt: (row.closed_at ?? row.matched_at ?? row.first_seen_at).toISOString(),
  closedAt: row.closed_at?.toISOString(),
  acceptedUntil: row.status === 'accepted' ? row.accepted_until?.toISOString() : undefined,
});

const useWords: Readonly<Record<UseKind, string>> = {
  running: 'runs',
  loaded: 'is loaded',
  installed: 'is installed',
  unknown: 'is installed',
};
const exposureWords: Readonly<Record<ExposureKind, string>> = {
  internet: ', faces the Internet',
  zones: ', is reached from other network zones',
  'own-network': '',
  'none-seen': '',
  unknown: '',
};

/** E.g. `libssl3 is loaded, faces the Internet and has CVE-2026-31431, which is being exploited now`. */
export const titleOf = (
  row: Pick<FindingRow, 'product' | 'vulnerability' | 'use_kind' | 'exposure_kind' | 'kev' | 'epss'>,
): string => {
  const urgency = row.kev
    ? ', which is being exploited now'
    : row.epss !== null && row.epss > 0.5
      ? ', which is likely to be exploited soon'
      : '';
  return `${row.product} ${useWords[row.use_kind]}${exposureWords[row.exposure_kind]} and has ${row.vulnerability}${urgency}`;
};

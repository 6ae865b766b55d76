import type { PackageItem } from '@parapet/contract/api';
import type { Distribution } from '@parapet/contract/sbom';
import { type RawBuilder, sql } from 'kysely';
import { type FeedState, isPackageUnmatched } from '../findings/unmatched.ts';

/** One row of `asset_packages` as lists of packages show it, with what is known of it. */
export type PackageRow = {
  readonly id: number;
  readonly purl: string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly architecture: string | null;
  readonly source_name: string | null;
  readonly licences: string[];
  readonly location: string;
  readonly use_kind: PackageItem['use'];
  readonly evidence: PackageItem['evidence'] | null;
  readonly scope: PackageItem['scope'] | null;
  readonly owner: string | null;
  readonly findings: number;
  readonly distribution: Distribution | null;
  readonly risk: number | null;
};

/** The columns of `PackageRow`, of `asset_packages as p` and `openFindings`. */
export const packageColumns: RawBuilder<unknown> = sql`p.id, p.purl, p.type, p.name, p.version, p.architecture, p.source_name,
  p.licences, p.location, p.use_kind, p.evidence, p.scope, p.owner, open_findings.findings, open_findings.risk,
  (select s.distribution from asset_software as s where s.asset_id = p.asset_id) as distribution`;

/** A join that counts the open findings of each `p`, with the worst of their risks. */
export const openFindings: RawBuilder<unknown> = sql`
  cross join lateral (
    select count(*)::int as findings, max(f.risk) as risk from findings as f where f.package_id = p.id and f.status = 'open'
  ) as open_findings`;

export const presentPackage = (row: PackageRow, feeds: FeedState): PackageItem => ({
  purl: row.purl,
  type: row.type,
  name: row.name,
  version: row.version,
  architecture: row.architecture ?? undefined,
  source: row.source_name ?? undefined,
  licences: row.licences,
  location: row.location,
  use: row.use_kind,
  evidence: row.evidence ?? undefined,
  scope: row.scope ?? undefined,
  owner: row.owner ?? undefined,
  findings: row.findings,
  unmatched: row.findings === 0 && isPackageUnmatched(feeds, row.type, row.distribution) ? true : undefined,
  risk: row.risk ?? undefined,
});

import type { VexDocument, VexProduct, VexStatus, VexVerdict } from '@parapet/advisories';
import type { FeedSource, FeedStatus, FindingSummary, RiskFactor, Scan, Scope } from '@parapet/contract/api';
import type { Distribution, Package, PackageEvidence, Sbom } from '@parapet/contract/sbom';
import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely';

type Json<T> = JSONColumnType<T & object, string, string>;
type NullableJson<T> = ColumnType<T | null, string | null, string | null>;
export type ExposureKind = FindingSummary['exposure'];
export type UseKind = FindingSummary['use'];
export type FindingStatus = FindingSummary['status'];

/** The latest SBOM of an asset by one reporter. */
export type SbomsTable = {
  id: string;
  asset_id: string;
  reporter_host_id: string | null;
  reporter_name: ColumnType<string | null, string | null | undefined, string | null>;
  scanner: ColumnType<string | null, string | null | undefined, string | null>;
  content_hash: string;
  status: 'succeeded' | 'partial';
  distribution: NullableJson<Distribution>;
  package_count: number;
  problems: Json<Sbom['problems']>;
  document: Buffer;
  made_at: Date;
  received_at: Date;
  current: Generated<boolean>;
};

/** How far an image's SBOM can be relied on for hosts that did not report it. */
export type SoftwareTrust = 'own' | 'agreed' | 'single' | 'contradicted' | 'uploaded';

/**
 * Why a list of packages was not matched: `distribution`, that has no advisories, whose packages are most of what there is; `types`, of
 * which none has any; `empty`, there are no packages.
 */
export type UnmatchedList = 'distribution' | 'types' | 'empty';

export type AssetSoftwareTable = {
  asset_id: string;
  sbom_id: string;
  distribution: NullableJson<Distribution>;
  package_count: number;
  removed_purls: Generated<string[]>;
  trust: SoftwareTrust;
  instances: Generated<number>;
  matched_feed: string | null;
  matched_at: Date | null;
  match_digest: string | null;
  unmatched: UnmatchedList | null;
  closed_as_gone: Generated<boolean>;
};

export type AssetPackagesTable = {
  id: GeneratedAlways<number>;
  asset_id: string;
  purl: string;
  package_key: string;
  type: string;
  name: string;
  version: string;
  architecture: string | null;
  source_name: string | null;
  source_version: string | null;
  licences: string[];
  location: string;
  files: string[];
  use_kind: Generated<UseKind>;
  evidence: PackageEvidence | null;
  owner: string | null;
  scope: NonNullable<Package['scope']> | null;
};

/** A package list that another one replaced. */
export type PackageHistoryTable = {
  id: string;
  asset_id: string;
  content_hash: string;
  package_count: number;
  document: Buffer;
  received_at: Date;
  replaced_at: Date;
};

/** Every package name that was seen, however many assets have it; see migration 0011. */
export type PackageNamesTable = { type: string; name: string };

export type VulnerabilitiesTable = {
  id: GeneratedAlways<number>;
  key: string;
  summary: string;
  aliases: string[];
  published_severity: string | null;
  cvss: number | null;
  epss: number | null;
  kev: boolean;
  exploit: boolean;
  likelihood: number;
  likelihood_factor: Json<RiskFactor>;
  feed_version: string;
  search: string;
};

export type ProductsTable = { id: GeneratedAlways<number>; type: string; name: string };

export type FixesTable = {
  id: GeneratedAlways<number>;
  key: string;
  title: string;
  command: string | null;
  fixed_version: string | null;
};

export type AcceptancesTable = {
  id: string;
  reason: string;
  by_name: string;
  at: Date;
  until: Date;
  ended_at: Date | null;
  ended_by: string | null;
};

export type FindingsTable = {
  id: string;
  asset_id: string;
  package_id: number | null;
  package_key: string;
  product_id: number;
  vulnerability_id: number;
  fix_id: number;
  kind: Generated<'vulnerability'>;
  status: FindingStatus;
  purl: string;
  package_version: string;
  advisory_id: string;
  fixed_version: string | null;
  affected_ranges: Generated<string[]>;
  cvss: number | null;
  epss: number | null;
  kev: boolean;
  epss_high: boolean;
  exploit: boolean;
  likelihood: number;
  exposure: number;
  use_value: number;
  impact: number;
  risk: number;
  exposure_kind: ExposureKind;
  use_kind: UseKind;
  worst_asset_id: string | null;
  formula: string;
  feed_version: string;
  first_seen_at: Date;
  closed_at: Date | null;
  close_reason: string | null;
  acceptance_id: string | null;
  accepted_until: Date | null;
  ecosystem: string | null;
  notes: Generated<string[]>;
  other_purls: Generated<string[]>;
  cell: GeneratedAlways<number>;
};

export type FindingHistoryTable = {
  id: GeneratedAlways<number>;
  finding_id: string;
  at: Date;
  text: string;
  by_name: string | null;
};

export type VexDocumentsTable = {
  id: string;
  format: VexDocument['format'];
  document_id: string;
  author: string | null;
  name: string;
  statements: number;
  content_hash: string;
  document: Buffer;
  scope: NullableJson<NonNullable<Scope>>;
  scope_key: string;
  uploaded_by: string;
  uploaded_at: Date;
};

export type VexStatementsTable = {
  id: GeneratedAlways<number>;
  vex_document_id: string;
  names: string[];
  products: Json<readonly VexProduct[]>;
  status: VexStatus;
  justification: string | null;
  words: string | null;
  at: Date | null;
};

export type VexNamesTable = { name: string; statement_id: number };

/** What VEX documents say of a finding now. */
export type FindingVexTable = {
  finding_id: string;
  verdict: Json<VexVerdict>;
  vex_document_id: string;
  since: Date;
};

export type VexQueueTable = { asset_id: string };

export type FindingTotalsTable = { cell: number; findings: number; risk_sum: number };
export type FindingAssetCountsTable = FindingTotalsTable & { asset_id: string; risk_max: number };
export type FindingGroupCountsTable = FindingTotalsTable & {
  grouping: 'fix' | 'vulnerability' | 'package';
  group_id: number;
  risk_max: number;
};

export type FindingGroupTotalsTable = Omit<FindingGroupCountsTable, 'cell'> & { status: number; kev: number };

export type ContextFactors = { readonly exposure: RiskFactor; readonly use: RiskFactor; readonly impact: RiskFactor };

export type RiskContextsTable = {
  asset_id: string;
  instance_id: string;
  package_id: number;
  exposure: number;
  use_value: number;
  impact: number;
  exposure_kind: ExposureKind;
  use_kind: UseKind;
  factors: Json<ContextFactors>;
};

export type RiskQueueTable = { asset_id: string; due_at: Date | null; computed_at: Date | null };

export type InternetDistancesTable = {
  asset_id: string;
  hops: number;
  via_asset_id: string | null;
  protocol: string;
  port: number;
};

export type RiskHoursTable = { at: Date; risk: number; open: number };
export type RiskDaysTable = { day: ColumnType<Date, string, string>; asset_id: string; risk: number; open: number };

export type ScansTable = {
  id: string;
  asset_id: string;
  host_id: string;
  cause: Scan['cause'];
  requested_by: string | null;
  state: Scan['state'];
  progress: number | null;
  message: string | null;
  packages: number | null;
  findings: number | null;
  attempt: Generated<number>;
  created_at: Date;
  due_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  deadline: Date;
};

export type ScanStampsTable = { asset_id: string; stamp: string };

export type FeedVersionsTable = {
  version: string;
  file: string;
  origin: 'publishers' | 'bundle';
  advisories: number;
  size_bytes: number;
  sources: Json<readonly FeedSource[]>;
  activated_at: Date;
  active: boolean;
};

export type FeedStateTable = {
  only_row: Generated<boolean>;
  schedule_enabled: boolean;
  schedule_by_person: Generated<boolean>;
  every_hours: number;
  next_at: Date | null;
  update_progress: NullableJson<NonNullable<FeedStatus['update']>>;
  rematch_total: Generated<number>;
};

/** Tables of SBOMs, findings, scans and feeds. */
export type FindingsTables = {
  sboms: SbomsTable;
  asset_software: AssetSoftwareTable;
  asset_packages: AssetPackagesTable;
  package_names: PackageNamesTable;
  package_history: PackageHistoryTable;
  vulnerabilities: VulnerabilitiesTable;
  products: ProductsTable;
  fixes: FixesTable;
  acceptances: AcceptancesTable;
  findings: FindingsTable;
  finding_history: FindingHistoryTable;
  vex_documents: VexDocumentsTable;
  vex_statements: VexStatementsTable;
  vex_names: VexNamesTable;
  finding_vex: FindingVexTable;
  vex_queue: VexQueueTable;
  finding_totals: FindingTotalsTable;
  finding_asset_counts: FindingAssetCountsTable;
  finding_group_counts: FindingGroupCountsTable;
  finding_group_totals: FindingGroupTotalsTable;
  risk_contexts: RiskContextsTable;
  risk_queue: RiskQueueTable;
  internet_distances: InternetDistancesTable;
  risk_hours: RiskHoursTable;
  risk_days: RiskDaysTable;
  scans: ScansTable;
  scan_stamps: ScanStampsTable;
  feed_versions: FeedVersionsTable;
  feed_state: FeedStateTable;
};

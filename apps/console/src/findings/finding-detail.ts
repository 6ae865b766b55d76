import type { Advisory, AdvisoryDatabase, VexVerdict } from '@parapet/advisories';
import type { FindingDetail, Risk, RiskFactor, Scope } from '@parapet/contract/api';
import type { Distribution } from '@parapet/contract/sbom';
import { notFound } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { SoftwareTrust } from '../database/tables/findings.ts';
import { inScope } from '../people/scope.ts';
import { factor, riskOf } from '../risk/formula.ts';
import { fixOf } from './finding-fix.ts';
import { readFindingInstances } from './finding-instances.ts';
import { presentFinding, readFindingRows } from './finding-rows.ts';

/** Everything about one finding. Throws `not-found` for one outside the scope just as for one that is not there. */
export const readFindingDetail = async (
  db: Database,
  advisories: AdvisoryDatabase | undefined,
  id: string,
  scope: Scope,
): Promise<FindingDetail> => {
  const page = sql`
    select f.id, 1 as position from findings as f where f.id = ${id} and ${inScope(scope, sql.ref('f.asset_id'))}`;
  const [row] = await readFindingRows(db, page, scope);
  const extra = await readExtra(db, id);
  if (row === undefined || extra === undefined) throw notFound('This finding');
  const { asset_id: assetId, purl } = row;
  const likelihood = { ...extra.likelihood_factor, value: row.likelihood };
  const [instances, history, elsewhere] = await Promise.all([
    readFindingInstances(db, { assetId, packageId: extra.package_id, purl, likelihood }, scope),
    readHistory(db, id),
    readElsewhere(db, extra.vulnerability_id, assetId, scope),
  ]);
  const advisory = advisories?.advisory(extra.advisory_id) ?? advisories?.advisoriesOf(row.vulnerability)[0];
  const why = withTrust(instances[0]?.risk ?? unobserved(likelihood), extra.trust);
  return {
    ...presentFinding(row),
    ...advisoryPart(extra, advisory),
    affectedRanges: extra.affected_ranges,
    purl,
    sourcePackage: extra.source_name ?? undefined,
    location: extra.location ?? 'no longer there',
    ecosystem: extra.ecosystem ?? undefined,
    notes: extra.notes,
    why,
    // An image at rest is no instance of itself, nor is what was scanned elsewhere.
    instanceList: instances.filter(
      (instance) => (row.asset_kind !== 'image' && row.asset_kind !== 'upload') || instance.assetId !== assetId,
    ),
    fix: fixOf(row, why, extra.distribution),
    acceptance:
      row.status === 'accepted' &&
      extra.reason !== null &&
      extra.by_name !== null &&
      extra.at !== null &&
      extra.until !== null
        ? { reason: extra.reason, by: extra.by_name, at: extra.at.toISOString(), until: extra.until.toISOString() }
        : undefined,
    vex: row.status === 'closed' ? undefined : vexOf(extra),
    history: [...history, { at: row.first_seen_at.toISOString(), text: 'First seen' }],
    elsewhere,
    feedVersion: extra.feed_version,
  };
};

type ExtraRow = {
  readonly package_id: number | null;
  readonly vulnerability_id: number;
  readonly advisory_id: string;
  readonly affected_ranges: string[];
  readonly ecosystem: string | null;
  readonly notes: string[];
  readonly feed_version: string;
  readonly summary: string;
  readonly aliases: string[];
  readonly likelihood_factor: RiskFactor;
  readonly source_name: string | null;
  readonly location: string | null;
  readonly trust: SoftwareTrust | null;
  readonly distribution: Distribution | null;
  readonly reason: string | null;
  readonly by_name: string | null;
  readonly at: Date | null;
  readonly until: Date | null;
  readonly verdict: VexVerdict | null;
  readonly vex_document_id: string | null;
  readonly vex_since: Date | null;
};

const readExtra = async (db: Database, id: string): Promise<ExtraRow | undefined> =>
  (
    await sql<ExtraRow>`
      select f.package_id, f.vulnerability_id, f.advisory_id, f.affected_ranges, f.ecosystem, f.notes, f.feed_version, v.summary, v.aliases, v.likelihood_factor,
        p.source_name, p.location, software.trust, software.distribution, acceptance.reason, acceptance.by_name, acceptance.at, acceptance.until,
        vex.verdict, vex.vex_document_id, vex.since as vex_since
      from findings as f join vulnerabilities as v on v.id = f.vulnerability_id
      left join asset_packages as p on p.id = f.package_id
      left join asset_software as software on software.asset_id = f.asset_id
      left join acceptances as acceptance on acceptance.id = f.acceptance_id
      left join finding_vex as vex on vex.finding_id = f.id
      where f.id = ${id}`.execute(db)
  ).rows[0];

const vexOf = ({ verdict, vex_document_id: vexId, vex_since: since }: ExtraRow): FindingDetail['vex'] => {
  if (verdict === null || vexId === null || since === null) return undefined;
  const { others = [], ...word } = verdict;
  return { ...word, vexId, since: since.toISOString(), others: others.slice(0, 20) };
};

const advisoryPart = (extra: ExtraRow, advisory: Advisory | undefined) => ({
  summary: extra.summary,
  details: advisory?.details ?? '',
  aliases: extra.aliases,
  references: (advisory?.references ?? []).filter((reference) => /^https?:\/\//.test(reference.url)).slice(0, 100),
  cvssVectors: (advisory?.cvss ?? []).map((score) => ({ ...score })),
  published: instantOf(advisory?.published),
});

const instantOf = (text: string | undefined): string | undefined => {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
};

const unobserved = (likelihood: RiskFactor): Risk => {
  const unknown = factor(0.5, 'Not computed yet', [], false);
  return riskOf({ likelihood, exposure: unknown, use: unknown, impact: unknown });
};

const trustWords: Partial<Record<SoftwareTrust, string>> = {
  single: 'One host reported the packages of this image; no second host has confirmed them yet',
  uploaded: 'The packages were uploaded; no sensor has confirmed them',
  contradicted: 'Hosts report different packages for this image; what most of them say is shown',
};

/** How far the package list itself can be relied on belongs to the evidence of use. */
const withTrust = (risk: Risk, trust: SoftwareTrust | null): Risk => {
  const text = trust === null ? undefined : trustWords[trust];
  if (text === undefined) return risk;
  return { ...risk, use: { ...risk.use, evidence: [...risk.use.evidence, { kind: 'blind', text }] } };
};

const historyLimit = 200;

const readHistory = async (db: Database, id: string): Promise<FindingDetail['history']> => {
  const rows = await db
    .selectFrom('finding_history')
    .select(['at', 'text', 'by_name'])
    .where('finding_id', '=', id)
    .orderBy('id', 'desc')
    .limit(historyLimit)
    .execute();
  return rows.map((row) => ({ at: row.at.toISOString(), text: row.text, by: row.by_name ?? undefined }));
};

const readElsewhere = async (
  db: Database,
  vulnerabilityId: number,
  assetId: string,
  scope: Scope,
): Promise<FindingDetail['elsewhere']> => {
  const { rows } = await sql<FindingDetail['elsewhere']>`
    select count(distinct f.asset_id) as assets, count(*) as findings from findings as f
    where f.vulnerability_id = ${vulnerabilityId} and f.asset_id <> ${assetId} and f.status = 'open'
      and ${inScope(scope, sql.ref('f.asset_id'))}`.execute(db);
  return rows[0] ?? { assets: 0, findings: 0 };
};

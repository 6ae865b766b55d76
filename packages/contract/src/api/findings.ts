import { z } from 'zod';
import { PackageEvidence } from '../sbom.ts';
import { AssetKind } from './assets.ts';
import { Facet, Id, Instant, list, PageQuery, pageOf } from './common.ts';
import { route, scoped } from './route.ts';

/** Risk bands: critical from 80, high from 50, medium from 20, low below. */
export const severities = ['critical', 'high', 'medium', 'low'] as const;
export const Severity = z.enum(severities);
export type Severity = z.infer<typeof Severity>;
export const severityOfRisk = (risk: number): Severity =>
  risk >= 80 ? 'critical' : risk >= 50 ? 'high' : risk >= 20 ? 'medium' : 'low';

export const findingKinds = ['vulnerability'] as const;
export const FindingKind = z.enum(findingKinds);
/** `ruled-out`: a VEX document says that it is not affected or fixed. */
export const FindingStatus = z.enum(['open', 'accepted', 'ruled-out', 'closed']);

/** One of the four factors of risk. `value` is 0 to 1; `known` is false when we are blind and show the stated middle value. */
export const RiskFactor = z.object({
  value: z.number().min(0).max(1),
  known: z.boolean(),
  /** One sentence. */
  reason: z.string(),
  evidence: z.array(
    z.object({
      kind: z.enum([
        'kev',
        'epss',
        'cvss',
        'exploit',
        'listener',
        'edge',
        'path',
        'process',
        'file',
        'privilege',
        'mount',
        'blind',
        'feed',
      ]),
      text: z.string(),
      /** What it links to: a node or asset id, a path, a URL. */
      ref: z.string().optional(),
    }),
  ),
});
export type RiskFactor = z.infer<typeof RiskFactor>;

export const riskFactors = ['likelihood', 'exposure', 'use', 'impact'] as const;
export const Risk = z.object({
  /** 0 to 100: the product of the factors, scaled. */
  value: z.number().min(0).max(100),
  formula: z.string(),
  likelihood: RiskFactor,
  exposure: RiskFactor,
  use: RiskFactor,
  impact: RiskFactor,
});
export type Risk = z.infer<typeof Risk>;

/** Just the four numbers, for lists. */
export const RiskBars = z.object({ likelihood: z.number(), exposure: z.number(), use: z.number(), impact: z.number() });

export const FindingSummary = z.object({
  id: Id,
  kind: FindingKind,
  /** Headline sentence. */
  title: z.string(),
  severity: Severity,
  risk: z.number(),
  bars: RiskBars,
  status: FindingStatus,
  vulnerability: z.string(),
  package: z.object({
    name: z.string(),
    version: z.string(),
    /** `dpkg`, `apk`, `rpm`, or the type of its package URL: `npm`, `pypi`. */
    type: z.string(),
    /** The database, manifest or file it was found in; absent once it is gone. */
    location: z.string().optional(),
    evidence: PackageEvidence.optional(),
    scope: z.enum(['dev', 'optional', 'test', 'build']).optional(),
  }),
  fixedVersion: z.string().optional(),
  /** What the publisher says, apart from risk here. */
  publishedSeverity: z.string().optional(),
  cvssScore: z.number().optional(),
  epss: z.number().optional(),
  kev: z.boolean(),
  asset: z.object({ id: Id, kind: AssetKind, name: z.string() }),
  /** Where it runs. For an image: its containers. */
  instances: z.number().int(),
  /** The instance whose risk is shown. */
  worst: z.object({ id: Id, kind: AssetKind, name: z.string() }).optional(),
  exposure: z.enum(['internet', 'zones', 'own-network', 'none-seen', 'unknown']),
  use: z.enum(['running', 'loaded', 'installed', 'unknown']),
  firstSeenAt: Instant,
  lastSeenAt: Instant,
  closedAt: Instant.optional(),
  acceptedUntil: Instant.optional(),
});
export type FindingSummary = z.infer<typeof FindingSummary>;

export const FindingInstance = z.object({
  assetId: Id,
  kind: AssetKind,
  name: z.string(),
  hostname: z.string().optional(),
  status: z.enum(['running', 'stopped', 'unknown', 'gone', 'present']),
  risk: Risk,
});
export type FindingInstance = z.infer<typeof FindingInstance>;

/** What a VEX document says of a finding. */
export const VexWord = z.object({
  status: z.enum(['not_affected', 'affected', 'fixed', 'under_investigation']),
  /** E.g. `vulnerable_code_not_in_execute_path`. */
  justification: z.string().optional(),
  text: z.string().optional(),
  at: Instant.optional(),
  /** The document's own name. */
  document: z.string(),
  author: z.string().optional(),
});
export type VexWord = z.infer<typeof VexWord>;

export const FindingDetail = FindingSummary.extend({
  summary: z.string(),
  details: z.string(),
  aliases: z.array(z.string()),
  references: z.array(z.object({ type: z.string(), url: z.string() })),
  cvssVectors: z.array(z.object({ version: z.string(), vector: z.string(), score: z.number() })),
  affectedRanges: z.array(z.string()),
  published: Instant.optional(),
  purl: z.string(),
  sourcePackage: z.string().optional(),
  location: z.string(),
  /** The OSV ecosystem whose advisories spoke; absent for findings of older versions. */
  ecosystem: z.string().optional(),
  /** What narrows it: the functions that are affected, the platforms it is limited to. */
  notes: z.array(z.string()),
  why: Risk,
  instanceList: z.array(FindingInstance),
  fix: z
    .object({
      /** E.g. `Upgrade libssl3 to 3.0.15-1~deb12u1`. */
      title: z.string(),
      /** Commands for this distribution; run one after the other. */
      commands: z.array(z.string()),
      note: z.string().optional(),
    })
    .optional(),
  acceptance: z.object({ reason: z.string(), by: z.string(), at: Instant, until: Instant }).optional(),
  /** What counts of the VEX documents that speak of it, since when, and what others say that was passed over. */
  vex: VexWord.extend({ vexId: Id, since: Instant, others: z.array(VexWord) }).optional(),
  history: z.array(z.object({ at: Instant, text: z.string(), by: z.string().optional() })),
  /** The same vulnerability on other assets. */
  elsewhere: z.object({ assets: z.number().int(), findings: z.number().int() }),
  feedVersion: z.string(),
});
export type FindingDetail = z.infer<typeof FindingDetail>;

export const FindingGroup = z.object({
  /** The key of the group, to be used as its filter. */
  key: z.string(),
  title: z.string(),
  detail: z.string(),
  /** A command that applies the fix, when grouping by fix. */
  command: z.string().optional(),
  findings: z.number().int(),
  assets: z.number().int(),
  vulnerabilities: z.number().int(),
  kev: z.number().int(),
  risk: z.number(),
  bars: RiskBars,
  severity: Severity,
  firstSeenAt: Instant,
});
export type FindingGroup = z.infer<typeof FindingGroup>;

export const FindingFilter = {
  q: z.string().max(256).optional(),
  kind: list(FindingKind),
  status: list(FindingStatus),
  severity: list(Severity),
  exposure: list(z.string().max(32)),
  use: list(z.string().max(32)),
  /** `kev`, `epss-high` (over 50 %), `exploit`. */
  exploited: list(z.string().max(32)),
  fixable: z.preprocess((v) => (v === 'true' ? true : v === 'false' ? false : v), z.boolean().optional()),
  assetId: Id.optional(),
  /** An asset and what runs on or from it: a host with its containers and their images. */
  within: Id.optional(),
  vulnerability: z.string().max(128).optional(),
  package: z.string().max(256).optional(),
  fix: z.string().max(512).optional(),
  minRisk: z.coerce.number().min(0).max(100).optional(),
} as const;
const filter = z.object(FindingFilter);
export type FindingFilter = z.infer<typeof filter>;

const params = z.object({ findingId: Id });
const selection = z.object({
  ids: z.array(Id).min(1).max(1000).optional(),
  /** All that match this filter, when no ids are given. */
  filter: filter.optional(),
});

export const findingRoutes = {
  'findings.list': route({
    method: 'GET',
    path: '/api/v1/findings',
    summary: 'Findings, most exploitable first',
    tag: 'findings',
    access: scoped('findings:read'),
    query: z.object({ ...PageQuery, ...FindingFilter, sort: z.enum(['risk', 'newest', 'cvss']).default('risk') }),
    response: pageOf(FindingSummary),
  }),
  'findings.facets': route({
    method: 'GET',
    path: '/api/v1/findings/facets',
    summary: 'Counts by facet, each under all the other filters',
    tag: 'findings',
    access: scoped('findings:read'),
    query: filter,
    response: z.object({ facets: z.array(Facet), total: z.number().int() }),
  }),
  'findings.groups': route({
    method: 'GET',
    path: '/api/v1/findings/groups',
    summary: 'Findings grouped by fix, vulnerability, asset or package, highest risk first',
    tag: 'findings',
    access: scoped('findings:read'),
    query: z.object({
      ...PageQuery,
      ...FindingFilter,
      by: z.enum(['fix', 'vulnerability', 'asset', 'package']).default('fix'),
    }),
    response: pageOf(FindingGroup).extend({
      /** Findings in all groups, and the share of all risk that the first five groups carry. */
      findings: z.number().int(),
      topFiveShare: z.number(),
    }),
  }),
  'findings.get': route({
    method: 'GET',
    path: '/api/v1/findings/:findingId',
    summary: 'One finding with its reasons',
    tag: 'findings',
    access: scoped('findings:read'),
    params,
    response: FindingDetail,
  }),
  'findings.accept': route({
    method: 'POST',
    path: '/api/v1/findings/accept',
    summary: 'Accept the risk of findings for a time and a reason',
    tag: 'findings',
    access: scoped('findings:write'),
    body: selection.extend({ reason: z.string().min(3).max(2048), until: Instant }),
    response: z.object({ changed: z.number().int(), undo: z.string() }),
  }),
  'findings.reopen': route({
    method: 'POST',
    path: '/api/v1/findings/reopen',
    summary: 'Take an acceptance back, by findings or by the `undo` of an acceptance',
    tag: 'findings',
    access: scoped('findings:write'),
    body: selection.extend({ undo: z.string().max(128).optional() }),
    response: z.object({ changed: z.number().int() }),
  }),
  'findings.export': route({
    method: 'GET',
    path: '/api/v1/findings/export',
    summary: 'All findings under a filter as CSV or JSON lines',
    tag: 'findings',
    access: scoped('findings:read'),
    query: z.object({ ...FindingFilter, format: z.enum(['csv', 'jsonl']).default('csv') }),
    responseStream: 'application/octet-stream',
  }),
} as const;

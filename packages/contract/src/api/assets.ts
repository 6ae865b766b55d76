import { z } from 'zod';
import { PackageEvidence } from '../sbom.ts';
import { Facet, Id, Instant, Labels, list, PageQuery, pageOf } from './common.ts';
import { route, scoped } from './route.ts';

/** `upload`: what somebody scanned elsewhere and uploaded; no sensor holds it. */
export const assetKinds = ['host', 'container', 'image', 'upload'] as const;
export const AssetKind = z.enum(assetKinds);
export type AssetKind = z.infer<typeof AssetKind>;

/** `unknown`: its host is silent, so it may or may not still run. */
export const AssetStatus = z.enum(['running', 'stopped', 'unknown', 'gone', 'present']);
export type AssetStatus = z.infer<typeof AssetStatus>;

export const FindingCounts = z.object({
  critical: z.number().int(),
  high: z.number().int(),
  medium: z.number().int(),
  low: z.number().int(),
});

/**
 * Why what is vulnerable on an asset is not known, so that having no findings says nothing: it was not scanned, or not matched yet;
 * there are no feeds, or none with advisories for its distribution; the scan found no packages.
 */
export const Unmatched = z.enum(['not-scanned', 'not-yet', 'no-feeds', 'no-advisories', 'no-packages']);
export type Unmatched = z.infer<typeof Unmatched>;

export const AssetSummary = z.object({
  id: Id,
  kind: AssetKind,
  name: z.string(),
  status: AssetStatus,
  /** Highest risk of its open findings, 0 to 100; 0 when none was found; absent when that says nothing. */
  risk: z.number().optional(),
  /** With a risk: that of what could be matched, as the packages of its languages. */
  unmatched: Unmatched.optional(),
  findings: FindingCounts,
  hostId: Id.optional(),
  hostname: z.string().optional(),
  imageId: Id.optional(),
  imageName: z.string().optional(),
  zone: z.string().optional(),
  labels: Labels,
  /** What it faces, from observed connections. */
  exposure: z.enum(['internet', 'zones', 'own-network', 'none-seen', 'unknown']),
  firstSeenAt: Instant,
  lastSeenAt: Instant,
  endedAt: Instant.optional(),
  scannedAt: Instant.optional(),
  /** With the status `unknown`: from when on nothing is heard of its host. */
  silentSince: Instant.optional(),
});
export type AssetSummary = z.infer<typeof AssetSummary>;

/** Kind-specific facts, shown as name and value; `group` gathers them under a heading. */
export const AssetFact = z.object({ group: z.string(), name: z.string(), value: z.string() });

export const AssetDetail = AssetSummary.extend({
  /** Those of `labels` that people gave, which alone can be changed. */
  givenLabels: Labels.optional(),
  facts: z.array(AssetFact),
  packageCount: z.number().int(),
  distribution: z.string().optional(),
  /** The hunt that finds its events; images have none. */
  hunt: z.string().optional(),
  /** Containers of a host; instances of an image. */
  containerCount: z.number().int(),
  scan: z
    .object({
      state: z.enum(['waiting', 'running', 'done', 'partial', 'failed']),
      at: Instant,
      message: z.string().optional(),
      reporter: z.string().optional(),
    })
    .optional(),
});
export type AssetDetail = z.infer<typeof AssetDetail>;

export const ProcessItem = z.object({
  id: z.string(),
  pid: z.number().int(),
  parentPid: z.number().int().optional(),
  name: z.string(),
  executable: z.string(),
  arguments: z.array(z.string()),
  user: z.string(),
  root: z.boolean(),
  startedAt: Instant,
  endedAt: Instant.optional(),
  containerId: Id.optional(),
  containerName: z.string().optional(),
  listening: z.array(z.object({ protocol: z.string(), address: z.string(), port: z.number().int() })),
});
export type ProcessItem = z.infer<typeof ProcessItem>;

/** One end of an edge as shown. `id` opens an asset; the Internet and strangers have none. */
export const EdgeEnd = z.object({
  kind: z.enum(['host', 'container', 'internet', 'address']),
  id: z.string().optional(),
  name: z.string(),
  process: z.string().optional(),
});

export const EdgeItem = z.object({
  id: z.string(),
  source: EdgeEnd,
  target: EdgeEnd,
  protocol: z.enum(['tcp', 'udp']),
  port: z.number().int(),
  publishedPort: z.number().int().optional(),
  /** Bytes from source to target and back; absent where the kernel does not count. */
  bytesSent: z.number().optional(),
  bytesReceived: z.number().optional(),
  connections: z.number().int(),
  firstSeenAt: Instant,
  lastSeenAt: Instant,
  endedAt: Instant.optional(),
  /** Sample of the far addresses when one end is the Internet. */
  addresses: z.array(z.string()).optional(),
  addressCount: z.number().int().optional(),
  /** Which ends reported it. */
  reporters: z.array(z.enum(['source', 'target'])),
});
export type EdgeItem = z.infer<typeof EdgeItem>;

export const PackageItem = z.object({
  purl: z.string(),
  type: z.string(),
  name: z.string(),
  version: z.string(),
  architecture: z.string().optional(),
  source: z.string().optional(),
  licences: z.array(z.string()),
  location: z.string(),
  /** How it is known: its files are there, a lock file names it, a manifest asks for it, it is compiled into a program. */
  evidence: PackageEvidence.optional(),
  /** What its project needs it for, where a lock file says; absent means to run. */
  scope: z.enum(['dev', 'optional', 'test', 'build']).optional(),
  /** The package URL of the distribution's package that owns it. */
  owner: z.string().optional(),
  /** `running`: a process of it runs. `loaded`: a library of it is mapped. `installed`: neither was seen. `unknown`: we cannot see processes here. */
  use: z.enum(['running', 'loaded', 'installed', 'unknown']),
  findings: z.number().int(),
  /** There are no advisories about its kind, or none at all: having no findings says nothing. */
  unmatched: z.literal(true).optional(),
  risk: z.number().optional(),
});
export type PackageItem = z.infer<typeof PackageItem>;

export const TimelineEntry = z.object({
  at: Instant,
  kind: z.enum([
    'first-seen',
    'started',
    'stopped',
    'listener-opened',
    'listener-closed',
    'edge-opened',
    'edge-closed',
    'scanned',
    'finding-opened',
    'finding-closed',
    'blind',
    'sensor-upgrade',
    'process-started',
    'process-ended',
  ]),
  text: z.string(),
  assetId: Id.optional(),
  findingId: Id.optional(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

const params = z.object({ assetId: Id });
/** A past moment; absent for now. */
const at = Instant.optional();

export const assetRoutes = {
  'assets.list': route({
    method: 'GET',
    path: '/api/v1/assets',
    summary: 'Assets by risk or name',
    tag: 'assets',
    access: scoped('assets:read'),
    query: z.object({
      ...PageQuery,
      q: z.string().max(256).optional(),
      kind: list(AssetKind),
      status: list(AssetStatus),
      exposure: list(z.string().max(32)),
      hostId: Id.optional(),
      imageId: Id.optional(),
      sort: z.enum(['risk', 'name', 'newest']).default('risk'),
      at,
    }),
    response: pageOf(AssetSummary),
  }),
  'assets.facets': route({
    method: 'GET',
    path: '/api/v1/assets/facets',
    summary: 'Counts by kind, status, exposure, zone',
    tag: 'assets',
    access: scoped('assets:read'),
    query: z.object({
      q: z.string().max(256).optional(),
      kind: list(AssetKind),
      status: list(AssetStatus),
      exposure: list(z.string().max(32)),
    }),
    response: z.object({ facets: z.array(Facet) }),
  }),
  'assets.get': route({
    method: 'GET',
    path: '/api/v1/assets/:assetId',
    summary: 'One asset',
    tag: 'assets',
    access: scoped('assets:read'),
    params,
    response: AssetDetail,
  }),
  'assets.label': route({
    method: 'PUT',
    path: '/api/v1/assets/:assetId/labels',
    summary: 'Set the labels people gave an asset; those of its runtime stay',
    tag: 'assets',
    access: scoped('assets:write'),
    params,
    body: z.object({ labels: z.record(z.string().min(1).max(256), z.string().max(1024)) }),
    response: AssetDetail,
  }),
  'assets.processes': route({
    method: 'GET',
    path: '/api/v1/assets/:assetId/processes',
    summary: 'Processes of a host or container, now or at a moment',
    tag: 'assets',
    access: scoped('assets:read'),
    params,
    query: z.object({ at }),
    response: z.object({ items: z.array(ProcessItem), cut: z.boolean() }),
  }),
  'assets.edges': route({
    method: 'GET',
    path: '/api/v1/assets/:assetId/edges',
    summary: 'What it talks to, now or at a moment',
    tag: 'assets',
    access: scoped('assets:read'),
    params,
    query: z.object({ at, includeEnded: z.preprocess((v) => v === 'true' || v === true, z.boolean()).default(false) }),
    response: z.object({ items: z.array(EdgeItem), cut: z.boolean() }),
  }),
  'assets.packages': route({
    method: 'GET',
    path: '/api/v1/assets/:assetId/packages',
    summary: 'Its packages',
    tag: 'assets',
    access: scoped('assets:read'),
    params,
    query: z.object({
      ...PageQuery,
      q: z.string().max(256).optional(),
      use: list(z.enum(['running', 'loaded', 'installed', 'unknown'])),
      type: list(z.string().max(32)),
      evidence: list(PackageEvidence),
    }),
    response: pageOf(PackageItem),
  }),
  'assets.sbom': route({
    method: 'GET',
    path: '/api/v1/assets/:assetId/sbom',
    summary: 'Its SBOM as a download',
    tag: 'assets',
    access: scoped('assets:read'),
    params,
    query: z.object({ format: z.enum(['cyclonedx', 'spdx', 'parapet']).default('cyclonedx') }),
    responseStream: 'application/json',
  }),
  'assets.timeline': route({
    method: 'GET',
    path: '/api/v1/assets/:assetId/timeline',
    summary: 'What happened to it, newest first',
    tag: 'assets',
    access: scoped('assets:read'),
    params,
    query: z.object({ ...PageQuery }),
    response: pageOf(TimelineEntry),
  }),
  'search.all': route({
    method: 'GET',
    path: '/api/v1/search',
    summary: 'Assets, findings, packages and vulnerabilities by name',
    tag: 'assets',
    access: scoped('assets:read'),
    query: z.object({ q: z.string().min(1).max(256), limit: z.coerce.number().int().min(1).max(50).default(12) }),
    response: z.object({
      items: z.array(
        z.object({
          kind: z.enum(['host', 'container', 'image', 'upload', 'finding', 'package', 'vulnerability', 'process']),
          id: z.string(),
          title: z.string(),
          detail: z.string(),
          risk: z.number().optional(),
        }),
      ),
    }),
  }),
} as const;

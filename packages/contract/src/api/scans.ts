import { z } from 'zod';
import { AssetKind } from './assets.ts';
import { Id, Instant, list, PageQuery, pageOf } from './common.ts';
import { Scope } from './people.ts';
import { route, scoped, unscoped } from './route.ts';

export const ScanState = z.enum(['waiting', 'sent', 'running', 'done', 'partial', 'failed', 'cancelled', 'expired']);

export const Scan = z.object({
  id: Id,
  asset: z.object({ id: Id, kind: AssetKind, name: z.string() }),
  /** The host whose sensor does it; without its id when it is out of the caller's scope. */
  host: z.object({ id: Id.optional(), name: z.string() }),
  cause: z.enum(['new', 'changed', 'schedule', 'person']),
  requestedBy: z.string().optional(),
  state: ScanState,
  progress: z.number().optional(),
  message: z.string().optional(),
  packages: z.number().int().optional(),
  findings: z.number().int().optional(),
  createdAt: Instant,
  startedAt: Instant.optional(),
  endedAt: Instant.optional(),
  deadline: Instant,
});
export type Scan = z.infer<typeof Scan>;

/** What is scanned without being asked for. */
export const ScanPolicy = z.object({
  /** Nothing is scanned by itself: neither what is new nor what changed. People may still ask. */
  paused: z.boolean(),
  /** Hosts and containers are scanned at least this often; also when new, and when their package databases change. */
  everyHours: z.number().int().min(1).max(720),
  /** Only assets that this label selector shows, with the images on their hosts; null for all. */
  scope: Scope,
});
export type ScanPolicy = z.infer<typeof ScanPolicy>;
export const defaultScanPolicy: ScanPolicy = { paused: false, everyHours: 24, scope: null };

export const UploadedScan = z.object({
  asset: z.object({ id: Id, kind: AssetKind, name: z.string() }),
  /** `shown`: it is what is known of the asset now. `kept-beside`: sensors have read the image themselves, whose word goes before. */
  outcome: z.enum(['shown', 'kept-beside']),
  status: z.enum(['succeeded', 'partial']),
  packages: z.number().int(),
  /** Open findings of the asset now; absent while the console has no advisories for its packages. */
  findings: z.number().int().optional(),
  message: z.string().optional(),
});
export type UploadedScan = z.infer<typeof UploadedScan>;

export const scanRoutes = {
  'scanPolicy.get': route({
    method: 'GET',
    path: '/api/v1/scan-policy',
    summary: 'What is scanned by itself',
    tag: 'scans',
    access: unscoped('scans:read'),
    response: ScanPolicy,
  }),
  'scanPolicy.update': route({
    method: 'PUT',
    path: '/api/v1/scan-policy',
    summary: 'Change what is scanned by itself',
    tag: 'scans',
    access: unscoped('system:write'),
    body: ScanPolicy,
    response: ScanPolicy,
  }),
  'scans.list': route({
    method: 'GET',
    path: '/api/v1/scans',
    summary: 'Scans, newest first',
    tag: 'scans',
    access: scoped('scans:read'),
    query: z.object({ ...PageQuery, state: list(ScanState), assetId: Id.optional() }),
    response: pageOf(Scan),
  }),
  'scans.create': route({
    method: 'POST',
    path: '/api/v1/scans',
    summary: 'Scan assets now; a host with everything on it when `deep`',
    tag: 'scans',
    access: scoped('scans:write'),
    body: z.object({ assetIds: z.array(Id).min(1).max(500), deep: z.boolean().default(false) }),
    response: z.object({ scans: z.array(Scan), skipped: z.array(z.object({ assetId: Id, reason: z.string() })) }),
  }),
  'scans.upload': route({
    method: 'POST',
    path: '/api/v1/scans/upload',
    summary: 'Take the packages of something that was scanned elsewhere (a document of `parapet sbom -o json`)',
    tag: 'scans',
    access: scoped('scans:write'),
    query: z.object({
      /** `name=value` by commas: whom the result is shown to. A caller with a scope needs those of the scope. */
      labels: list(z.string().min(3).max(1280)),
    }),
    bodyStream: 'application/octet-stream',
    response: UploadedScan,
  }),
  'scans.removeUpload': route({
    method: 'DELETE',
    path: '/api/v1/scans/uploads/:assetId',
    summary: 'Remove an uploaded scan; its findings end. The next upload of the same name brings it back',
    tag: 'scans',
    access: scoped('scans:write'),
    params: z.object({ assetId: Id }),
    response: z.object({
      /** Findings that ended with it. */
      closed: z.number().int(),
    }),
  }),
  'scans.cancel': route({
    method: 'POST',
    path: '/api/v1/scans/:scanId/cancel',
    summary: 'Cancel a scan',
    tag: 'scans',
    access: scoped('scans:write'),
    params: z.object({ scanId: Id }),
    response: Scan,
  }),
} as const;

import { z } from 'zod';
import { AssetKind } from './assets.ts';
import { Id, Instant, list, PageQuery, pageOf } from './common.ts';
import { route, scoped } from './route.ts';

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

export const scanRoutes = {
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

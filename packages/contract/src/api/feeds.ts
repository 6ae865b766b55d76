import { z } from 'zod';
import { Instant } from './common.ts';
import { route, unscoped } from './route.ts';

export const FeedSource = z.object({
  id: z.string(),
  /** E.g. `OSV Debian`, `CISA KEV`, `FIRST EPSS`. */
  name: z.string(),
  records: z.number().int(),
  /** The publisher's own date of the data. */
  dataAt: Instant.optional(),
  fetchedAt: Instant.optional(),
  licence: z.string().optional(),
  lastError: z.string().optional(),
});
export type FeedSource = z.infer<typeof FeedSource>;

export const FeedStatus = z.object({
  /** Absent while there are no feeds. */
  active: z
    .object({
      version: z.string(),
      activatedAt: Instant,
      advisories: z.number().int(),
      origin: z.enum(['publishers', 'bundle']),
      sizeBytes: z.number(),
    })
    .optional(),
  /** Earlier versions that can be rolled back to. */
  earlier: z.array(z.object({ version: z.string(), activatedAt: Instant, advisories: z.number().int() })),
  sources: z.array(FeedSource),
  update: z
    .object({
      state: z.enum(['running', 'done', 'failed']),
      step: z.string(),
      /** 0 to 1. */
      progress: z.number().optional(),
      startedAt: Instant,
      endedAt: Instant.optional(),
      error: z.string().optional(),
    })
    .optional(),
  rematch: z.object({ done: z.number().int(), total: z.number().int() }).optional(),
  schedule: z.object({ everyHours: z.number(), nextAt: Instant.optional(), enabled: z.boolean() }),
});
export type FeedStatus = z.infer<typeof FeedStatus>;

export const feedRoutes = {
  'feeds.status': route({
    method: 'GET',
    path: '/api/v1/feeds',
    summary: 'Which feeds are active and how old they are',
    tag: 'feeds',
    access: unscoped('feeds:read'),
    response: FeedStatus,
  }),
  'feeds.update': route({
    method: 'POST',
    path: '/api/v1/feeds/update',
    summary: 'Fetch from the publishers now',
    tag: 'feeds',
    access: unscoped('feeds:write'),
    response: FeedStatus,
  }),
  'feeds.import': route({
    method: 'POST',
    path: '/api/v1/feeds/import',
    summary: 'Import a bundle (zip, tar.gz, tar.zst); a broken one changes nothing',
    tag: 'feeds',
    access: unscoped('feeds:write'),
    bodyStream: 'application/octet-stream',
    response: FeedStatus,
  }),
  'feeds.rollback': route({
    method: 'POST',
    path: '/api/v1/feeds/rollback',
    summary: 'Make an earlier version active again',
    tag: 'feeds',
    access: unscoped('feeds:write'),
    body: z.object({ version: z.string().max(128) }),
    response: FeedStatus,
  }),
  'feeds.schedule': route({
    method: 'PUT',
    path: '/api/v1/feeds/schedule',
    summary: 'How often to fetch',
    tag: 'feeds',
    access: unscoped('feeds:write'),
    body: z.object({ enabled: z.boolean(), everyHours: z.number().int().min(1).max(168) }),
    response: FeedStatus,
  }),
} as const;

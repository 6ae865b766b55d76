import { z } from 'zod';
import { Instant } from './common.ts';
import { route, unscoped } from './route.ts';

const days = (least: number) => z.number().int().min(least).max(3650);

/** How long what is over is kept. What lasts, and what is known of assets now, is state and never trimmed. */
export const RetentionSettings = z.object({
  /** How far back any moment can be drawn. */
  graphDays: days(1),
  /** The most that the graph's past may take on the disk, in bytes; the oldest goes first. Null: no limit but the days. */
  graphBytes: z.number().int().min(100_000_000).max(1e15).nullable(),
  closedFindingsDays: days(1),
  /** Scans that are over, and risk over time. */
  scansDays: days(1),
  auditDays: days(30),
  /** Events of telemetry: as long, and as many bytes of them at most; the oldest go first. */
  telemetryDays: days(1),
  telemetryBytes: z.number().int().min(100_000_000).max(1e15),
});
export type RetentionSettings = z.infer<typeof RetentionSettings>;

export const defaultRetention: RetentionSettings = {
  graphDays: 30,
  graphBytes: null,
  closedFindingsDays: 90,
  scansDays: 90,
  auditDays: 365,
  telemetryDays: 7,
  telemetryBytes: 20_000_000_000,
};

export const retentionKinds = ['graph', 'closed-findings', 'scans', 'audit', 'telemetry'] as const;
export const RetentionKind = z.enum(retentionKinds);
export type RetentionKind = z.infer<typeof RetentionKind>;

/** What one kind takes, from the store itself. Rows and bytes of large tables are the database's estimates; events are counted. */
export const RetentionCost = z.object({
  kind: RetentionKind,
  days: z.number().int(),
  rows: z.number(),
  bytes: z.number(),
  /** Over the last 7 days, or since the first. */
  rowsPerDay: z.number(),
  bytesPerDay: z.number(),
  bytesPerHostDay: z.number().optional(),
  /** The end of the oldest that is kept. */
  oldest: Instant.optional(),
});
export type RetentionCost = z.infer<typeof RetentionCost>;

export const RetentionStatus = z.object({
  settings: RetentionSettings,
  defaults: RetentionSettings,
  kinds: z.array(RetentionCost),
  hosts: z.number().int(),
  measuredAt: Instant,
  disk: z.object({
    freeBytes: z.number(),
    totalBytes: z.number(),
    state: z.enum(['ok', 'tight', 'full']),
    /** Absent where the database lies elsewhere. */
    reserve: z.object({ bytes: z.number(), held: z.boolean() }).optional(),
  }),
  /** What takes the space, the largest first. */
  takes: z.array(z.object({ name: z.string(), bytes: z.number() })),
});
export type RetentionStatus = z.infer<typeof RetentionStatus>;

/** What would be removed at once if these settings were saved. */
export const RetentionPreview = z.object({
  deletes: z.array(
    z.object({
      kind: RetentionKind,
      rows: z.number(),
      bytes: z.number(),
      /** The span that goes: its length in days, and until when. */
      days: z.number(),
      until: Instant,
    }),
  ),
});
export type RetentionPreview = z.infer<typeof RetentionPreview>;

export const retentionRoutes = {
  'retention.get': route({
    method: 'GET',
    path: '/api/v1/retention',
    summary: 'How long what is over is kept, what that takes, and what takes the disk',
    tag: 'system',
    access: unscoped('system:read'),
    response: RetentionStatus,
  }),
  'retention.preview': route({
    method: 'GET',
    path: '/api/v1/retention/preview',
    summary: 'What settings would delete, before they are saved',
    tag: 'system',
    access: unscoped('system:read'),
    query: z.object({
      graphDays: z.coerce.number().pipe(days(1)),
      graphBytes: z.coerce.number().pipe(RetentionSettings.shape.graphBytes.unwrap()).optional(),
      closedFindingsDays: z.coerce.number().pipe(days(1)),
      scansDays: z.coerce.number().pipe(days(1)),
      auditDays: z.coerce.number().pipe(days(30)),
      telemetryDays: z.coerce.number().pipe(days(1)),
      telemetryBytes: z.coerce.number().pipe(RetentionSettings.shape.telemetryBytes),
    }),
    response: RetentionPreview,
  }),
  'retention.update': route({
    method: 'PUT',
    path: '/api/v1/retention',
    summary: 'Change how long what is over is kept; what is older goes at once and cannot be brought back',
    tag: 'system',
    access: unscoped('system:write'),
    body: RetentionSettings,
    response: RetentionStatus,
  }),
} as const;

import { z } from 'zod';
import { Instant } from './common.ts';
import { route, unscoped } from './route.ts';

export const BackupSummary = z.object({
  name: z.string(),
  takenAt: Instant,
  origin: z.enum(['manual', 'scheduled', 'before-upgrade']),
  /** The version of Parapet that made it. */
  program: z.string(),
  sizeBytes: z.number(),
});
export type BackupSummary = z.infer<typeof BackupSummary>;

export const BackupSchedule = z.object({
  enabled: z.boolean(),
  everyHours: z.number().int().min(1).max(720),
  /** How many of each origin are kept; older ones are removed. */
  keep: z.number().int().min(1).max(100),
});
export type BackupSchedule = z.infer<typeof BackupSchedule>;

export const BackupStatus = z.object({
  /** Where they lie on the console's machine. Nothing of them leaves it over the network. */
  folder: z.string(),
  /** Newest first. */
  backups: z.array(BackupSummary),
  schedule: BackupSchedule.extend({ nextAt: Instant.optional() }),
  /** Whether backups made by the console itself hold its keys, which needs a passphrase in its configuration. */
  withKeys: z.boolean(),
  running: z
    .object({
      step: z.string(),
      /** 0 to 1. */
      progress: z.number(),
      startedAt: Instant,
    })
    .optional(),
  lastFailure: z.object({ at: Instant, message: z.string() }).optional(),
  /** When this console is itself the restored copy of another. */
  restoredFrom: z.object({ takenAt: Instant, restoredAt: Instant, console: z.string() }).optional(),
});
export type BackupStatus = z.infer<typeof BackupStatus>;

export const backupRoutes = {
  'backups.status': route({
    method: 'GET',
    path: '/api/v1/backups',
    summary: 'Backups on the console’s machine, and when the next is made',
    tag: 'system',
    access: unscoped('system:read'),
    response: BackupStatus,
  }),
  'backups.make': route({
    method: 'POST',
    path: '/api/v1/backups',
    summary: 'Make a backup on the console’s machine now',
    tag: 'system',
    access: unscoped('system:write'),
    response: BackupStatus,
  }),
  'backups.schedule': route({
    method: 'PUT',
    path: '/api/v1/backups/schedule',
    summary: 'How often to make one, and how many to keep',
    tag: 'system',
    access: unscoped('system:write'),
    body: BackupSchedule,
    response: BackupStatus,
  }),
} as const;

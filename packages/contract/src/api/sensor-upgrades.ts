import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { route, scoped } from './route.ts';

/** `waiting`: its turn has not come, or its host is away. `expired`: its host did not come back in time. */
export const UpgradeState = z.enum(['waiting', 'sent', 'running', 'done', 'failed', 'cancelled', 'expired']);

/** The upgrade of one host's sensor. */
export const SensorUpgrade = z.object({
  id: Id,
  hostId: Id,
  hostname: z.string(),
  state: UpgradeState,
  /** What it is at: `download`, `unpack`, `self-check`, `trial`. */
  step: z.string().optional(),
  progress: z.number().optional(),
  fromVersion: z.string(),
  toVersion: z.string(),
  /** Why it failed, in a word that stays the same, and for people. */
  reason: z.string().optional(),
  message: z.string().optional(),
  startedAt: Instant.optional(),
  endedAt: Instant.optional(),
});
export type SensorUpgrade = z.infer<typeof SensorUpgrade>;

/** Upgrades that were asked for together: one host first, then a few at a time; the first that fails ends it. */
export const UpgradeRollout = z.object({
  id: Id,
  requestedBy: z.string(),
  createdAt: Instant,
  state: z.enum(['running', 'done', 'stopped']),
  /** Why it stopped. */
  message: z.string().optional(),
  endedAt: Instant.optional(),
  /** Those within the caller's scope. */
  upgrades: z.array(SensorUpgrade),
});
export type UpgradeRollout = z.infer<typeof UpgradeRollout>;

export const sensorUpgradeRoutes = {
  'sensorUpgrades.list': route({
    method: 'GET',
    path: '/api/v1/sensor-upgrades',
    summary: 'The last 20 rollouts of sensor upgrades, newest first, and what could be upgraded now',
    tag: 'sensors',
    access: scoped('sensors:read'),
    response: z.object({
      /** What this console has for sensors, by processor. */
      release: z.object({
        version: z.string(),
        archives: z.array(z.object({ architecture: z.string(), build: z.string(), sizeBytes: z.number().int() })),
        /** Why there is none, where there is none. */
        problem: z.string().optional(),
      }),
      /** Hosts that can be upgraded from here now. */
      upgradable: z.array(Id),
      rollouts: z.array(UpgradeRollout),
    }),
  }),
  'sensorUpgrades.create': route({
    method: 'POST',
    path: '/api/v1/sensor-upgrades',
    summary: 'Upgrade sensors: those named, or all that are outdated',
    tag: 'sensors',
    access: scoped('sensors:write'),
    body: z.union([z.object({ hostIds: z.array(Id).min(1).max(10_000) }), z.object({ outdated: z.literal(true) })]),
    response: z.object({
      rollout: UpgradeRollout.optional(),
      skipped: z.array(z.object({ hostId: Id, reason: z.string() })),
    }),
  }),
  'sensorUpgrades.stop': route({
    method: 'POST',
    path: '/api/v1/sensor-upgrades/:rolloutId/stop',
    summary: 'Begin no further upgrades of a rollout; those under way are cancelled where that is still possible',
    tag: 'sensors',
    access: scoped('sensors:write'),
    params: z.object({ rolloutId: Id }),
    response: UpgradeRollout,
  }),
} as const;

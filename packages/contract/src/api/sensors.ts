import { z } from 'zod';
import { flag, Id, Instant, Labels, PageQuery, pageOf } from './common.ts';
import { route, scoped, unscoped } from './route.ts';

export const EnrolmentKey = z.object({
  id: Id,
  name: z.string(),
  /** The network zone and labels of the hosts that enrol with it. */
  zone: z.string(),
  labels: Labels,
  createdBy: z.string(),
  createdAt: Instant,
  expiresAt: Instant,
  maxUses: z.number().int().optional(),
  uses: z.number().int(),
  revokedAt: Instant.optional(),
  state: z.enum(['usable', 'expired', 'used-up', 'revoked']),
});
export type EnrolmentKey = z.infer<typeof EnrolmentKey>;

/** `unknown` is a silence without a goodbye: what ran there may still run. `removed` took its leave for good. */
export const Presence = z.enum(['online', 'unknown', 'stopped', 'revoked', 'removed']);
export type Presence = z.infer<typeof Presence>;

export const Collector = z.object({
  name: z.string(),
  state: z.enum(['running', 'degraded', 'refused', 'failed']),
  source: z.string(),
  reason: z.string().optional(),
});

/** How a sensor's version stands to the console's. `unknown`: it says nothing of its program, as before 0.2. */
export const VersionStanding = z.enum(['current', 'outdated', 'newer', 'unknown']);
export type VersionStanding = z.infer<typeof VersionStanding>;

export const Sensor = z.object({
  hostId: Id,
  hostname: z.string(),
  presence: Presence,
  /** Since when the presence is what it is. */
  since: Instant,
  /** Why it is silent or stopped, in plain words. */
  cause: z.string().optional(),
  lastSeenAt: Instant.optional(),
  version: z.string(),
  standing: VersionStanding,
  /** Who can replace its program; absent before 0.2. See `SensorProgram` of the wire. */
  program: z
    .object({
      kind: z.enum(['installed', 'container', 'with-console', 'other']),
      build: z.string().optional(),
      architecture: z.string(),
      obstacle: z.string().optional(),
    })
    .optional(),
  /** Ends of the sensor in the last 7 days that nobody asked for: killed, crashed, out of memory. */
  unexpectedEnds: z.number().int(),
  enrolledAt: Instant,
  enrolment: z.enum(['new', 'same', 'taken-over', 'clone']),
  zone: z.string(),
  labels: Labels,
  address: z.string().optional(),
  certificate: z.object({ serial: z.string(), notAfter: Instant }),
  /** Sensor clock minus console clock. */
  skewMs: z.number(),
  rssBytes: z.number().optional(),
  anonymousBytes: z.number().optional(),
  cpuCores: z.number().optional(),
  queued: z.number().int(),
  queueAgeMs: z.number(),
  collectors: z.array(Collector),
  /** Of all that is kept of its losses: see `LossKind`. */
  lostEvents: z.number().int(),
  lostRecords: z.number().int(),
  refusedFrames: z.number().int(),
  /** In step with the console's copy, by digest. */
  inSync: z.boolean().optional(),
});
export type Sensor = z.infer<typeof Sensor>;

export const BlindInterval = z.object({
  hostId: Id,
  hostname: z.string(),
  collector: z.string(),
  from: Instant,
  to: Instant.optional(),
  cause: z.string(),
});
export type BlindInterval = z.infer<typeof BlindInterval>;

/**
 * `events` of telemetry that nobody can read any more; `records` of the inventory, so that a process, a connection or a container may be
 * missing from lists and the map; `arguments` of program starts that were told without them.
 */
export const LossKind = z.enum(['events', 'records', 'arguments']);
export type LossKind = z.infer<typeof LossKind>;

export const Loss = z.object({
  hostId: Id,
  hostname: z.string(),
  collector: z.string(),
  stage: z.string(),
  cause: z.string(),
  kind: LossKind,
  lost: z.number().int(),
  lastAt: Instant,
});
export type Loss = z.infer<typeof Loss>;

/** Skew beyond which the two clocks are said to differ. */
export const skewLimitMs = 2_000;

/** `presence`: silent first, then those with most trouble. What a sensor does not tell goes last in both directions. */
export const SensorSort = z.enum([
  'presence',
  'name',
  'troubles',
  'memory',
  'cpu',
  'queue',
  'version',
  'seen',
  'enrolled',
]);
export type SensorSort = z.infer<typeof SensorSort>;

/** Sensors that match the text, by presence, whichever was asked for; `troubled` of those online. */
export const SensorCounts = z.record(z.enum([...Presence.options, 'troubled']), z.number().int());
export type SensorCounts = z.infer<typeof SensorCounts>;

const keyParams = z.object({ keyId: Id });
const hostParams = z.object({ hostId: Id });

export const sensorRoutes = {
  'enrolmentKeys.list': route({
    method: 'GET',
    path: '/api/v1/enrolment-keys',
    summary: 'Enrolment keys, newest first; their secrets are not kept',
    tag: 'sensors',
    access: unscoped('sensors:write'),
    response: z.object({ items: z.array(EnrolmentKey) }),
  }),
  'enrolmentKeys.create': route({
    method: 'POST',
    path: '/api/v1/enrolment-keys',
    summary: 'Make an enrolment key; secret and command are in this answer only',
    tag: 'sensors',
    access: unscoped('sensors:write'),
    body: z.object({
      name: z.string().min(1).max(128),
      zone: z.string().min(1).max(128).default('default'),
      labels: z.record(z.string().max(256), z.string().max(1024)).default({}),
      expiresInHours: z.number().int().min(1).max(8760).default(24),
      maxUses: z.number().int().min(1).max(100_000).optional(),
    }),
    response: z.object({
      key: EnrolmentKey,
      secret: z.string(),
      /** SHA-256 of the authority's public key, which the sensor checks before it says anything. */
      authorityPin: z.string(),
      /** The addresses a sensor may use, best first. */
      consoleUrls: z.array(z.string()),
      /** What to run on the host, with the key by environment. */
      command: z.string(),
    }),
  }),
  'enrolmentKeys.revoke': route({
    method: 'DELETE',
    path: '/api/v1/enrolment-keys/:keyId',
    summary: 'Revoke an enrolment key; hosts that used it stay',
    tag: 'sensors',
    access: unscoped('sensors:write'),
    params: keyParams,
  }),
  'sensors.list': route({
    method: 'GET',
    path: '/api/v1/sensors',
    summary: 'Sensors and their health',
    tag: 'sensors',
    access: scoped('sensors:read'),
    query: z.object({
      ...PageQuery,
      sort: SensorSort.default('name'),
      direction: z.enum(['up', 'down']).default('up'),
      q: z.string().max(256).optional(),
      presence: Presence.optional(),
      includeRevoked: flag.default(false),
    }),
    response: pageOf(Sensor).extend({ counts: SensorCounts }),
  }),
  'sensors.get': route({
    method: 'GET',
    path: '/api/v1/sensors/:hostId',
    summary: 'One sensor with its blind intervals and losses of the last 7 days',
    tag: 'sensors',
    access: scoped('sensors:read'),
    params: hostParams,
    response: Sensor.extend({ blind: z.array(BlindInterval), losses: z.array(Loss) }),
  }),
  'sensors.revoke': route({
    method: 'POST',
    path: '/api/v1/sensors/:hostId/revoke',
    summary: 'Revoke a sensor’s certificate at once and close its connection',
    tag: 'sensors',
    access: scoped('sensors:write'),
    params: hostParams,
    body: z.object({ reason: z.string().min(1).max(1024) }),
  }),
  'sensors.resync': route({
    method: 'POST',
    path: '/api/v1/sensors/:hostId/resync',
    summary: 'Ask a sensor for a fresh snapshot',
    tag: 'sensors',
    access: scoped('sensors:write'),
    params: hostParams,
  }),
} as const;

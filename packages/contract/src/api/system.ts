import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { RiskBars, Severity } from './findings.ts';
import { route, scoped, signedIn, unscoped } from './route.ts';
import { BlindInterval, Loss } from './sensors.ts';

/** The trust signs at the top of every page. */
export const TrustSigns = z.object({
  feeds: z.object({ state: z.enum(['none', 'fresh', 'stale']), dataAt: Instant.optional() }),
  hosts: z.object({
    total: z.number().int(),
    silent: z.number().int(),
    /** Invented ones, whose sensors belong to a simulated fleet. */
    simulated: z.number().int(),
  }),
  /** Events and records of the inventory that were lost within 7 days. */
  lostEvents: z.number().int(),
  lostRecords: z.number().int(),
  blindHosts: z.number().int(),
  /** The file system of the data folder: from 85 % on `tight`; from 95 % on `full`, and nothing more is taken from sensors. */
  disk: z.object({ state: z.enum(['ok', 'tight', 'full']), usedShare: z.number() }),
  /** The database cannot be written: what is shown may be old. */
  degraded: z.string().optional(),
  at: Instant,
});
export type TrustSigns = z.infer<typeof TrustSigns>;

/** One of the few things to do first. */
export const Priority = z.object({
  id: z.string(),
  severity: Severity,
  risk: z.number(),
  bars: RiskBars,
  headline: z.string(),
  reason: z.string(),
  /** What the button does: a label and where it leads (path inside the web app). */
  action: z.object({ label: z.string(), to: z.string() }),
});
export type Priority = z.infer<typeof Priority>;

export const Overview = z.object({
  /** E.g. `Two things need you today`. */
  headline: z.string(),
  subline: z.string(),
  priorities: z.array(Priority).max(5),
  counts: z.object({
    hosts: z.number().int(),
    containers: z.number().int(),
    images: z.number().int(),
    /** Uploaded scans. */
    uploads: z.number().int(),
    openFindings: z.number().int(),
    /** Hosts, images and uploaded scans of which what is vulnerable is not known, so that no open findings say nothing of them. */
    notKnown: z.number().int(),
  }),
  newSince: z.object({
    since: Instant,
    containers: z.number().int(),
    hosts: z.number().int(),
    findingsOpened: z.number().int(),
    findingsClosed: z.number().int(),
    internetFacing: z.number().int(),
  }),
  blind: z.array(z.object({ title: z.string(), reason: z.string(), to: z.string().optional() })),
  /** One point an hour or a day: the sum of risk of all open findings, and how many. */
  riskOverTime: z.array(z.object({ at: Instant, risk: z.number(), open: z.number().int() })),
  /** Steps offered at the start; empty once done or dismissed. */
  steps: z.array(z.object({ id: z.enum(['add-host', 'get-feeds']), done: z.boolean() })),
});
export type Overview = z.infer<typeof Overview>;

export const SystemStatus = z.object({
  version: z.string(),
  name: z.string(),
  startedAt: Instant,
  dataDir: z.string(),
  stores: z.array(z.object({ name: z.string(), state: z.enum(['ok', 'away']), detail: z.string(), since: Instant })),
  /** Work that waits, by queue. */
  queues: z.array(
    z.object({
      name: z.string(),
      waiting: z.number().int(),
      active: z.number().int(),
      failed: z.number().int(),
      oldestMs: z.number(),
    }),
  ),
  ingest: z.object({
    connectedSensors: z.number().int(),
    framesPerSecond: z.number(),
    recordsPerSecond: z.number(),
    /** Sensor clock to committed, over the last minute. */
    lagMsP50: z.number().optional(),
    lagMsP99: z.number().optional(),
    refusedFrames: z.number().int(),
    unknownMessages: z.number().int(),
  }),
  memory: z.object({
    rssBytes: z.number(),
    heapBytes: z.number(),
    /** Tables of which a copy is held to answer from; there may be too many rows for it, then the database is asked. */
    copies: z.array(
      z.object({
        name: z.enum(['findings', 'assets', 'connections']),
        rows: z.number().int(),
        bytes: z.number().int(),
        state: z.enum(['reading', 'ready', 'too-many']),
      }),
    ),
  }),
  eventLoopLagMsP99: z.number(),
  disk: z.object({ freeBytes: z.number(), totalBytes: z.number(), dataBytes: z.number() }),
  losses: z.array(Loss),
  blind: z.array(BlindInterval),
  addresses: z.array(z.string()),
  /** What browsers meet: from files that people gave, or the console's own. Warnings are sentences for people. */
  certificate: z.object({ source: z.enum(['given', 'own']), expiresAt: Instant, warnings: z.array(z.string()) }),
});
export type SystemStatus = z.infer<typeof SystemStatus>;

/**
 * Events of the live feed (server-sent events; `Last-Event-ID` resumes, `reset` says that it could not and everything
 * shown must be fetched anew). They name what changed; what it is now is fetched, through the scope filter.
 */
export const LiveEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('reset') }),
  z.object({ kind: z.literal('map'), hostId: Id.optional() }),
  z.object({ kind: z.literal('assets'), ids: z.array(Id).max(100) }),
  z.object({ kind: z.literal('findings'), opened: z.number().int(), closed: z.number().int(), assetId: Id.optional() }),
  z.object({ kind: z.literal('sensors'), hostId: Id }),
  z.object({ kind: z.literal('scans'), scanId: Id }),
  z.object({ kind: z.literal('feeds') }),
  z.object({ kind: z.literal('trust') }),
]);
export type LiveEvent = z.infer<typeof LiveEvent>;

export const systemRoutes = {
  'overview.get': route({
    method: 'GET',
    path: '/api/v1/overview',
    summary: 'What to do first, what is new, where we are blind',
    tag: 'system',
    access: scoped('findings:read'),
    query: z.object({ since: Instant.optional() }),
    response: Overview,
  }),
  'trust.get': route({
    method: 'GET',
    path: '/api/v1/trust',
    summary: 'Data freshness, silent hosts, losses',
    tag: 'system',
    access: scoped('assets:read'),
    response: TrustSigns,
  }),
  'status.get': route({
    method: 'GET',
    path: '/api/v1/status',
    summary: 'The console’s own health: lag, queues, losses, blind intervals',
    tag: 'system',
    access: unscoped('system:read'),
    response: SystemStatus,
  }),
  'live.stream': route({
    method: 'GET',
    path: '/api/v1/live',
    summary: 'Live changes as server-sent events',
    tag: 'system',
    access: signedIn,
    responseStream: 'text/event-stream',
  }),
} as const;

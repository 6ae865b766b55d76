import { z } from 'zod';
import { type EventKind, eventActions, eventKinds } from '../telemetry/fields.ts';
import { LookedProcess, lookLimits } from '../wire/look.ts';
import { EdgeItem, FindingCounts, Unmatched } from './assets.ts';
import { flag, Id, Instant } from './common.ts';
import { HuntGap, maxGaps } from './hunt.ts';
import { route, scoped } from './route.ts';

/** Identity of a process on its host, `<pid>:<start in ticks after boot>`: as events and the inventory name it. */
export const ProcessKey = z.string().regex(/^\d{1,10}:\d{1,20}$/);

/** What is looked at: a process (`hostId` and `process`) or a container (`containerId`), in a span of time. */
const Subject = {
  hostId: Id.optional(),
  process: ProcessKey.optional(),
  containerId: Id.optional(),
  since: Instant,
  until: Instant,
};

export const ForensicProcess = z.object({
  id: ProcessKey,
  pid: z.number().int(),
  parentId: ProcessKey.optional(),
  name: z.string(),
  executable: z.string().optional(),
  /** What it ran last, secrets masked. */
  commandLine: z.string().optional(),
  /** What it ran before that in its own place, the last of them, oldest first; absent when that was seen to be nothing. */
  ranBefore: z.array(z.string()).max(8).optional(),
  user: z.string().optional(),
  startedAt: Instant.optional(),
  endedAt: Instant.optional(),
  exitCode: z.number().int().optional(),
  /** What told of it; `child`: only what it started names it. */
  knownBy: z.enum(['events', 'inventory', 'child']),
});
export type ForensicProcess = z.infer<typeof ForensicProcess>;

/** Kinds of events, and `started`: processes that the subject started. */
export const forensicLanes = [...(Object.keys(eventKinds) as EventKind[]), 'started'] as const;

export const ForensicPeer = z.object({
  direction: z.enum(['ingress', 'egress']),
  address: z.string(),
  /** The port of whoever served. */
  port: z.number().int().optional(),
  transport: z.string(),
  connections: z.number().int(),
  /** Tries that nobody answered. */
  failures: z.number().int(),
  /** By the subject; of connections that ended. */
  bytesSent: z.number(),
  bytesReceived: z.number(),
  firstAt: Instant,
  lastAt: Instant,
});
export type ForensicPeer = z.infer<typeof ForensicPeer>;

export const ForensicFile = z.object({
  path: z.string(),
  actions: z.array(z.object({ action: z.enum(eventActions), count: z.number().int() })).max(eventActions.length),
  firstAt: Instant,
  lastAt: Instant,
});
export type ForensicFile = z.infer<typeof ForensicFile>;

/** Everything that is known of one process or container in a span of time, bounded; what was left out is in `limits`. */
export const Forensics = z.object({
  subject: z.object({
    kind: z.enum(['process', 'container']),
    name: z.string(),
    hostId: Id,
    hostName: z.string(),
    /** The container, or the one that the process runs in, where the inventory knows it. */
    containerId: Id.optional(),
    containerName: z.string().optional(),
    process: ForensicProcess.optional(),
  }),
  since: Instant,
  until: Instant,
  /** Finds its events. */
  hunt: z.string(),
  /** Who started it, its parent first. `first`: up to the first process; `unseen`: what was before is not known, or not in the caller’s scope. */
  ancestry: z.object({
    processes: z.array(ForensicProcess).max(64),
    end: z.enum(['first', 'unseen', 'limit']),
  }),
  /** What it started, and those what they started; all processes of a container. Oldest first. */
  processes: z.array(ForensicProcess).max(2000),
  actions: z.array(z.object({ action: z.enum(eventActions), count: z.number().int() })).max(eventActions.length),
  lanes: z
    .array(
      z.object({
        lane: z.enum(forensicLanes),
        stepMs: z.number().int(),
        total: z.number().int(),
        buckets: z.array(z.object({ at: Instant, count: z.number().int() })).max(1001),
      }),
    )
    .max(forensicLanes.length),
  /** Whom its connections in events name, the busiest first. */
  peers: z.array(ForensicPeer).max(500),
  /** What the map knows: of its container, or of its program on its host. */
  edges: z.array(EdgeItem).max(500),
  files: z.array(ForensicFile).max(500),
  /** What it runs from, for who may see findings. */
  software: z
    .object({
      assetId: Id,
      name: z.string(),
      imageId: Id.optional(),
      imageName: z.string().optional(),
      packageCount: z.number().int(),
      findings: FindingCounts,
      risk: z.number().optional(),
      unmatched: Unmatched.optional(),
      scannedAt: Instant.optional(),
    })
    .optional(),
  gaps: z.array(HuntGap).max(maxGaps),
  /** What is not whole, in words. */
  limits: z.array(z.object({ part: z.string(), text: z.string() })).max(50),
});
export type Forensics = z.infer<typeof Forensics>;

/** What a process, or each process of a container, has open at a moment, as its sensor saw it. */
export const OpenNow = z.object({
  at: Instant,
  processes: z.array(LookedProcess).max(lookLimits.processes),
  /** Further processes, which were not looked at. */
  left: z.number().int(),
});
export type OpenNow = z.infer<typeof OpenNow>;

export const forensicRoutes = {
  'forensics.get': route({
    method: 'GET',
    path: '/api/v1/forensics',
    summary: 'What one process or container did in a span of time: ancestry, what it started, peers, files, gaps',
    tag: 'hunt',
    access: scoped('telemetry:read'),
    query: z.object(Subject),
    response: Forensics,
  }),
  'forensics.evidence': route({
    method: 'GET',
    path: '/api/v1/forensics/evidence',
    summary:
      'The same as one archive (tar, gzip) with all its events as JSON lines, and a manifest with hashes, gaps and limits as its last file',
    tag: 'hunt',
    access: scoped('telemetry:read'),
    query: z.object({
      ...Subject,
      /** Also what it has open now; why not, where its sensor cannot say, is in the manifest. */
      look: flag.default(false),
    }),
    responseStream: 'application/gzip',
  }),
  'forensics.look': route({
    method: 'POST',
    path: '/api/v1/forensics/look',
    summary: 'Ask the sensor now what a process, or each process of a container, has open: files, sockets, libraries',
    tag: 'hunt',
    access: scoped('telemetry:read'),
    body: z.object({ hostId: Id.optional(), process: ProcessKey.optional(), containerId: Id.optional() }),
    response: OpenNow,
  }),
} as const;

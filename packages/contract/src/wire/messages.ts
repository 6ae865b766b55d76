import { z } from 'zod';
import { channels } from './frame.ts';
import { Look, LookAnswer } from './look.ts';
import { InventoryRecord } from './records.ts';

/**
 * Messages by channel. An unknown `kind` is counted and skipped, never fatal; a known kind of the wrong shape is refused.
 *
 * The life of a connection: the sensor sends `hello`; the console answers `welcome` (or `refused` and closes). From then on
 * each side sends on a channel only up to the `limit` that the other granted by `flow`, and keeps what was not yet `acked`.
 *
 * Epochs and credit by channel: `control` needs no credit. The inventory stream's epoch outlives connections. On `control`,
 * `orders` and `bulk` every connection is an epoch of its own, number 1 in both directions, with `seq` from 1; what was not
 * answered when it ended (a task state, a transfer) is said again on the next one. Telemetry has epochs that outlive connections
 * too, see `telemetry/line.ts`; its frames are not looked into before they are acknowledged. Right after `welcome` the console grants
 * `inventory`, `telemetry`, `orders` and `bulk`, and the sensor grants `orders` and `bulk`, each with `acked` as far as it stands. A new
 * inventory epoch is greater than both sides' last one and starts with the credit of the latest `flow` (`limit - acked`); its
 * first message is `snapshot-begin`. A frame the console has already stored is acknowledged again and dropped; a frame that
 * leaves a gap, or that exceeds the credit, ends the connection. Answers (`task-acked`, `bulk-state`) need no credit.
 */
const timeMs = z.number().int().nonnegative().max(8.64e15);
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const uuid = z.uuid();
const channel = z.enum(channels);
/** Where a stream stands: the last frame of an epoch. Sequence 0 means none yet. */
export const Position = z.object({ epoch: count, seq: count });
export type Position = z.infer<typeof Position>;

// ---- control, sensor to console

/** Which telemetry policy a sensor follows. */
export const FollowedPolicy = z.object({
  /** As it came with the policy; `default` while it was given none. */
  digest: z.string().max(64),
  /** Actions of which it records nothing, whoever does them. What is not needed for anything else it does not even watch for. */
  off: z.array(z.string().max(64)).max(64),
  /** Which actions it knows, see `actionVocabulary`. It passes over others that a rule names, and records none of them. */
  vocabulary: z.number().int().optional(),
  /** Why it does not follow the last one that came. */
  problem: z.string().max(512).optional(),
});
export type FollowedPolicy = z.infer<typeof FollowedPolicy>;

/**
 * How the sensor's program came to its host, which decides who can replace it: `installed` below its own folder, where it can
 * upgrade itself; a `container`'s comes with the image; `with-console` is started by `parapet up` and comes with the console;
 * `other` is run by hand, e.g. from a checkout.
 */
export const SensorProgram = z.object({
  kind: z.enum(['installed', 'container', 'with-console', 'other']).catch('other'),
  /** `<version>-<first 12 hex digits of the archive's SHA-256>`, where it came from an archive. */
  build: z.string().max(128).optional(),
  /** As Node names it, e.g. `x64`. */
  architecture: z.string().max(32),
  /** Why an installed one cannot upgrade itself. */
  obstacle: z.string().max(512).optional(),
});
export type SensorProgram = z.infer<typeof SensorProgram>;

export const Hello = z.object({
  kind: z.literal('hello'),
  protocol: z.object({ current: z.number().int(), oldest: z.number().int() }),
  sensorVersion: z.string().max(64),
  bootId: z.string().max(64),
  /** Changes with each start of the sensor process. */
  runId: uuid,
  /** Since when it watches: its collectors have begun. */
  startedAt: timeMs,
  sentAt: timeMs,
  /** How the run before this one ended, where it is known. */
  previousRun: z
    .object({
      runId: uuid,
      end: z.enum(['clean', 'unclean']),
      lastAliveAt: timeMs,
      /** Why, where that is known: see `runEndCauses`; a newer sensor may know more. */
      cause: z.string().max(64).optional(),
      detail: z.string().max(512).optional(),
    })
    .optional(),
  /** Absent before 0.2: such a sensor cannot upgrade itself. */
  program: SensorProgram.optional(),
  /** What the sensor will send next on its streams; the console compares it with what it stored. */
  inventory: Position,
  /** Absent from a sensor that has no telemetry. */
  telemetry: Position.optional(),
  /** Absent from a sensor that follows no policy. */
  policy: FollowedPolicy.optional(),
  /** Whether it answers `look`; an older one does not. */
  looks: z.boolean().optional(),
});
export type Hello = z.infer<typeof Hello>;

/**
 * What is known of a run's end beyond clean or unclean. `memory-limit`: its own group's limit was reached. `host-memory`: the
 * kernel ended processes of the host for want of memory meanwhile. `crash`: a bug, with its message in `detail`.
 */
export const runEndCauses = ['upgrade', 'uninstall', 'memory-limit', 'host-memory', 'crash'] as const;
export type RunEndCause = (typeof runEndCauses)[number];

export const Heartbeat = z.object({
  kind: z.literal('heartbeat'),
  sentAt: timeMs,
  /** RSS and its anonymous part. */
  rssBytes: count,
  anonymousBytes: count,
  /** Mean over the time since the last heartbeat. */
  cpuCores: z.number().nonnegative(),
  /** Digest of the live records as of `position`, see `recordDigest`. */
  digest: z.string().length(16),
  position: Position,
  /** Records that wait to be sent. */
  queued: count,
  /** Age of the oldest of them. */
  queueAgeMs: count,
  /** Told at once when it changed, then with every heartbeat. */
  policy: FollowedPolicy.optional(),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** A clean stop: what follows is silence by intent. */
export const Goodbye = z.object({ kind: z.literal('goodbye'), reason: z.enum(['stop', 'upgrade', 'uninstall']) });
export type Goodbye = z.infer<typeof Goodbye>;

/** Asks for a new certificate for a new key, over the old identity. */
export const Renew = z.object({ kind: z.literal('renew'), certificateRequestPem: z.string().max(8192) });
export type Renew = z.infer<typeof Renew>;

// ---- control, console to sensor

export const Welcome = z.object({
  kind: z.literal('welcome'),
  protocol: z.number().int(),
  consoleVersion: z.string().max(64),
  hostId: uuid,
  sentAt: timeMs,
  heartbeatEveryMs: z.number().int().min(1000).max(600_000),
  /** What the console has stored of the inventory stream. When the sensor cannot continue there, it starts a new epoch with a snapshot. */
  inventory: Position,
  /** What it has on disk of the telemetry stream; absent from a console that takes none. */
  telemetry: Position.optional(),
});
export type Welcome = z.infer<typeof Welcome>;

/** Everything up to `acked` is stored durably; frames up to `limit` may be sent. */
export const Flow = z.object({ kind: z.literal('flow'), channel, epoch: count, acked: count, limit: count });
export type Flow = z.infer<typeof Flow>;

/** The console's copy differs from the sensor's digest, or was restored from a backup: start a new epoch with a snapshot. */
export const Resync = z.object({ kind: z.literal('resync'), reason: z.string().max(256) });
export type Resync = z.infer<typeof Resync>;

/** The last word before the console closes the connection. `final` ones are not to be retried without a person. */
export const Refused = z.object({
  kind: z.literal('refused'),
  code: z.enum(['protocol', 'revoked', 'malformed', 'out-of-order', 'too-large', 'rate', 'duplicate-connection']),
  message: z.string().max(1024),
  final: z.boolean(),
});
export type Refused = z.infer<typeof Refused>;

export const Renewed = z.object({ kind: z.literal('renewed'), certificatePem: z.string().max(16_384) });
export type Renewed = z.infer<typeof Renewed>;

/**
 * What to record from now on, for a sensor whose hello names the policy it follows. It is kept on the host and answered by a
 * heartbeat. A format that a sensor does not know is not followed, and that is its answer: half a rule would leave out more
 * than was asked for.
 */
export const TelemetryPolicy = z.object({
  kind: z.literal('telemetry-policy'),
  format: z.number().int(),
  digest: z.string().min(1).max(64),
  /** `HostRule`s in format 1. */
  rules: z.array(z.unknown()).max(1000),
});
export type TelemetryPolicy = z.infer<typeof TelemetryPolicy>;

// ---- inventory, sensor to console

/** A new epoch begins with one `snapshot-begin` and all live records; at `snapshot-end` the console closes what was not named. */
export const SnapshotBegin = z.object({
  kind: z.literal('snapshot-begin'),
  bootId: z.string().max(64),
  takenAt: timeMs,
});
/** `records` is how many `put`s came since `snapshot-begin`. */
export const SnapshotEnd = z.object({ kind: z.literal('snapshot-end'), records: count });
export const Put = z.object({ kind: z.literal('put'), record: InventoryRecord });
export const InventoryMessage = z.discriminatedUnion('kind', [SnapshotBegin, SnapshotEnd, Put]);
export type InventoryMessage = z.infer<typeof InventoryMessage>;

// ---- orders, console to sensor; results come back on the same channel

export const ScanTarget = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('host') }),
  z.object({ kind: z.literal('image'), imageKey: z.string().min(1).max(512) }),
  /** The container's own view, image and writable layer together. */
  z.object({ kind: z.literal('container'), containerKey: z.string().min(1).max(512) }),
]);
export type ScanTarget = z.infer<typeof ScanTarget>;

/** Delivered at least once, done once: a task id seen before is answered with its stored result. */
export const Task = z.object({
  kind: z.literal('task'),
  taskId: uuid,
  deadline: timeMs,
  work: z.discriminatedUnion('kind', [z.object({ kind: z.literal('sbom'), target: ScanTarget })]),
});
export type Task = z.infer<typeof Task>;

/** A sensor's program as the console hands it out. */
export const SensorArchive = z.object({
  version: z.string().min(1).max(64),
  /** Also the name of its folder on the host: `<version>-<12 hex digits over what it holds>`. */
  build: z.string().regex(/^[0-9A-Za-z][0-9A-Za-z.+_-]{0,127}$/),
  architecture: z.string().max(32),
  sizeBytes: z
    .number()
    .int()
    .positive()
    .max(512 * 1024 * 1024),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type SensorArchive = z.infer<typeof SensorArchive>;

/** Where an archive lies on the sensor's TLS server, which asks for the client certificate: this and the archive's hash. */
export const sensorArchivePath = '/sensor/v1/archive/';

/**
 * Asks a sensor that said in its hello that it is `installed` to become this version. A kind of its own and no `work` of a task,
 * so that an older sensor counts and skips it. It is answered by `task-state` like a task, by whichever version runs in the end.
 */
export const Upgrade = z.object({
  kind: z.literal('upgrade'),
  taskId: uuid,
  deadline: timeMs,
  archive: SensorArchive,
});
export type Upgrade = z.infer<typeof Upgrade>;

export const TaskCancel = z.object({ kind: z.literal('task-cancel'), taskId: uuid });

/** Sent until `task-acked`. A done `sbom` names the bulk transfer that carries the document. */
export const TaskState = z.object({
  kind: z.literal('task-state'),
  taskId: uuid,
  state: z.enum(['accepted', 'running', 'done', 'failed', 'cancelled']),
  /** 0 to 1. */
  progress: z.number().min(0).max(1).optional(),
  message: z.string().max(2048).optional(),
  /** What it is at, in a word, e.g. `download`. */
  step: z.string().max(64).optional(),
  /** Why it failed, in a word that stays the same, e.g. `no-space`. */
  reason: z.string().max(64).optional(),
  transferId: uuid.optional(),
});
export type TaskState = z.infer<typeof TaskState>;
export const TaskAcked = z.object({ kind: z.literal('task-acked'), taskId: uuid });

// ---- bulk, sensor to console: one document in chunks, resumable

export const bulkLimits = { transferBytes: 64 * 1024 * 1024, chunkBytes: 32 * 1024, openTransfers: 4 } as const;

export const BulkBegin = z.object({
  kind: z.literal('bulk-begin'),
  transferId: uuid,
  taskId: uuid,
  content: z.enum(['sbom']),
  /** Size and hash of the zstd-compressed document. */
  sizeBytes: z.number().int().positive().max(bulkLimits.transferBytes),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export const BulkChunk = z.object({
  kind: z.literal('bulk-chunk'),
  transferId: uuid,
  offset: count,
  /** Base64 of at most 32 KiB. */
  data: z.string().max(Math.ceil(bulkLimits.chunkBytes / 3) * 4),
});
/** Console to sensor: bytes kept so far; the sensor goes on from there. `complete` when the hash fits, `rejected` when it does not. */
export const BulkState = z.object({
  kind: z.literal('bulk-state'),
  transferId: uuid,
  offset: count,
  state: z.enum(['open', 'complete', 'rejected']),
});
export type BulkBegin = z.infer<typeof BulkBegin>;
export type BulkChunk = z.infer<typeof BulkChunk>;
export type BulkState = z.infer<typeof BulkState>;

/** What each side may say on each channel. */
export const sensorMessages = {
  control: z.discriminatedUnion('kind', [Hello, Heartbeat, Goodbye, Renew, Flow, LookAnswer]),
  orders: z.discriminatedUnion('kind', [TaskState]),
  inventory: InventoryMessage,
  bulk: z.discriminatedUnion('kind', [BulkBegin, BulkChunk]),
} as const;
export const consoleMessages = {
  control: z.discriminatedUnion('kind', [Welcome, Flow, Resync, Refused, Renewed, TelemetryPolicy, Look]),
  orders: z.discriminatedUnion('kind', [Task, Upgrade, TaskCancel, TaskAcked]),
  bulk: z.discriminatedUnion('kind', [BulkState]),
} as const;
export type SensorMessage = { [C in keyof typeof sensorMessages]: z.infer<(typeof sensorMessages)[C]> };
export type ConsoleMessage = { [C in keyof typeof consoleMessages]: z.infer<(typeof consoleMessages)[C]> };

import { z } from 'zod';

/**
 * Inventory records: what a sensor knows of its host. Each has a key unique on the host, a start and, once it is over, an
 * end; a record replaces the earlier one of the same kind and key. Nothing here names another host: who speaks is taken from
 * the certificate.
 *
 * Times are milliseconds since the Unix epoch by the sensor's clock; the console corrects them by the measured skew.
 */
const timeMs = z.number().int().nonnegative().max(8.64e15);
const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const name = z.string().max(1024);
const path = z.string().max(4096);
const key = z.string().min(1).max(512);
const port = z.number().int().min(0).max(65_535);
const address = z.string().max(64);
const labels = z.record(z.string().max(256), z.string().max(1024));

export const interval = { startedAt: timeMs, endedAt: timeMs.optional() } as const;

/** The state of a file that a package manager writes; a change asks for a new SBOM. */
export const PackageDatabase = z.object({ path, modifiedAt: timeMs, sizeBytes: count });
export type PackageDatabase = z.infer<typeof PackageDatabase>;

export const HostRecord = z.object({
  kind: z.literal('host'),
  key: z.literal('host'),
  ...interval,
  bootId: z.string().max(64),
  /** When the machine was first started, not later than `startedAt`; absent where nothing tells it. */
  firstStartedAt: timeMs.optional(),
  hostname: name,
  os: z.object({ id: name, versionId: name, name }),
  kernel: name,
  architecture: z.string().max(32),
  cpu: z.object({ model: name, count }),
  memoryBytes: count,
  addresses: z.array(z.object({ address, prefixLength: z.number().int().min(0).max(128), device: name })).max(512),
  cloud: z
    .object({
      provider: z.string().max(32),
      instanceId: name,
      region: name,
      zone: name,
      instanceType: name,
      accountId: name,
      network: name,
    })
    .partial()
    .optional(),
  /** What runs containers here, and why not when a known runtime cannot be asked. */
  runtimes: z
    .array(z.object({ name, version: name, state: z.enum(['ok', 'denied', 'away']), reason: name.optional() }))
    .max(16),
  packageDatabases: z.array(PackageDatabase).max(64),
});
export type HostRecord = z.infer<typeof HostRecord>;

/** key: `<runtime>:<runtime id>`, e.g. `docker:9f…` (64 hex digits). */
export const ContainerRecord = z.object({
  kind: z.literal('container'),
  key,
  ...interval,
  /** Its start is that of a process of it, as nobody told when it began. Older sensors say it by an empty `imageName`. */
  startInferred: z.boolean().optional(),
  runtime: z.enum(['docker', 'containerd', 'podman', 'cri-o', 'unknown']),
  runtimeId: z.string().min(1).max(128),
  /** Key of the container this one runs inside, for nested containers. */
  parentKey: key.optional(),
  name,
  state: z.enum(['created', 'running', 'paused', 'restarting', 'exited', 'dead', 'removed']),
  exitCode: z.number().int().optional(),
  oomKilled: z.boolean().optional(),
  imageName: name,
  /** `sha256:…` of the image's config, the identity of an image. */
  imageDigest: z.string().max(128).optional(),
  pid: z.number().int().optional(),
  labels,
  networkMode: name,
  networks: z
    .array(z.object({ name, networkId: name, address, prefixLength: z.number().int().min(0).max(128) }))
    .max(64),
  ports: z
    .array(
      z.object({ protocol: z.enum(['tcp', 'udp', 'sctp']), containerPort: port, hostAddress: address, hostPort: port }),
    )
    .max(1024),
  privilege: z.object({
    privileged: z.boolean(),
    user: name,
    capabilitiesAdded: z.array(z.string().max(64)).max(64),
    hostNetwork: z.boolean(),
    hostPid: z.boolean(),
    readOnlyRoot: z.boolean(),
    /** Host paths mounted into it; `writable` when it may change them. */
    hostMounts: z.array(z.object({ source: path, target: path, writable: z.boolean() })).max(256),
    runtimeSocket: z.boolean(),
  }),
  /** Package databases in its writable layer, i.e. packages it has beyond its image. */
  packageDatabases: z.array(PackageDatabase).max(64),
});
export type ContainerRecord = z.infer<typeof ContainerRecord>;

/** key: the config digest `sha256:…`. Ends when the runtime no longer has it. */
export const ImageRecord = z.object({
  kind: z.literal('image'),
  key,
  ...interval,
  runtime: z.enum(['docker', 'containerd', 'podman', 'cri-o', 'unknown']),
  tags: z.array(name).max(256),
  /** `name@sha256:…` manifest digests. */
  repoDigests: z.array(name).max(256),
  sizeBytes: count,
  createdAt: timeMs.optional(),
  architecture: z.string().max(32).optional(),
  labels,
});
export type ImageRecord = z.infer<typeof ImageRecord>;

/** key: `<pid in the root namespace>:<start ticks>`; unique with the boot id of the host record. Processes that live under 10 s without a socket are not reported. */
export const ProcessRecord = z.object({
  kind: z.literal('process'),
  key,
  ...interval,
  pid: z.number().int().positive(),
  /** Pid as seen in its innermost namespace. */
  namespacePid: z.number().int().positive().optional(),
  parentKey: key.optional(),
  containerKey: key.optional(),
  name,
  executable: path,
  /** Arguments with secrets masked; cut at 4 KiB in all. */
  arguments: z.array(z.string().max(4096)).max(256),
  argumentsCut: z.boolean().optional(),
  user: z.object({ uid: count, name: name.optional() }),
  /** Effective capabilities beyond what an ordinary process has: the raw 64-bit mask in hex. */
  capabilities: z.string().max(16).optional(),
  /** Files mapped executable (libraries), as seen inside its own root; at most 256. */
  loadedFiles: z.array(path).max(256),
  loadedFilesCut: z.boolean().optional(),
  exitCode: z.number().int().optional(),
});
export type ProcessRecord = z.infer<typeof ProcessRecord>;

/** key: `<container key or 'host'>|<protocol>|<address>|<port>`. */
export const ListenerRecord = z.object({
  kind: z.literal('listener'),
  key,
  ...interval,
  containerKey: key.optional(),
  processKey: key.optional(),
  executable: path.optional(),
  protocol: z.enum(['tcp', 'udp']),
  address,
  port,
});
export type ListenerRecord = z.infer<typeof ListenerRecord>;

/** The far end of an edge as its reporter can tell it. */
export const EdgePeer = z.discriminatedUnion('kind', [
  /** A workload on the same host. */
  z.object({ kind: z.literal('local'), containerKey: key.optional(), executable: path.optional() }),
  /** One private address, to be resolved inside the host's network zone. `network` names the runtime network it was seen on, if any. */
  z.object({ kind: z.literal('address'), address, network: name.optional() }),
  /** Globally reachable addresses together: a sample of the busiest and how many there were. */
  z.object({ kind: z.literal('internet'), addresses: z.array(address).max(16), addressCount: count }),
]);
export type EdgePeer = z.infer<typeof EdgePeer>;

/**
 * Not a connection but the standing relation (local workload, peer, protocol, server port, direction), after NAT.
 * key: made of just these parts. It ends when nothing was seen for 5 minutes or its workload ended.
 */
export const EdgeRecord = z.object({
  kind: z.literal('edge'),
  key,
  ...interval,
  containerKey: key.optional(),
  /** The latest process seen on it. */
  processKey: key.optional(),
  executable: path.optional(),
  direction: z.enum(['in', 'out']),
  protocol: z.enum(['tcp', 'udp']),
  peer: EdgePeer,
  /** The port of the serving end, after NAT. */
  serverPort: port,
  /** The port the client asked for, where translation changed it. */
  publishedPort: port.optional(),
  lastSeenAt: timeMs,
  connections: count,
  /** Bytes sent and received by the local workload; absent where the kernel does not count. */
  bytesSent: count.optional(),
  bytesReceived: count.optional(),
});
export type EdgeRecord = z.infer<typeof EdgeRecord>;

/** One per collector: what it sees and why not. key: the collector's name. */
export const CollectorRecord = z.object({
  kind: z.literal('collector'),
  key,
  ...interval,
  state: z.enum(['running', 'degraded', 'refused', 'failed']),
  /** The source in use from the collector's fallback chain, e.g. `conntrack`; `noneHere` where there is nothing to watch. */
  source: name,
  /** In plain words: what it does not see, and what would help. */
  reason: z.string().max(2048).optional(),
});
export type CollectorRecord = z.infer<typeof CollectorRecord>;

/** A span in which a collector may have missed things without being able to count them. key: `<collector>|<startedAt>|<number within the sensor’s run>`. */
export const BlindRecord = z.object({
  kind: z.literal('blind'),
  key,
  ...interval,
  collector: name,
  cause: z.string().max(1024),
});
export type BlindRecord = z.infer<typeof BlindRecord>;

/** Counted loss, cumulative since the sensor's start. key: `<collector>|<stage>|<cause>`. */
export const LossRecord = z.object({
  kind: z.literal('loss'),
  key,
  ...interval,
  collector: name,
  stage: name,
  cause: name,
  lost: count,
});
export type LossRecord = z.infer<typeof LossRecord>;

export const InventoryRecord = z.discriminatedUnion('kind', [
  HostRecord,
  ContainerRecord,
  ImageRecord,
  ProcessRecord,
  ListenerRecord,
  EdgeRecord,
  CollectorRecord,
  BlindRecord,
  LossRecord,
]);
export type InventoryRecord = z.infer<typeof InventoryRecord>;
export type RecordKind = InventoryRecord['kind'];
export const recordKinds = [
  'host',
  'container',
  'image',
  'process',
  'listener',
  'edge',
  'collector',
  'blind',
  'loss',
] as const satisfies readonly RecordKind[];

/**
 * Whether a record stands for something that still exists: it is named in snapshots and counts in the digest. A container
 * that stopped has an `endedAt` but exists until it is removed, since it may be started again; everything else is over with
 * its `endedAt`.
 */
export const isLiveRecord = (record: InventoryRecord): boolean =>
  record.endedAt === undefined || (record.kind === 'container' && record.state !== 'removed');

/** Whether a record is of a thing that lives again and again, each life of which counts: its start says which life is meant. */
export const tellsLife = (record: InventoryRecord): boolean =>
  record.kind === 'container' && record.state !== 'created';

/** Whether two records of one kind and key tell of two lives: of what was over and began again, or of containers' starts. */
export const isAnotherLife = (earlier: InventoryRecord, later: InventoryRecord): boolean =>
  !isLiveRecord(earlier) || (tellsLife(earlier) && earlier.startedAt !== later.startedAt);

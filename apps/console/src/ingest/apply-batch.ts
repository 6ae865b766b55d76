import type { InventoryRecord, Position, RecordKind } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';
import { allOf } from '../database/pipeline.ts';
import { anyInHostNetwork, refreshDirectory } from './edges/address-directory.ts';
import { applyEdges } from './edges/apply-edges.ts';
import { createEdgeTurns } from './edges/edge-turns.ts';
import type { InventoryBody, PutRecord } from './frame-reader.ts';
import { createChangeCollector, type HostContext, type InventoryChange } from './host-context.ts';
import type { HostTime } from './host-time.ts';
import { endContainers, findContainers, storeContainers } from './inventory/containers.ts';
import {
  countRefused,
  dropCollectors,
  endBlinds,
  storeBlinds,
  storeCollectors,
  storeLosses,
} from './inventory/health.ts';
import { storeHost } from './inventory/hosts.ts';
import { dropImages, storeImages } from './inventory/images.ts';
import { endListeners, storeListeners } from './inventory/listeners.ts';
import { endProcesses, storeProcesses } from './inventory/processes.ts';
import { cutSegments, type Segment } from './segments.ts';
import {
  type HoldingSummary,
  layRecords,
  readHolding,
  type SegmentDifference,
  takeUnnamed,
  writeDifference,
} from './stored-records.ts';

export type BatchFrame = { readonly epoch: number; readonly seq: number; readonly body: InventoryBody };

export type BatchInput = {
  readonly hostId: string;
  readonly runId: string;
  readonly bootId: string;
  readonly time: HostTime;
  readonly frames: readonly BatchFrame[];
  /** What the caller remembers of the host's records; read anew when absent. */
  readonly holding: HoldingSummary | undefined;
};

export type BatchOutcome =
  | {
      readonly kind: 'stored';
      readonly position: Position;
      readonly holding: HoldingSummary;
      readonly change: InventoryChange;
      readonly snapshotOpen: boolean;
      readonly records: number;
      /** The host's zone, in which its edges are settled; unknown after a frame that was passed over. */
      readonly zone: string | undefined;
    }
  /** The frames do not continue what is stored: the sensor must start a new epoch. */
  | { readonly kind: 'resync'; readonly reason: string };

/**
 * Stores batches of several hosts in one transaction, each as if it were alone: they ask the database side by side. Fails as a
 * whole. A host may be in it once, and they come in the order of their ids: in this order their rows are locked.
 */
export const applyGroup = (
  trx: DatabaseTransaction,
  inputs: readonly BatchInput[],
): Promise<readonly BatchOutcome[]> => {
  const edgeTurns = createEdgeTurns();
  return allOf(inputs.map((input) => applyBatch(trx, input, edgeTurns)));
};

/**
 * Stores frames of one host with its stream position, all or nothing. Frames that are stored already are skipped, so a frame
 * may come any number of times.
 */
export const applyBatch = async (
  trx: DatabaseTransaction,
  input: BatchInput,
  edgeTurns = createEdgeTurns(),
): Promise<BatchOutcome> => {
  const stream = await lockStream(trx, input.hostId);
  if (stream === undefined) return { kind: 'resync', reason: 'This host is not known any more.' };
  const fresh = input.frames.filter(
    (frame) => frame.epoch > stream.epoch || (frame.epoch === stream.epoch && frame.seq > stream.seq),
  );
  const broken = whyNotNext(stream, fresh);
  if (broken !== undefined) return { kind: 'resync', reason: broken };
  const changes = createChangeCollector();
  let holding = input.holding ?? (await readHolding(trx, input.hostId));
  let { bootId, snapshotOpen } = stream;
  const last = fresh.at(-1);
  for (const [epoch, frames] of Map.groupBy(fresh, (frame) => frame.epoch)) {
    const items = frames.flatMap((frame) => frame.body.items);
    for (const segment of cutSegments(items)) {
      const bootBefore = bootId;
      bootId = segment.begin?.bootId ?? bootId ?? input.bootId;
      const context = contextOf(trx, input, { zone: stream.zone, bootId, epoch, changes, edgeTurns });
      if (segment.begin !== undefined) {
        snapshotOpen = true;
        if (bootBefore !== null && bootBefore !== bootId) holding = await endOldBoot(context);
      }
      holding = await applySegment(context, segment, holding);
      if (segment.end && snapshotOpen) {
        holding = await endUnnamed(context);
        snapshotOpen = false;
      }
    }
    const malformed = items.filter((item) => item.kind === 'refused');
    const zone = stream.zone;
    const context = contextOf(trx, input, { zone, bootId: bootId ?? input.bootId, epoch, changes, edgeTurns });
    for (const cause of ['malformed', 'unknown-kind'] as const) {
      await countRefused(context, cause, malformed.filter((item) => item.cause === cause).length);
    }
  }
  const position = last === undefined ? { epoch: stream.epoch, seq: stream.seq } : { epoch: last.epoch, seq: last.seq };
  await sql`
    update sensors set stream_epoch = ${position.epoch}, stream_seq = ${position.seq}, snapshot_open = ${snapshotOpen},
      boot_id = ${bootId} where host_id = ${input.hostId}`.execute(trx);
  const records = fresh.reduce((sum, frame) => sum + frame.body.items.length, 0);
  return {
    kind: 'stored',
    position,
    holding,
    change: changes.taken(input.hostId),
    snapshotOpen,
    records,
    zone: stream.zone,
  };
};

type Stream = {
  readonly epoch: number;
  readonly seq: number;
  readonly snapshotOpen: boolean;
  readonly bootId: string | null;
  readonly zone: string;
};

const lockStream = async (trx: DatabaseTransaction, hostId: string): Promise<Stream | undefined> => {
  const { rows } = await sql<Stream>`
    select s.stream_epoch as epoch, s.stream_seq as seq, s.snapshot_open as "snapshotOpen", s.boot_id as "bootId",
      coalesce(a.zone, 'default') as zone
    from sensors s join assets a on a.id = s.host_id where s.host_id = ${hostId} for update of s`.execute(trx);
  return rows[0];
};

const whyNotNext = (stream: Stream, frames: readonly BatchFrame[]): string | undefined => {
  let { epoch, seq } = stream;
  for (const frame of frames) {
    if (frame.epoch === epoch) {
      if (frame.seq !== seq + 1) return `Frame ${frame.seq} does not follow ${seq}.`;
    } else {
      if (frame.seq !== 1) return `Epoch ${frame.epoch} does not begin with its first frame.`;
      if (frame.body.items[0]?.kind !== 'snapshot-begin') return `Epoch ${frame.epoch} does not begin with a snapshot.`;
    }
    ({ epoch, seq } = frame);
  }
  return undefined;
};

const contextOf = (
  trx: DatabaseTransaction,
  input: BatchInput,
  part: Pick<HostContext, 'zone' | 'bootId' | 'epoch' | 'changes' | 'edgeTurns'>,
): HostContext => ({ trx, hostId: input.hostId, runId: input.runId, time: input.time, ...part });

/** Nothing that ran on another boot runs now. */
const endOldBoot = async (context: HostContext): Promise<HoldingSummary> => {
  const old = await takeUnnamed(context, ['process', 'listener']);
  await endProcesses(context, old.get('process') ?? [], context.time.now);
  await endListeners(context, old.get('listener') ?? [], context.time.now);
  return readHolding(context.trx, context.hostId);
};

/** Closes what a whole snapshot did not name: its end was not seen, it is concluded. */
const endUnnamed = async (context: HostContext): Promise<HoldingSummary> => {
  const gone = await takeUnnamed(context);
  const of = (kind: RecordKind): readonly string[] => gone.get(kind) ?? [];
  const at = context.time.now;
  const containers = of('container').length === 0 ? [] : await endContainers(context, of('container'), at);
  if (of('image').length > 0) await dropImages(context, of('image'), at);
  if (of('process').length > 0) await endProcesses(context, of('process'), at);
  if (of('listener').length > 0) await endListeners(context, of('listener'), at);
  if (of('collector').length > 0) await dropCollectors(context, of('collector'));
  if (of('blind').length > 0) await endBlinds(context, of('blind'), at);
  const addresses = containers.length === 0 ? { local: [], zonal: [] } : await refreshDirectory(context, undefined);
  await applyEdges(context, { records: [], unnamed: of('edge'), addresses, newContainerKeys: [] });
  return readHolding(context.trx, context.hostId);
};

const applySegment = async (
  context: HostContext,
  segment: Segment,
  holding: HoldingSummary,
): Promise<HoldingSummary> => {
  const difference = await layRecords(context, segment, holding);
  const records = sortByKind(difference.changed);
  const [host] = records.host;
  const named = [...new Set([...records.process, ...records.listener].flatMap((record) => record.containerKey ?? []))];
  // What does not build on each other is asked at the same time.
  const [known] = await allOf([
    findContainers(context, [...records.container.map((record) => record.key), ...named]),
    writeDifference(context, difference),
    countOverLimit(context, difference),
    host === undefined ? nothing : storeHost(context, host),
    storeImages(context, records.image),
    storeCollectors(context, records.collector),
    storeBlinds(context, records.blind),
    storeLosses(context, records.loss),
  ]);
  const written = await storeContainers(context, records.container);
  const containers = new Map([...known, ...written]);
  await allOf([
    storeProcesses(context, records.process, containers),
    storeListeners(context, records.listener, containers),
  ]);
  const listening = records.listener.flatMap((record) => containers.get(record.containerKey ?? '') ?? []);
  const moves = host !== undefined || written.size > 0 || (await anyInHostNetwork(context, listening));
  const addresses = moves ? await refreshDirectory(context, host) : { local: [], zonal: [] };
  const newContainerKeys = [...written.keys()].filter((key) => !known.has(key));
  await applyEdges(context, { records: records.edge, unnamed: [], addresses, newContainerKeys });
  return difference.holding;
};

const nothing = Promise.resolve();

const countOverLimit = async (context: HostContext, { overLimit }: SegmentDifference): Promise<void> => {
  for (const [kind, count] of overLimit) await countRefused(context, `too-many:${kind}`, count);
};

type ByKind = { readonly [K in RecordKind]: readonly Extract<InventoryRecord, { kind: K }>[] };

const sortByKind = (puts: readonly PutRecord[]): ByKind => {
  const of = <K extends RecordKind>(kind: K): readonly Extract<InventoryRecord, { kind: K }>[] =>
    puts.flatMap(({ record }) => (record.kind === kind ? [record as Extract<InventoryRecord, { kind: K }>] : []));
  return {
    host: of('host'),
    container: of('container'),
    image: of('image'),
    process: of('process'),
    listener: of('listener'),
    edge: of('edge'),
    collector: of('collector'),
    blind: of('blind'),
    loss: of('loss'),
  };
};

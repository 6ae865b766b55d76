import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { zstdCompressSync } from 'node:zlib';
import { type Clock, fail, ok, problem } from '@parapet/core';
import { createRenewal } from '../enrolment/renewal.ts';
import { createInventoryStore } from '../inventory/inventory-store.ts';
import { createInventoryStream, type InventoryStream } from '../inventory/inventory-stream.ts';
import { createLossLedger } from '../inventory/loss-ledger.ts';
import { silentLog } from '../log.ts';
import type { Run } from '../state/run.ts';
import type { Identity, StateFile, StreamMarker } from '../state/state-files.ts';
import { createBulkSender } from '../tasks/bulk-sender.ts';
import type { ScanRunner } from '../tasks/scan-runner.ts';
import type { ResolvedTarget, TargetResolver } from '../tasks/scan-targets.ts';
import { createTaskDesk } from '../tasks/task-desk.ts';
import type { TaskJournal } from '../tasks/task-journal.ts';
import { openTelemetryPolicy, type PolicyFile } from '../telemetry/policy/followed-policy.ts';
import { UpgradeFailure } from '../upgrade/failure.ts';
import { startUplink, type Uplink } from '../uplink/uplink.ts';
import { sensorVersion } from '../version.ts';
import { openInventedTelemetry } from './events/invented-telemetry.ts';
import type { HostLife } from './host-life.ts';
import { createRandom } from './random.ts';
import { sbomOf } from './software.ts';
import type { HostPlan } from './world.ts';

/** A sensor whose collectors are invented and whose everything else is the sensor's own. */
export type SimulatedSensor = {
  readonly isConnected: () => boolean;
  /** Nothing waits, and all that was sent is acknowledged. */
  readonly isDrained: () => boolean;
  /** Counts something as lost, as an overloaded collector does. */
  readonly lose: (count: number) => void;
  /** Nothing new happens: what waits may go. */
  readonly settle: () => void;
  readonly producedEvents: () => number;
  readonly stop: () => Promise<void>;
};

export type SimulatedSensorDeps = {
  readonly host: HostPlan;
  readonly life: HostLife;
  readonly identity: Identity;
  readonly consoleUrl: string;
  readonly clock: Clock;
  readonly streamFile: Pick<StateFile<StreamMarker>, 'read' | 'write'>;
  readonly policyFile: Pick<StateFile<PolicyFile>, 'read' | 'write'>;
  readonly run: Run & { readonly runId: string };
  readonly journal: TaskJournal;
  /** Whether all since the world began is told, or only what is there now. */
  readonly tellsPast: boolean;
  /** A folder of this sensor alone, made when it is first needed. */
  readonly documentDir: string;
  /** Where events wait; none are told when absent. */
  readonly eventDir: string | undefined;
  /** Each frame of the inventory that the console acknowledged, in order. */
  readonly onAcknowledged: (frame: Buffer) => void;
  /** Each frame that is about to be sent, those that are sent again included. */
  readonly onSending: (frame: Buffer) => void;
};

export const startSimulatedSensor = async (deps: SimulatedSensorDeps): Promise<SimulatedSensor> => {
  const { clock, host, life } = deps;
  let { identity } = deps;
  let uplink: Uplink | undefined;
  const wake = (): void => uplink?.wake();
  const losses = createLossLedger(clock);
  const store = createInventoryStore({ clock, lose: losses.count });
  losses.attach(store);
  const stream = createInventoryStream({
    store,
    clock,
    bootId: host.bootId,
    lastEpoch: (await deps.streamFile.read())?.epoch ?? 0,
    saveEpoch: (epoch) => deps.streamFile.write({ format: 1, epoch }),
    onAcknowledged: deps.onAcknowledged,
  });
  const tasks = await createTaskDesk({
    documentDir: deps.documentDir,
    journal: deps.journal,
    bulk: createBulkSender({ wake }),
    scan: inventScan(deps),
    resolve: resolveTarget(deps),
    upgrade: () => Promise.reject(new UpgradeFailure('not-installed', 'An invented sensor has no program of its own.')),
    onHandOver: () => undefined,
    clock,
    log: silentLog,
    wake,
  });
  const policy = await openTelemetryPolicy({
    file: deps.policyFile,
    surroundings: { containerOf: life.containerOf, elapsedMs: () => performance.now() },
    log: silentLog,
  });
  const events =
    deps.eventDir === undefined ? undefined : openInventedTelemetry({ folder: deps.eventDir, clock, filter: policy });
  // What happened before is told as well, unless an earlier run did.
  if (!deps.tellsPast) life.passUntil(clock.now());
  life.attach(store, events?.tell);
  life.passUntil(clock.now());
  const usage = inventUsage(host);
  uplink = startUplink({
    clock,
    log: silentLog,
    proxy: undefined,
    consoleUrls: () => [deps.consoleUrl],
    identity: () => identity,
    renewal: createRenewal({
      identity: () => identity,
      save: async (renewed) => {
        identity = renewed;
      },
    }),
    store,
    stream: noting(stream, deps.onSending),
    ...(events === undefined ? {} : { telemetry: events.stream }),
    policy,
    tasks,
    usage,
    run: {
      sensorVersion,
      bootId: host.bootId,
      runId: deps.run.runId,
      startedAt: clock.now(),
      ...(deps.run.previous === undefined ? {} : { previousRun: deps.run.previous }),
    },
  });
  const started = uplink;
  return {
    isConnected: started.isConnected,
    isDrained: () =>
      store.waiting() === 0 && stream.unacknowledgedFrames() === 0 && (events === undefined || events.isDrained()),
    lose: (count) =>
      events === undefined
        ? losses.count({ collector: 'network', stage: 'ring', cause: 'overflow', count })
        : events.lose(count),
    settle: () => events?.settle(),
    producedEvents: () => events?.produced() ?? 0,
    stop: async () => {
      await started.stop('stop');
      await tasks.stop();
      await events?.close();
      await deps.run.close();
    },
  };
};

const noting = (stream: InventoryStream, onSending: (frame: Buffer) => void): InventoryStream => ({
  ...stream,
  next: () => {
    const frame = stream.next();
    if (frame !== undefined) onSending(frame);
    return frame;
  },
});

const resolveTarget =
  ({ host, life }: SimulatedSensorDeps): TargetResolver =>
  async (target) => {
    const release = async (): Promise<void> => undefined;
    // The scan below finds the software by the key, which goes with it as the folder.
    const at = (key: string): ResolvedTarget['source'] => ({ kind: 'folders', folders: [key] });
    if (target.kind === 'host') {
      return ok({ target: { kind: 'host', name: host.name }, source: at('/'), release });
    }
    const key = target.kind === 'image' ? target.imageKey : target.containerKey;
    const found = life.softwareAt(key);
    if (found === undefined) return fail(problem('gone', 'It is not on this host any more.'));
    return ok({ target: { kind: target.kind, name: found.slot.service.image }, source: at(key), release });
  };

/** Writes the list of packages that the host, image or container would have. */
const inventScan =
  ({ host, life, clock }: SimulatedSensorDeps): ScanRunner =>
  async ({ target, source, outputPath }) => {
    const key = source.kind === 'folders' ? source.folders[0] : undefined;
    const found = target.kind === 'host' ? undefined : life.softwareAt(key ?? '');
    if (target.kind !== 'host' && found === undefined) return { kind: 'failed', message: 'It is gone.' };
    const sbom = sbomOf(
      target.kind === 'host' || found === undefined
        ? { kind: 'host', name: host.name, system: host.system }
        : { kind: target.kind, name: target.name, base: found.slot.service.base, version: found.version },
      clock.now(),
    );
    const document = zstdCompressSync(JSON.stringify(sbom));
    await writeFile(outputPath, document, { mode: 0o600 });
    return {
      kind: 'done',
      sizeBytes: document.length,
      sha256: createHash('sha256').update(document).digest('hex'),
      summary: `${sbom.packages.length} packages`,
    };
  };

/** All simulated sensors share a process, whose own figures would say nothing. */
const inventUsage = (host: HostPlan): (() => { rssBytes: number; anonymousBytes: number; cpuCores: number }) => {
  const random = createRandom('usage', host.index);
  return () => ({
    rssBytes: Math.round(random.between(50, 58) * 2 ** 20),
    anonymousBytes: Math.round(random.between(24, 30) * 2 ** 20),
    cpuCores: Math.round(random.between(20, 120)) / 10_000,
  });
};

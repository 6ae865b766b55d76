import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { Goodbye, RunEndCause } from '@parapet/contract/wire';
import { AppError, type Clock, messageOf } from '@parapet/core';
import { type FileLock, lockFile } from '@parapet/kernel';
import { createExecutableHashes } from './collectors/activity/executable-hashes.ts';
import { createHashProgram } from './collectors/activity/hash-program.ts';
import { programRoots } from './collectors/activity/program-roots.ts';
import { createCollectorRunner } from './collectors/collector-runner.ts';
import { createDockerApi } from './collectors/docker/docker-api.ts';
import { type CloudFacts, readCloudFacts } from './collectors/host/cloud-metadata.ts';
import { readHostEvidence } from './collectors/host/host-facts.ts';
import { createCollectors } from './collectors/registry.ts';
import { createRuntimeStates } from './collectors/runtime-states.ts';
import { createStoredWorkloads } from './collectors/stored-workloads.ts';
import { createWorkloadDirectory } from './collectors/workload-directory-store.ts';
import type { SensorConfig } from './config/config.ts';
import { obtainIdentity } from './enrolment/obtain-identity.ts';
import { createRenewal } from './enrolment/renewal.ts';
import { createInventoryStore } from './inventory/inventory-store.ts';
import { createInventoryStream } from './inventory/inventory-stream.ts';
import { createLossLedger } from './inventory/loss-ledger.ts';
import type { Log } from './log.ts';
import { createLookDesk } from './look/look-desk.ts';
import { dialWithIdentity } from './net/tls-dialer.ts';
import { createArgumentsReader } from './proc/arguments-reader.ts';
import { readBootId } from './proc/host-times.ts';
import { readStartTicks } from './proc/start-ticks.ts';
import { readMemoryKills } from './protection/memory-kills.ts';
import { groupNameOf, type OwnGroup } from './protection/own-group.ts';
import { createFolderNotice } from './state/folder-notice.ts';
import { openRun } from './state/run.ts';
import { createStateFile, Identity, prepareStateDir, StreamMarker } from './state/state-files.ts';
import { createBulkSender } from './tasks/bulk-sender.ts';
import { createIdleDesk } from './tasks/idle-desk.ts';
import { createScanRunner } from './tasks/scan-runner.ts';
import { createTargetResolver } from './tasks/scan-targets.ts';
import { createTaskDesk } from './tasks/task-desk.ts';
import { JournalFile, openTaskJournal } from './tasks/task-journal.ts';
import { createCompletion } from './telemetry/completion.ts';
import { openTelemetryPolicy, PolicyFile } from './telemetry/policy/followed-policy.ts';
import { defaultSpoolLimits, openSpool } from './telemetry/spool/spool.ts';
import { createTelemetryStream } from './telemetry/telemetry-stream.ts';
import { systemFiles } from './upgrade/files.ts';
import type { LocatedProgram } from './upgrade/program.ts';
import type { UpgradeRecord } from './upgrade/record.ts';
import { openUpgradeRecord } from './upgrade/record-file.ts';
import { settleUpgrade } from './upgrade/settle.ts';
import { createUpgradeSource } from './upgrade/upgrade-source.ts';
import { startUplink, type Uplink, type UplinkChange } from './uplink/uplink.ts';
import { sensorVersion } from './version.ts';

export type Sensor = {
  readonly hostId: string;
  /** Starts collectors and the connection; resolves once the first full view is taken. */
  readonly start: () => Promise<void>;
  /** Says goodbye, ends everything, marks the run as cleanly ended. */
  readonly stop: (reason: Goodbye['reason']) => Promise<void>;
  /** Marks why it is about to end without a goodbye. */
  readonly failing: (cause: RunEndCause, detail: string) => Promise<void>;
  /** Tells the console what holds this process within its limits. */
  readonly tellLimits: (group: OwnGroup) => void;
  /** Makes a connection and drops it; rejects with the reason where that fails. Also after `stop`. */
  readonly reachConsole: () => Promise<void>;
};

export type SensorDeps = {
  readonly config: SensorConfig;
  readonly log: Log;
  readonly clock: Clock;
  readonly program: LocatedProgram;
  /** Runs beside an older version to show that it can: it does no tasks and renews nothing. */
  readonly onTrial: boolean;
  /** A new version is ready to be tried; the sensor is to be stopped for it. */
  readonly onHandOver: (record: UpgradeRecord) => void;
  readonly onConnection: (change: UplinkChange) => void;
  /** The program to start scan children from. */
  readonly entryPath: string;
  /** Something a person should know, now and once. */
  readonly notice: (text: string) => void;
  /** Asks for the enrolment key when it is needed and the environment has none. */
  readonly readKey: () => Promise<string | undefined>;
};

/** Takes the state folder and makes sure of an identity, enrolling when there is none. */
export const createSensor = async (deps: SensorDeps): Promise<Sensor> => {
  const { config, clock } = deps;
  await prepareStateDir(config.stateDir);
  const lock = takeLock(config.stateDir);
  try {
    const cloud = config.cloudMetadata ? await readCloudFacts() : undefined;
    const identityFile = createStateFile(config.stateDir, 'identity.json', Identity);
    const { identity, enrolled } = await obtainIdentity({
      config,
      clock,
      file: identityFile,
      readKey: deps.readKey,
      evidence: () => readHostEvidence(config.rootPath, cloud),
    });
    if (enrolled !== undefined) deps.log.info('enrolled', { hostId: identity.hostId, outcome: enrolled });
    return await assemble(deps, lock, cloud, identity, identityFile.write);
  } catch (error) {
    lock.release();
    throw error;
  }
};

const assemble = async (
  deps: SensorDeps,
  lock: FileLock,
  cloud: CloudFacts | undefined,
  firstIdentity: Identity,
  saveIdentity: (identity: Identity) => Promise<void>,
): Promise<Sensor> => {
  const { config, clock, log } = deps;
  const bootId = readBootId(config.procPath);
  const runId = randomUUID();
  let identity = firstIdentity;
  let uplink: Uplink | undefined;
  const wake = (): void => uplink?.wake();
  const unsaved = (file: string, error: unknown): void => log.warn('state could not be saved', { file, error });

  const losses = createLossLedger(clock);
  const store = createInventoryStore({
    clock,
    lose: losses.count,
    onRefused: (detail) => log.warn('a record was refused', detail),
  });
  losses.attach(store);
  const streamFile = createStateFile(config.stateDir, 'stream.json', StreamMarker);
  const stream = createInventoryStream({
    store,
    clock,
    bootId,
    lastEpoch: (await streamFile.read())?.epoch ?? 0,
    // A full disk must not blind us: the console's own memory keeps an epoch from being used twice.
    saveEpoch: (epoch) =>
      streamFile.write({ format: 1, epoch }).catch((error: unknown) => unsaved('stream.json', error)),
  });

  const workloads = createWorkloadDirectory();
  const stored = createStoredWorkloads();
  const hashes = createExecutableHashes({ hash: createHashProgram(programRoots({ ...config, workloads })) });
  const policy = await openTelemetryPolicy({
    file: createStateFile(config.stateDir, 'telemetry-policy.json', PolicyFile),
    surroundings: {
      containerOf: (id) => workloads.containerByRuntimeId(id)?.record,
      elapsedMs: () => performance.now(),
    },
    log,
  });
  const telemetry = createTelemetryStream({
    clock,
    filter: policy,
    complete: createCompletion(workloads, hashes),
    openSpool: () => openSpool({ folder: join(config.stateDir, 'telemetry'), clock, limits: defaultSpoolLimits }),
  });
  const runtimes = createRuntimeStates();
  const collectors = createCollectorRunner({
    ...config,
    inventory: store,
    telemetry,
    workloads,
    losses,
    clock,
    log,
    bootId,
  });
  const docker = config.dockerSocket.kind === 'socket' ? createDockerApi(config.dockerSocket.path) : undefined;
  const makeDesk = async () => {
    const journal = await openTaskJournal(createStateFile(config.stateDir, 'tasks.json', JournalFile), (error) =>
      unsaved('tasks.json', error),
    );
    const record = await openUpgradeRecord(config.stateDir);
    const { installation } = deps.program;
    await settleUpgrade({
      ...{ installation, stateDir: config.stateDir, files: systemFiles, record, journal, log },
      startTicksOf: readStartTicks,
      kill: (pid) => process.kill(-pid, 'SIGKILL'),
    });
    return createTaskDesk({
      documentDir: join(config.stateDir, 'documents'),
      journal,
      bulk: createBulkSender({ wake }),
      scan: createScanRunner(deps.entryPath),
      resolve: createTargetResolver({ rootPath: config.rootPath, procPath: config.procPath, docker, stored }),
      upgrade: createUpgradeSource({ program: deps.program, record, clock, version: sensorVersion, dial }),
      onHandOver: deps.onHandOver,
      clock,
      log,
      wake,
    });
  };
  const consoleUrls = (): readonly string[] =>
    config.consoleUrls.length > 0 ? config.consoleUrls : [identity.consoleUrl];
  const dial = () => dialAny(consoleUrls(), identity, config);
  const tasks = deps.onTrial ? createIdleDesk() : await makeDesk();
  const groupName = groupNameOf(config.stateDir);
  const run = await openRun(config.stateDir, {
    ...{ runId, bootId, clock },
    memoryKills: () => readMemoryKills(groupName, config.procPath),
    onFolder: createFolderNotice({ store, stateDir: config.stateDir, clock, log }),
  });
  const renewal = createRenewal({
    identity: () => identity,
    save: async (renewed) => {
      await saveIdentity(renewed);
      identity = renewed;
    },
  });

  return {
    hostId: identity.hostId,
    start: async () => {
      await collectors.start(
        createCollectors({ config, workloads, stored, runtimes, hashes, cloud: () => cloud, onTrial: deps.onTrial }),
      );
      // The console counts an earlier run as blind until then: before, not all of them watched, which takes seconds on a busy host.
      const startedAt = clock.now();
      uplink = startUplink({
        clock,
        log,
        proxy: config.proxy,
        consoleUrls,
        identity: () => identity,
        // A certificate that a trial got would be lost with it.
        renewal: deps.onTrial ? { ...renewal, request: () => undefined } : renewal,
        store,
        stream,
        telemetry,
        policy,
        tasks,
        // A trial's answers would be another process's than the one that was asked.
        ...(deps.onTrial
          ? {}
          : {
              look: createLookDesk({
                procPath: config.procPath,
                arguments: createArgumentsReader(config.procPath),
                log,
              }),
            }),
        run: {
          sensorVersion,
          bootId,
          runId,
          startedAt,
          program: deps.program.told,
          ...(run.previous === undefined ? {} : { previousRun: run.previous }),
        },
      });
      const tellRefusal = refusalsOnce(deps.notice);
      uplink.onChange((change) => {
        tellRefusal(change);
        deps.onConnection(change);
      });
    },
    stop: async (reason) => {
      await uplink?.stop(reason);
      await tasks.stop();
      await collectors.stop();
      await telemetry.close();
      await run.close(reason === 'stop' ? undefined : reason).catch((error: unknown) => unsaved('run.json', error));
      lock.release();
    },
    failing: run.failing,
    tellLimits: ({ state, source, reason }) =>
      store.put({
        kind: 'collector',
        key: 'limits',
        startedAt: clock.now(),
        ...{ state, source },
        ...(reason === undefined ? {} : { reason }),
      }),
    reachConsole: async () => {
      (await dial()).destroy();
    },
  };
};

const takeLock = (stateDir: string): FileLock => {
  const lock = lockFile(join(stateDir, 'lock'));
  if (lock.ok) return lock.value;
  const advice =
    lock.error.code === 'locked'
      ? `Another sensor already uses ${stateDir}. Stop it first, or set PARAPET_STATE_DIR to another folder.`
      : `The state folder ${stateDir} cannot be used.`;
  throw new AppError(`state-${lock.error.code}`, 500, `${advice} (${lock.error.message})`);
};

/** A refusal is told to a person once, not with each try. */
const refusalsOnce = (notice: (text: string) => void): ((change: UplinkChange) => void) => {
  let told = '';
  return ({ state, text }) => {
    if (state === 'connected') told = '';
    if (state !== 'refused' || told === text) return;
    told = text;
    notice(text);
  };
};

const dialTimeoutMs = 10_000;

/** The first of the console's addresses that answers with the right certificate. */
const dialAny = async (urls: readonly string[], identity: Identity, { proxy }: SensorConfig): Promise<TLSSocket> => {
  const failures: string[] = [];
  for (const url of urls) {
    try {
      return await dialWithIdentity(url, identity, { proxy, timeoutMs: dialTimeoutMs });
    } catch (error) {
      failures.push(`${url}: ${messageOf(error)}`);
    }
  }
  throw new Error(failures.join(' '));
};

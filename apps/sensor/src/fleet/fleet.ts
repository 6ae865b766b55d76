import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, messageOf, systemClock } from '@parapet/core';
import type { z } from 'zod';
import { parsePin } from '../config/config.ts';
import { enrol } from '../enrolment/enrol.ts';
import { openRun } from '../state/run.ts';
import { createStateFile, Identity, type StateFile, StreamMarker } from '../state/state-files.ts';
import { JournalFile, openTaskJournal } from '../tasks/task-journal.ts';
import { PolicyFile } from '../telemetry/policy/followed-policy.ts';
import { sensorVersion } from '../version.ts';
import { createHostLife, type HostLife } from './host-life.ts';
import { openLedger, sentLedgerOf } from './ledger.ts';
import { createRandom } from './random.ts';
import type { FleetSettings, FleetStatus } from './settings.ts';
import { type SimulatedSensor, startSimulatedSensor } from './simulated-sensor.ts';
import { type HostPlan, planWorld } from './world.ts';

/** Many simulated sensors in one process. */
export type Fleet = {
  readonly status: () => FleetStatus;
  /** Lets time stand still: what waits is still sent, nothing new happens. */
  readonly hush: () => void;
  readonly stop: () => Promise<void>;
};

const enrolAtOnce = 6;
const passEveryMs = 250;
/** A sensor that loses things does so about once in this time. */
const loseEveryMs = 20_000;

export const startFleet = (settings: FleetSettings): Fleet => {
  const clock = systemClock;
  const world = planWorld(settings.seed, settings.sensors);
  const hosts = world.hosts.slice(settings.from, settings.to);
  const ledger = openLedger(settings.ledgerFile);
  // Only one who may be killed can have sent what is stored without knowing.
  const sentLedger = openLedger(settings.keepState ? sentLedgerOf(settings.ledgerFile) : undefined);
  const stopping = new AbortController();
  // The same after a restart, or the world would be another one.
  const detailedFromMs = settings.detailedFromMs ?? settings.beganAtMs;
  const lives: HostLife[] = [];
  const sensors: SimulatedSensor[] = [];
  let acknowledgedFrames = 0;
  let problem: string | undefined;
  let hushed = false;

  const start = async (host: HostPlan): Promise<void> => {
    const files = await openFiles(settings, host);
    const known = await files.identity.read();
    const identity = known ?? (await enrolHost(settings, host, stopping.signal));
    await files.identity.write(identity);
    if (stopping.signal.aborted) return;
    const life = createHostLife(world, host, { ...settings, detailedFromMs });
    const sensor = await startSimulatedSensor({
      ...{ host, life, identity, clock },
      consoleUrl: settings.consoleUrl,
      tellsPast: known === undefined,
      streamFile: files.stream,
      policyFile: files.policy,
      journal: await openTaskJournal(files.tasks, () => undefined),
      run: await files.run(),
      documentDir: join(settings.workDir, 'documents', String(host.index)),
      eventDir: settings.eventsFromMs === undefined ? undefined : join(settings.workDir, 'events', String(host.index)),
      onAcknowledged: (frame) => {
        acknowledgedFrames += 1;
        ledger.note(identity.hostId, frame);
      },
      onSending: (frame) => sentLedger.note(identity.hostId, frame),
    });
    // Not before: the time that passes until then is told to nobody.
    lives.push(life);
    sensors.push(sensor);
    if (settings.losing.includes(host.index)) startLosing(sensor, host, stopping.signal);
  };

  const waiting = [...hosts];
  const work = async (): Promise<void> => {
    for (let host = waiting.shift(); host !== undefined && !stopping.signal.aborted; host = waiting.shift()) {
      await start(host);
    }
  };
  const started = Promise.all(Array.from({ length: enrolAtOnce }, work)).catch((error: unknown) => {
    if (!stopping.signal.aborted) problem = messageOf(error);
  });
  const timer = setInterval(() => {
    if (hushed) return;
    const now = clock.now();
    for (const life of lives) life.passUntil(now);
  }, passEveryMs);

  return {
    status: () => ({
      kind: 'status',
      sensors: hosts.length,
      enrolled: sensors.length,
      connected: sensors.filter((sensor) => sensor.isConnected()).length,
      drained: sensors.filter((sensor) => sensor.isDrained()).length,
      acknowledgedFrames,
      producedEvents: sensors.reduce((sum, sensor) => sum + sensor.producedEvents(), 0),
      hushed,
      ...(problem === undefined ? {} : { problem }),
    }),
    hush: () => {
      hushed = true;
      for (const sensor of sensors) sensor.settle();
    },
    stop: async () => {
      stopping.abort();
      clearInterval(timer);
      await started;
      await Promise.all(sensors.map((sensor) => sensor.stop()));
      ledger.close();
      sentLedger.close();
    },
  };
};

type HostFiles = {
  readonly identity: Pick<StateFile<Identity>, 'read' | 'write'>;
  readonly stream: Pick<StateFile<StreamMarker>, 'read' | 'write'>;
  readonly policy: Pick<StateFile<PolicyFile>, 'read' | 'write'>;
  readonly tasks: StateFile<z.infer<typeof JournalFile>>;
  readonly run: () => Promise<Parameters<typeof startSimulatedSensor>[0]['run']>;
};

/** The state of a sensor: in its own folder, as a real one's, or in memory when this process is its whole life. */
const openFiles = async (settings: FleetSettings, host: HostPlan): Promise<HostFiles> => {
  const runId = randomUUID();
  if (!settings.keepState) {
    return {
      identity: createMemoryFile(),
      stream: createMemoryFile(),
      policy: createMemoryFile(),
      tasks: createMemoryFile(),
      run: async () => ({ runId, previous: undefined, failing: async () => undefined, close: async () => undefined }),
    };
  }
  const folder = join(settings.workDir, 'state', String(host.index));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    identity: createStateFile(folder, 'identity.json', Identity),
    stream: createStateFile(folder, 'stream.json', StreamMarker),
    policy: createStateFile(folder, 'telemetry-policy.json', PolicyFile),
    tasks: createStateFile(folder, 'tasks.json', JournalFile),
    run: async () => {
      const memoryKills = () => ({ group: undefined, host: undefined });
      return { runId, ...(await openRun(folder, { runId, bootId: host.bootId, clock: systemClock, memoryKills })) };
    },
  };
};

const createMemoryFile = <T>(): StateFile<T> => {
  let content: T | undefined;
  return {
    read: async () => content,
    write: async (value) => {
      content = value;
    },
    remove: async () => {
      content = undefined;
    },
  };
};

/** Enrols by the real route. A console that is away or asks for patience is asked again. */
const enrolHost = async (settings: FleetSettings, host: HostPlan, signal: AbortSignal): Promise<Identity> => {
  const pin = parsePin(settings.authorityPin);
  if (!pin.ok) throw new AppError(pin.error.code, 400, pin.error.message);
  const key = settings.keys[host.site.zone];
  if (key === undefined) throw new AppError('no-key', 400, `There is no enrolment key for the zone ${host.site.zone}.`);
  const random = createRandom('patience', host.index);
  for (;;) {
    try {
      const enrolled = await enrol(
        { clock: systemClock, proxy: undefined },
        {
          consoleUrl: settings.consoleUrl,
          authorityPin: pin.value,
          key,
          evidence: { hostname: host.name, machineId: host.machineId },
          sensorVersion,
          previous: undefined,
        },
      );
      return enrolled.identity;
    } catch (error) {
      const isFinal = error instanceof AppError && !['rate', 'unavailable', 'bad-answer'].includes(error.code);
      if (isFinal || signal.aborted) throw error;
      await delay(random.between(500, 1500), undefined, { signal });
    }
  }
};

const startLosing = (sensor: SimulatedSensor, host: HostPlan, signal: AbortSignal): void => {
  const random = createRandom('losses', host.index);
  const timer = setInterval(() => sensor.lose(1 + random.int(40)), loseEveryMs);
  timer.unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
};

import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectDatabase } from '../../../apps/console/src/database/connect.ts';
import type { Database } from '../../../apps/console/src/database/database.ts';
import { sentLedgerOf } from '../../../apps/sensor/src/fleet/ledger.ts';
import { planWorld } from '../../../apps/sensor/src/fleet/world.ts';
import { freePort } from '../parapet.ts';
import { type Comparison, compareWithStore } from './compare.ts';
import { type FaultyNetwork, startFaultyNetwork } from './faulty-network.ts';
import {
  askForKey,
  type ConsoleProcess,
  type FleetProcess,
  readPostmaster,
  startConsoleProcess,
  startFleetProcess,
} from './processes.ts';

export type SceneOptions = {
  readonly sensors: number;
  readonly seed: string;
  readonly pace: number;
  /** Sensors keep their state in files, so that they may be killed and started again. */
  readonly keepState?: boolean;
  /** More sensors than this share no process. */
  readonly sensorsOfProcess?: number;
  readonly consoleFlags?: readonly string[];
  /** Clocks can be set: by how many milliseconds with each SIGUSR2. */
  readonly clockSteps?: { readonly console: readonly number[]; readonly sensors: readonly number[] };
  /** The console's data lie on a file system of their own, of this size; needs root. */
  readonly diskMegabytes?: number;
};

export type FleetSum = { readonly connected: number; readonly drained: number; readonly acknowledgedFrames: number };

/** A whole console, a simulated fleet and the network between them, all of which may be broken. */
export type Scene = AsyncDisposable & {
  readonly dataDir: string;
  readonly console: () => ConsoleProcess;
  readonly fleet: () => readonly FleetProcess[];
  readonly network: FaultyNetwork;
  readonly sum: () => FleetSum;
  /** SIGKILL, and started again. */
  readonly killConsole: () => Promise<void>;
  readonly killSensors: () => Promise<void>;
  /** Waits until all sensors are connected; returns the seconds it took. */
  readonly allThere: () => Promise<number>;
  readonly until: (what: string, holds: (sum: FleetSum) => boolean) => Promise<number>;
  /** Lets the world stand still until all it told is acknowledged, ends the fleet and reads the store. */
  readonly compare: () => Promise<Comparison>;
};

const patienceMs = 600_000;

export const startScene = async (options: SceneOptions): Promise<Scene> => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'ppt-fleet-'));
  await chmod(folder, 0o711);
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const dataDir = join(folder, 'console');
  if (options.diskMegabytes !== undefined) stack.defer(await mountDisk(dataDir, options.diskMegabytes));
  const place = {
    ...{ dataDir, port: await freePort(), nodeFlags: options.consoleFlags ?? [] },
    ...(options.clockSteps === undefined ? {} : { clockSteps: options.clockSteps.console }),
  };
  let console = await startConsoleProcess(place);
  stack.defer(() => console.stop());
  const network = await startFaultyNetwork(place.port);
  stack.defer(network.close);
  const plans = await planFleet(options, dataDir, folder, network.port);
  const startPart = (plan: FleetPlan): FleetProcess =>
    startFleetProcess(plan, options.clockSteps === undefined ? {} : { clockSteps: options.clockSteps.sensors });
  let fleet = plans.map(startPart);
  stack.defer(async () => void (await Promise.all(fleet.map((part) => part.stop()))));
  const moved = stack.move();

  const sum = (): FleetSum => sumOf(fleet);
  const until: Scene['until'] = async (what, holds) => {
    const startedAt = performance.now();
    // The first word after a change may be from before it.
    await sleep(1100);
    for (;;) {
      const now = sum();
      if (holds(now)) return (performance.now() - startedAt) / 1000;
      if (performance.now() - startedAt > patienceMs) throw new Error(`Not ${what} in time: ${JSON.stringify(now)}`);
      await sleep(100);
    }
  };
  const allThere = (): Promise<number> => until('all there', ({ connected }) => connected === options.sensors);
  return {
    dataDir,
    console: () => console,
    fleet: () => fleet,
    network,
    sum,
    until,
    allThere,
    killConsole: async () => {
      await console.kill();
      console = await startConsoleProcess(place);
    },
    killSensors: async () => {
      await Promise.all(fleet.map((part) => part.kill()));
      fleet = plans.map(startPart);
    },
    compare: async () => {
      for (const part of fleet) part.hush();
      // Told by the same word: one from before the hush may come late on a busy machine.
      const areHushed = (): boolean => fleet.every((part) => part.status().hushed);
      await until(
        'drained',
        ({ connected, drained }) => areHushed() && connected === options.sensors && drained === options.sensors,
      );
      await Promise.all(fleet.map((part) => part.stop()));
      const ledgers = plans.map(({ ledgerFile }) => ledgerFile);
      const sent = ledgers.flatMap((path) => sentLedgerOf(options.keepState === true ? path : undefined) ?? path);
      return withStore(dataDir, (db) => compareWithStore(db, ledgers, sent));
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
};

/** Returns how to take it away again. */
const mountDisk = async (folder: string, megabytes: number): Promise<() => void> => {
  await mkdir(folder, { mode: 0o711 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0711`, 'tmpfs', folder]);
  return () => void execFileSync('umount', ['-l', folder]);
};

type FleetPlan = Parameters<typeof startFleetProcess>[0] & { readonly ledgerFile: string };

const planFleet = async (
  { sensors, seed, pace, keepState = false, sensorsOfProcess = 350 }: SceneOptions,
  dataDir: string,
  folder: string,
  port: number,
): Promise<readonly FleetPlan[]> => {
  const keys: Record<string, string> = {};
  let authorityPin = '';
  for (const zone of new Set(planWorld(seed, sensors).hosts.map((host) => host.site.zone))) {
    const asked = await askForKey(dataDir, zone);
    keys[zone] = asked.key;
    authorityPin = asked.authorityPin;
  }
  const parts = Math.ceil(sensors / sensorsOfProcess);
  const each = Math.ceil(sensors / parts);
  return Array.from({ length: parts }, (_, part) => ({
    ...{ authorityPin, keys, seed, sensors, pace, keepState },
    consoleUrl: `https://127.0.0.1:${port}`,
    beganAtMs: Date.now() - 10 * 60_000,
    ledgerFile: join(folder, `ledger-${part}`),
    workDir: join(folder, `fleet-${part}`),
    from: part * each,
    to: Math.min(sensors, (part + 1) * each),
  }));
};

const sumOf = (fleet: readonly FleetProcess[]): FleetSum => {
  const sum = { connected: 0, drained: 0, acknowledgedFrames: 0 };
  for (const part of fleet) {
    const { connected, drained, acknowledgedFrames } = part.status();
    sum.connected += connected;
    sum.drained += drained;
    sum.acknowledgedFrames += acknowledgedFrames;
  }
  return sum;
};

/** Opens the console's database beside it. */
export const withStore = async <T>(dataDir: string, work: (db: Database) => Promise<T>): Promise<T> => {
  const { port, socketDir } = await readPostmaster(dataDir);
  const connection = connectDatabase({
    address: { kind: 'socket', socketDir: () => socketDir, port, user: 'parapet', database: 'postgres' },
    maxConnections: 2,
  });
  try {
    return await work(connection.db);
  } finally {
    await connection.close();
  }
};

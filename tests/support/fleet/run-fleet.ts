import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectDatabase } from '../../../apps/console/src/database/connect.ts';
import type { Database } from '../../../apps/console/src/database/database.ts';
import { createRandom } from '../../../apps/sensor/src/fleet/random.ts';
import { planWorld } from '../../../apps/sensor/src/fleet/world.ts';
import { freePort } from '../parapet.ts';
import { type Comparison, compareWithStore } from './compare.ts';
import {
  askForKey,
  type ConsoleProcess,
  childrenOf,
  cpuSecondsOf,
  type FleetProcess,
  memoryMb,
  readPostmaster,
  startConsoleProcess,
  startFleetProcess,
} from './processes.ts';

export type FleetRun = {
  readonly sensors: number;
  readonly seed: string;
  /** How long the fleet is looked at once all are there. */
  readonly seconds: number;
  readonly killConsole: number;
  readonly pace: number;
  /** Hours that lie behind the fleet when it begins. */
  readonly historyHours?: number;
  readonly consoleFlags?: readonly string[];
  /** Told what happens, for a person who waits. */
  readonly say?: (text: string) => void;
};

export type FleetFigures = Comparison & {
  readonly sensors: number;
  readonly enrolS: number;
  readonly firstSnapshotsS: number;
  readonly kills: number;
  /** From the restarted console's first answer until the last sensor was back, the longest of all kills. */
  readonly reconnectedS: number;
  /** CPU seconds of console and database from a restart until all were back, the most of all kills. */
  readonly reconnectCpuS: number;
  readonly consoleCores: number;
  readonly databaseCores: number;
  readonly consoleRssMB: number;
  readonly databasePssMB: number;
  readonly fleetRssMB: number;
  readonly framesPerSecond: number;
};

/** More sensors than this share no process. */
const sensorsOfProcess = 350;
const patienceMs = 240_000;

/** Runs a console and a fleet beside it, as told, and compares what was acknowledged with what is stored. */
export const runFleet = async (run: FleetRun): Promise<FleetFigures> => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'ppt-fleet-'));
  await chmod(folder, 0o711);
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const dataDir = join(folder, 'console');
  const say = run.say ?? (() => undefined);
  const place = { dataDir, port: await freePort(), nodeFlags: run.consoleFlags ?? [] };
  let console = await startConsoleProcess(place);
  stack.defer(() => console.stop());
  const ledgers: string[] = [];
  const fleet = await startFleet(run, console, dataDir, folder, ledgers);
  stack.defer(async () => void (await Promise.all(fleet.map((part) => part.stop()))));

  const enrolS = await until(fleet, 'enrolled', (sum) => sum.connected === run.sensors);
  say(`${run.sensors} sensors are there after ${enrolS.toFixed(1)} s`);
  const firstSnapshotsS = await until(fleet, 'snapshots', (sum) => sum.drained > run.sensors * 0.9);
  say(`their first snapshots are stored after ${firstSnapshotsS.toFixed(1)} s more`);
  const steady = await watch(console, dataDir, fleet, run.seconds);
  say(`at work: ${steady.consoleCores} + ${steady.databaseCores} cores`);

  const random = createRandom(run.seed, 'kills');
  const reconnects: { seconds: number; cpu: number }[] = [];
  for (let kill = 0; kill < run.killConsole; kill += 1) {
    await sleep(random.between(200, 2000));
    await console.kill();
    const databaseCpu = await databaseCpuOf(dataDir);
    console = await startConsoleProcess(place);
    const seconds = await until(fleet, 'reconnected', (sum) => sum.connected === run.sensors);
    const cpu = (await cpuSecondsOf(console.pid)) + (await databaseCpuOf(dataDir)) - databaseCpu;
    reconnects.push({ seconds, cpu });
    say(`kill ${kill + 1}: all are back after ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} CPU seconds`);
  }
  for (const part of fleet) part.hush();
  await until(fleet, 'drained', (sum) => sum.connected === run.sensors && sum.drained === run.sensors);
  const consoleMemory = await memoryMb([console.pid]);
  const postmaster = await readPostmaster(dataDir);
  const databaseMemory = await memoryMb([postmaster.pid, ...(await childrenOf(postmaster.pid))]);
  const fleetMemory = await memoryMb(fleet.map((part) => part.pid));
  await Promise.all(fleet.map((part) => part.stop()));
  const comparison = await withStore(dataDir, (db) => compareWithStore(db, ledgers));
  return {
    sensors: run.sensors,
    ...comparison,
    enrolS: round(enrolS),
    firstSnapshotsS: round(firstSnapshotsS),
    kills: run.killConsole,
    reconnectedS: round(Math.max(0, ...reconnects.map(({ seconds }) => seconds))),
    reconnectCpuS: round(Math.max(0, ...reconnects.map(({ cpu }) => cpu))),
    ...steady,
    consoleRssMB: Math.round(consoleMemory.rssMb),
    databasePssMB: Math.round(databaseMemory.pssMb),
    fleetRssMB: Math.round(fleetMemory.rssMb),
  };
};

const startFleet = async (
  run: FleetRun,
  console: ConsoleProcess,
  dataDir: string,
  folder: string,
  ledgers: string[],
): Promise<readonly FleetProcess[]> => {
  const world = planWorld(run.seed, run.sensors);
  const keys: Record<string, string> = {};
  let authorityPin = '';
  for (const zone of new Set(world.hosts.map((host) => host.site.zone))) {
    const asked = await askForKey(dataDir, zone);
    keys[zone] = asked.key;
    authorityPin = asked.authorityPin;
  }
  const beganAtMs = Date.now() - (run.historyHours ?? 0.1) * 3_600_000;
  const parts = Math.ceil(run.sensors / sensorsOfProcess);
  const each = Math.ceil(run.sensors / parts);
  return Array.from({ length: parts }, (_, part) => {
    const ledgerFile = join(folder, `ledger-${part}`);
    ledgers.push(ledgerFile);
    return startFleetProcess({
      ...{ consoleUrl: console.url, authorityPin, keys, ledgerFile, beganAtMs: Math.round(beganAtMs) },
      ...{ seed: run.seed, sensors: run.sensors, pace: run.pace },
      from: part * each,
      to: Math.min(run.sensors, (part + 1) * each),
      workDir: join(folder, `fleet-${part}`),
    });
  });
};

type Sum = { connected: number; drained: number; acknowledgedFrames: number };

const sumOf = (fleet: readonly FleetProcess[]): Sum => {
  const sum = { connected: 0, drained: 0, acknowledgedFrames: 0 };
  for (const part of fleet) {
    const { connected, drained, acknowledgedFrames } = part.status();
    sum.connected += connected;
    sum.drained += drained;
    sum.acknowledgedFrames += acknowledgedFrames;
  }
  return sum;
};

/** Waits until the fleets say so, twice in a row: the first word may be from before. Returns the seconds it took. */
export const until = async (
  fleet: readonly FleetProcess[],
  what: string,
  holds: (sum: Sum) => boolean,
): Promise<number> => {
  const startedAt = performance.now();
  await sleep(1100);
  for (;;) {
    const sum = sumOf(fleet);
    if (holds(sum)) return (performance.now() - startedAt) / 1000;
    if (performance.now() - startedAt > patienceMs) throw new Error(`Not ${what} in time: ${JSON.stringify(sum)}`);
    await sleep(100);
  }
};

const databaseCpuOf = async (dataDir: string): Promise<number> =>
  cpuSecondsOf((await readPostmaster(dataDir)).pid, true);

const watch = async (
  console: ConsoleProcess,
  dataDir: string,
  fleet: readonly FleetProcess[],
  seconds: number,
): Promise<{ consoleCores: number; databaseCores: number; framesPerSecond: number }> => {
  const startedAt = performance.now();
  const before = { console: await cpuSecondsOf(console.pid), database: await databaseCpuOf(dataDir) };
  const frames = sumOf(fleet).acknowledgedFrames;
  await sleep(seconds * 1000);
  const tookS = (performance.now() - startedAt) / 1000;
  return {
    consoleCores: round(((await cpuSecondsOf(console.pid)) - before.console) / tookS),
    databaseCores: round(((await databaseCpuOf(dataDir)) - before.database) / tookS),
    framesPerSecond: round((sumOf(fleet).acknowledgedFrames - frames) / tookS),
  };
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

const round = (value: number): number => Math.round(value * 100) / 100;

import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../../apps/sensor/src/fleet/random.ts';
import type { Comparison } from './compare.ts';
import { childrenOf, cpuSecondsOf, memoryMb, readPostmaster } from './processes.ts';
import { type Scene, startScene } from './scene.ts';

export type FleetRun = {
  readonly sensors: number;
  readonly seed: string;
  /** How long the fleet is looked at once all are there. */
  readonly seconds: number;
  readonly killConsole: number;
  readonly pace: number;
  readonly consoleFlags?: readonly string[];
  /** Told what happens, for a person who waits. */
  readonly say?: (text: string) => void;
};

export type FleetFigures = Comparison & {
  readonly sensors: number;
  readonly enrolS: number;
  /** CPU seconds of console and database until all first snapshots were stored. */
  readonly arrivalCpuS: number;
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

/** Runs a console and a fleet beside it, as told, and compares what was acknowledged with what is stored. */
export const runFleet = async (run: FleetRun): Promise<FleetFigures> => {
  await using scene = await startScene(run);
  const measured = await measureFleet(scene, run);
  return { ...measured, ...(await scene.compare()) };
};

/** Waits for a fleet to come, looks at it at work and kills its console as told. */
export const measureFleet = async (scene: Scene, run: FleetRun): Promise<Omit<FleetFigures, keyof Comparison>> => {
  const say = run.say ?? (() => undefined);
  const enrolS = await scene.allThere();
  say(`${run.sensors} sensors are there after ${enrolS.toFixed(1)} s`);
  await scene.until('snapshots stored', ({ drained }) => drained > run.sensors * 0.9);
  const arrivalCpuS = await cpuOf(scene);
  say(`their first snapshots are stored, at ${arrivalCpuS.toFixed(1)} CPU seconds`);
  const steady = await watch(scene, run.seconds);
  say(`at work: ${steady.consoleCores} + ${steady.databaseCores} cores`);

  const random = createRandom(run.seed, 'kills');
  const reconnects: { readonly seconds: number; readonly cpu: number }[] = [];
  for (let kill = 0; kill < run.killConsole; kill += 1) {
    await sleep(random.between(200, 2000));
    const before = await databaseCpuOf(scene);
    await scene.killConsole();
    const seconds = await scene.allThere();
    const cpu = (await cpuOf(scene)) - before;
    reconnects.push({ seconds, cpu });
    // What a console needs must not grow with how often it was killed.
    const { consoleRssMB, databasePssMB } = await memoryOf(scene);
    say(
      `kill ${kill + 1}: all are back after ${seconds.toFixed(1)} s, ${cpu.toFixed(1)} CPU seconds, ${consoleRssMB} + ${databasePssMB} MB`,
    );
  }
  return {
    sensors: run.sensors,
    enrolS: round(enrolS),
    arrivalCpuS: round(arrivalCpuS),
    kills: run.killConsole,
    reconnectedS: round(Math.max(0, ...reconnects.map(({ seconds }) => seconds))),
    reconnectCpuS: round(Math.max(0, ...reconnects.map(({ cpu }) => cpu))),
    ...steady,
    ...(await memoryOf(scene)),
  };
};

const databaseCpuOf = async ({ dataDir }: Scene): Promise<number> =>
  cpuSecondsOf((await readPostmaster(dataDir)).pid, true);

/** Of the console since its start and of the database since its own. */
const cpuOf = async (scene: Scene): Promise<number> =>
  (await cpuSecondsOf(scene.console().pid)) + (await databaseCpuOf(scene));

const watch = async (
  scene: Scene,
  seconds: number,
): Promise<Pick<FleetFigures, 'consoleCores' | 'databaseCores' | 'framesPerSecond'>> => {
  const startedAt = performance.now();
  const before = { console: await cpuSecondsOf(scene.console().pid), database: await databaseCpuOf(scene) };
  const frames = scene.sum().acknowledgedFrames;
  await sleep(seconds * 1000);
  const tookS = (performance.now() - startedAt) / 1000;
  return {
    consoleCores: round(((await cpuSecondsOf(scene.console().pid)) - before.console) / tookS),
    databaseCores: round(((await databaseCpuOf(scene)) - before.database) / tookS),
    framesPerSecond: round((scene.sum().acknowledgedFrames - frames) / tookS),
  };
};

const memoryOf = async (scene: Scene): Promise<Pick<FleetFigures, 'consoleRssMB' | 'databasePssMB' | 'fleetRssMB'>> => {
  const postmaster = (await readPostmaster(scene.dataDir)).pid;
  const console = await memoryMb([scene.console().pid]);
  const database = await memoryMb([postmaster, ...(await childrenOf(postmaster))]);
  const fleet = await memoryMb(scene.fleet().map(({ pid }) => pid));
  return {
    consoleRssMB: Math.round(console.rssMb),
    databasePssMB: Math.round(database.pssMb),
    fleetRssMB: Math.round(fleet.rssMb),
  };
};

const round = (value: number): number => Math.round(value * 100) / 100;

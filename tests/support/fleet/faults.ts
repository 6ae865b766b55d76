import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../../apps/sensor/src/fleet/random.ts';
import type { Comparison } from './compare.ts';
import { readPostmaster } from './processes.ts';
import { type Scene, type SceneOptions, startScene } from './scene.ts';

const hourMs = 3_600_000;

/** Something that goes wrong while sensors are at work. */
export type Fault = {
  readonly name: string;
  /** What its scene needs beside the usual. */
  readonly scene?: Pick<SceneOptions, 'keepState' | 'clockSteps' | 'diskMegabytes'>;
  /** Does it that often, at moments that the seed decides. */
  readonly strike: (scene: Scene, times: number, random: ReturnType<typeof createRandom>) => Promise<void>;
};

export const faults: readonly Fault[] = [
  {
    name: 'kill-console',
    strike: (scene, times, random) =>
      repeat(times, async () => {
        await sleep(random.between(100, 1500));
        await scene.killConsole();
        // Now and then it dies again before all are back.
        if (random.chance(0.7)) await scene.allThere();
      }),
  },
  {
    name: 'kill-database',
    strike: (scene, times, random) =>
      repeat(times, async () => {
        await sleep(random.between(500, 2500));
        const { pid } = await readPostmaster(scene.dataDir);
        process.kill(pid, 'SIGKILL');
        await untilAnotherServer(scene, pid);
      }),
  },
  {
    name: 'kill-sensors',
    scene: { keepState: true },
    strike: (scene, times, random) =>
      repeat(times, async () => {
        await sleep(random.between(100, 2500));
        await scene.killSensors();
        if (random.chance(0.7)) await scene.allThere();
      }),
  },
  {
    name: 'network-cut',
    strike: (scene, times, random) =>
      repeat(times, async () => {
        await sleep(random.between(100, 1500));
        if (random.chance(0.5)) scene.network.cut();
        else {
          scene.network.refuse();
          await sleep(random.between(500, 2000));
          scene.network.restore();
        }
      }),
  },
  {
    name: 'network-slow',
    strike: async (scene, times, random) => {
      scene.network.slow(150, 20_000);
      await repeat(times, () => sleep(random.between(500, 1500)));
      scene.network.restore();
    },
  },
  {
    name: 'network-half-open',
    strike: (scene, times, random) =>
      // Long enough that both ends notice: three heartbeats of ten seconds.
      repeat(Math.max(1, Math.round(times / 10)), async () => {
        scene.network.stall();
        await scene.until('noticed', ({ connected }) => connected === 0);
        await sleep(random.between(100, 1000));
        scene.network.restore();
        await scene.allThere();
      }),
  },
  {
    name: 'clock-jumps',
    scene: {
      clockSteps: {
        console: [hourMs, -2 * hourMs, hourMs, -60_000, 60_000],
        // The invented world goes by its sensors' clocks: a jump forwards is lived through.
        sensors: [20_000, -45_000, 25_000],
      },
    },
    strike: (scene, times, random) =>
      repeat(times, async () => {
        await sleep(random.between(500, 2500));
        const struck = random.chance(0.5) ? [scene.console().pid] : scene.fleet().map(({ pid }) => pid);
        for (const pid of struck) process.kill(pid, 'SIGUSR2');
      }),
  },
  {
    name: 'disk-full',
    scene: { diskMegabytes: 900 },
    strike: (scene, times, random) =>
      repeat(times, async () => {
        const filler = join(scene.dataDir, 'filler');
        await fillDisk(filler);
        await sleep(random.between(1000, 3000));
        await rm(filler);
        await sleep(random.between(1000, 3000));
      }),
  },
];

/** Takes all the room that is left. */
const fillDisk = async (path: string): Promise<void> => {
  const file = await open(path, 'w');
  const chunk = Buffer.alloc(1024 * 1024);
  try {
    for (;;) await file.write(chunk);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  } finally {
    await file.close();
  }
};

/** Strikes a fleet of its own with a fault and compares. */
export const runFault = async (
  fault: Fault,
  options: { readonly sensors: number; readonly times: number; readonly seed: string },
): Promise<Comparison> => {
  await using scene = await startScene({
    ...{ sensors: options.sensors, seed: options.seed, pace: 40 },
    ...fault.scene,
  });
  await scene.allThere();
  await fault.strike(scene, options.times, createRandom(options.seed, fault.name));
  await scene.allThere();
  return await scene.compare();
};

const repeat = async (times: number, work: () => Promise<void>): Promise<void> => {
  for (let time = 0; time < times; time += 1) await work();
};

const serverPatienceMs = 60_000;

const untilAnotherServer = async ({ dataDir }: Scene, before: number): Promise<void> => {
  for (const startedAt = performance.now(); performance.now() - startedAt < serverPatienceMs; ) {
    const now = await readPostmaster(dataDir).catch(() => undefined);
    if (now !== undefined && now.pid > 0 && now.pid !== before && now.socketDir !== '') return;
    await sleep(50);
  }
  throw new Error('The database did not come back.');
};

import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../../../apps/sensor/src/fleet/random.ts';
import type { Comparison } from './compare.ts';
import { readPostmaster } from './processes.ts';
import { type Scene, startScene } from './scene.ts';

/** Something that goes wrong while sensors are at work. */
export type Fault = {
  readonly name: string;
  readonly keepState?: true;
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
    keepState: true,
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
];

/** Strikes a fleet of its own with a fault and compares. */
export const runFault = async (
  fault: Fault,
  options: { readonly sensors: number; readonly times: number; readonly seed: string },
): Promise<Comparison> => {
  await using scene = await startScene({
    ...{ sensors: options.sensors, seed: options.seed, pace: 40 },
    ...(fault.keepState === undefined ? {} : { keepState: true }),
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

import { expect, test } from 'vitest';
import { createRandom } from '../apps/sensor/src/fleet/random.ts';
import { faults } from './support/fleet/faults.ts';
import { startScene } from './support/fleet/scene.ts';

/** All faults that take seconds, one after the other on one fleet; `npm run bench -- faults` strikes with each twenty times. */
const names = ['kill-database', 'network-cut', 'kill-sensors', 'kill-console', 'network-slow'];

test('database, network, sensors and console fail in turn: nothing acknowledged is lost, nothing is there twice', async () => {
  await using scene = await startScene({ sensors: 8, seed: 'faults', pace: 40, keepState: true });
  await scene.allThere();
  for (const name of names) {
    const fault = faults.find((candidate) => candidate.name === name);
    if (fault === undefined) throw new Error(`There is no fault "${name}".`);
    await fault.strike(scene, 1, createRandom('faults', name));
    await scene.allThere();
  }
  const comparison = await scene.compare();
  expect(comparison).toMatchObject({ lost: 0, doubled: 0, examples: [] });
  expect(comparison.acknowledged).toBeGreaterThan(800);
});

import { expect, test } from 'vitest';
import { createRandom } from '../apps/sensor/src/fleet/random.ts';
import { faults } from './support/fleet/faults.ts';
import { measureFleet } from './support/fleet/run-fleet.ts';
import { startScene } from './support/fleet/scene.ts';

/** All faults that take seconds, one after the other on one fleet; `npm run bench -- faults` strikes with each twenty times. */
const names = ['kill-database', 'network-cut', 'network-slow', 'kill-sensors'];
const fleet = { sensors: 16, seed: 'integration', seconds: 2, killConsole: 1, pace: 30, keepState: true };

test('console, database, network and sensors of a fleet fail in turn: nothing acknowledged is lost, nothing is there twice', async () => {
  await using scene = await startScene(fleet);
  const figures = await measureFleet(scene, fleet);
  expect(figures).toMatchObject({ sensors: fleet.sensors, kills: 1 });
  expect(figures.framesPerSecond).toBeGreaterThan(0);
  for (const name of names) {
    const fault = faults.find((candidate) => candidate.name === name);
    if (fault === undefined) throw new Error(`There is no fault "${name}".`);
    await fault.strike(scene, 1, createRandom('faults', name));
    await scene.allThere();
  }
  const comparison = await scene.compare();
  expect(comparison).toMatchObject({ lost: 0, doubled: 0, examples: [] });
  expect(comparison.acknowledged).toBeGreaterThan(1500);
});

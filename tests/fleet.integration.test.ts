import { TelemetryRules } from '@parapet/contract/telemetry';
import { expect, test } from 'vitest';
import { policyFor } from '../apps/console/src/telemetry-policy/host-policy.ts';
import { savePolicy } from '../apps/console/src/telemetry-policy/policy-versions.ts';
import { createRandom } from '../apps/sensor/src/fleet/random.ts';
import { faults } from './support/fleet/faults.ts';
import { measureFleet } from './support/fleet/run-fleet.ts';
import { startScene, withStore } from './support/fleet/scene.ts';

const rules = TelemetryRules.parse([{ name: 'no ends', actions: ['exit'], keep: 0 }]);
/** What each sensor says that it follows. */
const followed = (dataDir: string): Promise<string[]> =>
  withStore(dataDir, async (db) => {
    const sensors = await db.selectFrom('sensors').select('telemetry_policy').execute();
    return sensors.map(({ telemetry_policy }) => telemetry_policy?.digest ?? 'none');
  });

/** All faults that take seconds, one after the other on one fleet; `npm run bench -- faults` strikes with each twenty times. */
const names = ['kill-database', 'network-cut', 'network-slow', 'kill-sensors'];
const fleet = { sensors: 16, seed: 'integration', seconds: 2, killConsole: 1, pace: 30, keepState: true };

test('console, database, network and sensors of a fleet fail in turn: nothing acknowledged is lost, nothing is there twice', async () => {
  await using scene = await startScene(fleet);
  const figures = await measureFleet(scene, fleet);
  expect(figures).toMatchObject({ sensors: fleet.sensors, kills: 1 });
  expect(figures.framesPerSecond).toBeGreaterThan(0);
  await withStore(scene.dataDir, (db) => savePolicy(db, { basedOn: 0, rules, at: new Date(), by: 'ada' }));
  for (const name of names) {
    const fault = faults.find((candidate) => candidate.name === name);
    if (fault === undefined) throw new Error(`There is no fault "${name}".`);
    await fault.strike(scene, 1, createRandom('faults', name));
    await scene.allThere();
  }
  // Whoever comes back is sent the policy that was made meanwhile, and follows it from its own file after the next end.
  const { digest } = policyFor(rules, {});
  await expect
    .poll(() => followed(scene.dataDir), { timeout: 180_000, interval: 500 })
    .toEqual(Array(fleet.sensors).fill(digest));
  const comparison = await scene.compare();
  expect(comparison).toMatchObject({ lost: 0, doubled: 0, examples: [] });
  expect(comparison.acknowledged).toBeGreaterThan(1500);
});

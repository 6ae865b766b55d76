import { expect, test } from 'vitest';
import { runFleet } from './support/fleet/run-fleet.ts';

test('a simulated fleet, its console killed in the middle: nothing acknowledged is lost, nothing is there twice', async () => {
  const figures = await runFleet({ sensors: 30, seed: 'integration', seconds: 2, killConsole: 1, pace: 30 });
  expect(figures).toMatchObject({ lost: 0, doubled: 0, kills: 1, examples: [] });
  expect(figures.acknowledged).toBeGreaterThan(3000);
  expect(figures.stored).toBe(figures.acknowledged);
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bootClockNs } from './boot-clock.ts';

it('is the clock of /proc/uptime and goes forward', () => {
  const before = bootClockNs();
  const uptimeSeconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  const after = bootClockNs();
  expect(after).toBeGreaterThan(before);
  expect(Number(before) / 1e9).toBeLessThanOrEqual(uptimeSeconds + 0.011);
  expect(Number(after) / 1e9).toBeGreaterThanOrEqual(uptimeSeconds);
});

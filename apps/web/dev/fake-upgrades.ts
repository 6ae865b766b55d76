/** FAKE rollouts of sensor upgrades. */
import type { ResultOf, SensorUpgrade } from '@parapet/contract/api';
import { ago, idOf, minute } from './fake-seed.ts';
import type { FakeWorld } from './fake-world.ts';

export const fakeUpgrades = (world: FakeWorld): ResultOf<'sensorUpgrades.list'> => {
  const release = {
    version: '0.1.0',
    archives: [{ architecture: 'x64', build: '0.1.0-9f8e7d6c5b4a', sizeBytes: 41_234_567 }],
  };
  const installed = world.sensors.filter(({ program }) => program?.kind === 'installed');
  const outdated = installed.filter(({ standing }) => standing === 'outdated');
  const upgrade = (at: number, part: Partial<SensorUpgrade>): SensorUpgrade[] => {
    const sensor = installed[at];
    if (sensor === undefined) return [];
    const { hostId, hostname } = sensor;
    return [
      {
        id: idOf('upgrade', at),
        hostId,
        hostname,
        state: 'waiting',
        fromVersion: '0.0.9',
        toVersion: '0.1.0',
        ...part,
      },
    ];
  };
  return {
    release,
    upgradable: outdated.map(({ hostId }) => hostId),
    rollouts:
      installed.length === 0
        ? []
        : [
            {
              id: idOf('rollout', 1),
              requestedBy: 'anna.keller',
              createdAt: ago(4 * minute),
              state: 'running',
              upgrades: [
                ...upgrade(0, { state: 'done', endedAt: ago(3 * minute) }),
                ...upgrade(1, { state: 'running', step: 'download', progress: 0.42 }),
                ...upgrade(2, { state: 'running', step: 'trial' }),
                ...upgrade(3, {
                  state: 'failed',
                  reason: 'crashed',
                  message:
                    'The new version could not stay up. It ended with exit code 1. This kernel is not supported.',
                  endedAt: ago(minute),
                }),
                ...upgrade(4, {}),
              ],
            },
          ],
  };
};

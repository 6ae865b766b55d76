/** FAKE answers for what a console says of itself, and for its policies. */
import { defaultScanPolicy } from '@parapet/contract/api';
import type { FakeHandlers } from './fake-answers.ts';
import { feedAnswers } from './fake-feeds.ts';
import { overview } from './fake-overview.ts';
import { peopleAnswers } from './fake-people.ts';
import { telemetryPolicyAnswers } from './fake-policy.ts';
import { retentionAnswers } from './fake-retention.ts';
import { ago, day, hour } from './fake-seed.ts';
import { fakeBlind, fakeLosses, sensorAnswers } from './fake-sensors.ts';
import type { FakeWorld } from './fake-world.ts';

export const createFakeSettings = (world: FakeWorld): FakeHandlers => {
  const empty = world.hosts.length === 0;
  let policy = defaultScanPolicy;
  return {
    ...sensorAnswers(world),
    ...peopleAnswers(empty),
    ...feedAnswers(empty),
    'overview.get': () => overview(world),
    'trust.get': () => ({
      feeds: empty ? { state: 'none' } : { state: 'fresh', dataAt: ago(2 * hour) },
      hosts: { total: world.hosts.length, silent: empty ? 0 : 1, simulated: 0 },
      lostEvents: empty ? 0 : 312,
      lostRecords: empty ? 0 : 14,
      blindHosts: empty ? 0 : 1,
      disk: empty ? { state: 'ok', usedShare: 0.3 } : { state: 'tight', usedShare: 0.87 },
      at: ago(0),
    }),
    'scanPolicy.get': () => policy,
    'scanPolicy.update': ({ body }) => {
      policy = body;
      return policy;
    },
    ...retentionAnswers(empty),
    ...telemetryPolicyAnswers(world),
    'status.get': () => ({
      version: '0.1.0',
      name: 'Parapet (fake data)',
      startedAt: ago(3 * day),
      dataDir: '/var/lib/parapet',
      stores: [
        { name: 'PostgreSQL', state: 'ok', detail: '18.4, embedded, 212 MB', since: ago(3 * day) },
        { name: 'Advisories', state: 'ok', detail: '284,112 advisories, 412 MB', since: ago(2 * hour) },
      ],
      queues: [
        { name: 'match', waiting: 0, active: 1, failed: 0, oldestMs: 0 },
        { name: 'risk', waiting: 14, active: 2, failed: 0, oldestMs: 830 },
        { name: 'feeds', waiting: 0, active: 0, failed: 1, oldestMs: 0 },
      ],
      ingest: {
        connectedSensors: 14,
        framesPerSecond: 38.4,
        recordsPerSecond: 612,
        lagMsP50: 41,
        lagMsP99: 240,
        refusedFrames: 2,
        unknownMessages: 0,
      },
      memory: {
        rssBytes: 214e6,
        heapBytes: 88e6,
        copies: [
          { name: 'findings' as const, rows: 412_308, bytes: 22e6, state: 'ready' as const },
          { name: 'assets' as const, rows: 1_204, bytes: 963e3, state: 'ready' as const },
          { name: 'connections' as const, rows: 0, bytes: 0, state: 'too-many' as const },
        ],
      },
      certificate: {
        source: 'given' as const,
        expiresAt: new Date(Date.now() + 9 * 86_400_000).toISOString(),
        warnings: ['The web certificate expires in 9 days, on 2026-12-07.'],
      },
      eventLoopLagMsP99: 6.2,
      disk: { freeBytes: 61e9, totalBytes: 120e9, dataBytes: 1.4e9 },
      losses: fakeLosses(world),
      blind: fakeBlind(world),
      addresses: ['https://10.8.4.2:8443', 'https://console.internal:8443'],
    }),
  };
};

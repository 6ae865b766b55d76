/** FAKE answers for sensors, their keys and upgrades. */
import type { EnrolmentKey } from '@parapet/contract/api';
import { type FakeHandlers, found, page } from './fake-answers.ts';
import { fakeDelivery } from './fake-delivery.ts';
import { ago, day, hour, idOf, minute } from './fake-seed.ts';
import { fakeUpgrades } from './fake-upgrades.ts';
import type { FakeWorld } from './fake-world.ts';

export const sensorAnswers = (world: FakeWorld): FakeHandlers => {
  const empty = world.hosts.length === 0;
  const losses = fakeLosses(world);
  const keys: EnrolmentKey[] = empty
    ? []
    : [
        {
          id: idOf('k1'),
          name: 'edge fleet',
          zone: 'edge',
          labels: { env: 'production' },
          createdBy: 'anna.keller',
          createdAt: ago(5 * hour),
          expiresAt: ago(-19 * hour),
          uses: 3,
          maxUses: 10,
          state: 'usable',
        },
        {
          id: idOf('k2'),
          name: 'first host',
          zone: 'default',
          labels: {},
          createdBy: 'system',
          createdAt: ago(60 * day),
          expiresAt: ago(59 * day),
          uses: 1,
          maxUses: 1,
          state: 'used-up',
        },
        {
          id: idOf('k3'),
          name: 'old terraform',
          zone: 'default',
          labels: {},
          createdBy: 'ben.ode',
          createdAt: ago(30 * day),
          expiresAt: ago(-10 * day),
          uses: 12,
          revokedAt: ago(3 * day),
          state: 'revoked',
        },
      ];
  return {
    'enrolmentKeys.list': () => ({ items: keys }),
    'enrolmentKeys.create': ({ body }) => {
      const key: EnrolmentKey = {
        id: idOf('k', keys.length),
        name: body.name,
        zone: body.zone,
        labels: body.labels,
        createdBy: 'anna.keller',
        createdAt: ago(0),
        expiresAt: ago(-body.expiresInHours * hour),
        uses: 0,
        state: 'usable',
        ...(body.maxUses === undefined ? {} : { maxUses: body.maxUses }),
      };
      keys.unshift(key);
      return {
        key,
        secret: 'pek_fake_5f2b9c',
        authorityPin: 'sha256:51a0c3fake',
        consoleUrls: ['https://10.8.4.2:8443', 'https://console.internal:8443'],
        command:
          "PARAPET_ENROL_KEY='pek_fake_5f2b9c' ./parapet enroll --console https://10.8.4.2:8443 --pin sha256:51a0c3fake",
      };
    },
    'sensorDelivery.get': () => fakeDelivery(),
    'sensorDelivery.make': () => fakeDelivery(),
    'enrolmentKeys.revoke': ({ params }) => {
      const key = keys.find((item) => item.id === params.keyId);
      if (key !== undefined) Object.assign(key, { state: 'revoked', revokedAt: ago(0) });
      return undefined;
    },
    'sensors.list': ({ query }) => {
      const all = world.sensors.filter((sensor) => query.q === undefined || sensor.hostname.includes(query.q));
      const count = (presence: string): number => all.filter((sensor) => sensor.presence === presence).length;
      return {
        ...page(
          all.filter((sensor) => query.presence === undefined || sensor.presence === query.presence),
          query,
        ),
        counts: {
          online: count('online'),
          unknown: count('unknown'),
          stopped: count('stopped'),
          revoked: 0,
          removed: 0,
          troubled: 2,
        },
      };
    },
    'sensors.get': ({ params }) => {
      const sensor = world.sensors.find((item) => item.hostId === params.hostId);
      if (sensor === undefined) throw new Error('no such sensor');
      return {
        ...sensor,
        blind: [
          {
            hostId: sensor.hostId,
            hostname: sensor.hostname,
            collector: 'sensor',
            from: ago(3 * day),
            to: ago(3 * day - 4 * hour),
            cause: 'The sensor was stopped.',
          },
          {
            hostId: sensor.hostId,
            hostname: sensor.hostname,
            collector: 'network',
            from: ago(26 * hour),
            to: ago(25 * hour),
            cause: 'The kernel dropped messages without a number.',
          },
          ...(sensor.presence === 'unknown'
            ? [
                {
                  hostId: sensor.hostId,
                  hostname: sensor.hostname,
                  collector: 'sensor',
                  from: sensor.since,
                  cause: 'The sensor is silent.',
                },
              ]
            : []),
        ],
        losses: losses.filter((loss) => loss.hostId === sensor.hostId),
      };
    },
    'sensorUpgrades.list': () => fakeUpgrades(world),
    'sensorUpgrades.create': () => {
      const [rollout] = fakeUpgrades(world).rollouts;
      return { ...(rollout === undefined ? {} : { rollout }), skipped: [] };
    },
    'sensorUpgrades.stop': () => found(fakeUpgrades(world).rollouts[0], 'rollout'),
    'sensors.revoke': () => undefined,
    'sensors.resync': () => undefined,
  };
};

/** What is not seen now, as of the whole fleet. */
export const fakeBlind = (world: FakeWorld) =>
  world.sensors.slice(12, 14).map((sensor) => ({
    hostId: sensor.hostId,
    hostname: sensor.hostname,
    collector: 'sensor',
    from: ago(26 * minute),
    cause: 'The sensor is silent.',
  }));

export const fakeLosses = (world: FakeWorld) =>
  world.sensors.slice(1, 2).flatMap(({ hostId, hostname }) => [
    {
      ...{ hostId, hostname, collector: 'activity', stage: 'kernel', kind: 'events' as const },
      ...{ cause: 'ring full', lost: 312, lastAt: ago(3 * hour) },
    },
    {
      ...{ hostId, hostname, collector: 'network', stage: 'connections', kind: 'records' as const },
      ...{ cause: 'too-many', lost: 14, lastAt: ago(4 * hour) },
    },
  ]);

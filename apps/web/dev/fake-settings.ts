/** FAKE answers for sensors and settings. */
import { defaultScanPolicy, type EnrolmentKey, type FeedStatus, type User } from '@parapet/contract/api';
import { type FakeHandlers, found, page } from './fake-answers.ts';
import { fakeDelivery } from './fake-delivery.ts';
import { overview } from './fake-overview.ts';
import { telemetryPolicyAnswers } from './fake-policy.ts';
import { retentionAnswers } from './fake-retention.ts';
import { ago, day, hour, idOf, minute } from './fake-seed.ts';
import { fakeUpgrades } from './fake-upgrades.ts';
import type { FakeWorld } from './fake-world.ts';

export const createFakeSettings = (world: FakeWorld): FakeHandlers => {
  const empty = world.hosts.length === 0;
  let policy = defaultScanPolicy;
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
  const users: User[] = [
    {
      id: idOf('anna'),
      username: 'anna.keller',
      role: 'admin',
      scope: null,
      state: 'active',
      createdAt: ago(60 * day),
      lastSeenAt: ago(20_000),
    },
    {
      id: idOf('ben'),
      username: 'ben.ode',
      role: 'operator',
      scope: { team: ['shop'] },
      state: 'active',
      createdAt: ago(40 * day),
      lastSeenAt: ago(3 * hour),
    },
    {
      id: idOf('cleo'),
      username: 'cleo@example.org',
      role: 'viewer',
      scope: { env: ['production'], team: ['shop', 'platform'] },
      state: 'invited',
      createdAt: ago(hour),
    },
    {
      id: idOf('dan'),
      username: 'dan',
      role: 'viewer',
      scope: null,
      state: 'locked',
      createdAt: ago(9 * day),
      lastSeenAt: ago(day),
    },
  ];
  const feed: FeedStatus = empty
    ? { earlier: [], sources: [], schedule: { everyHours: 6, enabled: true } }
    : {
        active: {
          version: '2026-11-21T06:00Z-9f2c11ab',
          activatedAt: ago(2 * hour),
          advisories: 284_112,
          origin: 'publishers',
          sizeBytes: 412e6,
        },
        earlier: [
          { version: '2026-11-20T06:00Z-77ab01cd', activatedAt: ago(26 * hour), advisories: 283_990 },
          { version: '2026-11-19T06:00Z-1c2d3e4f', activatedAt: ago(50 * hour), advisories: 283_811 },
        ],
        sources: [
          {
            id: 'osv-debian',
            name: 'OSV Debian',
            records: 51_204,
            dataAt: ago(3 * hour),
            fetchedAt: ago(2 * hour),
            licence: 'CC0-1.0',
          },
          {
            id: 'osv-alpine',
            name: 'OSV Alpine',
            records: 12_044,
            dataAt: ago(5 * hour),
            fetchedAt: ago(2 * hour),
            licence: 'CC0-1.0',
          },
          {
            id: 'osv-rocky',
            name: 'OSV Rocky Linux',
            records: 4810,
            dataAt: ago(3 * day),
            fetchedAt: ago(2 * hour),
            licence: 'CC0-1.0',
            lastError: 'The publisher answered 429; the last good data is used.',
          },
          {
            id: 'kev',
            name: 'CISA KEV',
            records: 1432,
            dataAt: ago(9 * hour),
            fetchedAt: ago(2 * hour),
            licence: 'CC0-1.0',
          },
          { id: 'epss', name: 'FIRST EPSS', records: 251_000, dataAt: ago(8 * hour), fetchedAt: ago(2 * hour) },
        ],
        update: { state: 'done', step: 'Activated', startedAt: ago(2 * hour + 40_000), endedAt: ago(2 * hour) },
        schedule: { everyHours: 6, nextAt: ago(-4 * hour), enabled: true },
      };
  const blind = empty
    ? []
    : world.sensors.slice(12, 14).map((sensor) => ({
        hostId: sensor.hostId,
        hostname: sensor.hostname,
        collector: 'all',
        from: ago(26 * minute),
        cause: 'The sensor is silent.',
      }));
  const losses = empty
    ? []
    : world.sensors.slice(1, 2).map((sensor) => ({
        hostId: sensor.hostId,
        hostname: sensor.hostname,
        collector: 'connections',
        stage: 'ring',
        cause: 'The kernel ring was full.',
        lost: 312,
        lastAt: ago(3 * hour),
      }));
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
            collector: 'all',
            from: ago(3 * day),
            to: ago(3 * day - 4 * hour),
            cause: 'The sensor was stopped.',
          },
          {
            hostId: sensor.hostId,
            hostname: sensor.hostname,
            collector: 'connections',
            from: ago(26 * hour),
            to: ago(25 * hour),
            cause: 'The kernel dropped messages without a number.',
          },
          ...(sensor.presence === 'unknown'
            ? [
                {
                  hostId: sensor.hostId,
                  hostname: sensor.hostname,
                  collector: 'all',
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
    'users.list': () => ({ items: users }),
    'users.create': ({ body }) => {
      const user: User = {
        id: idOf('u', users.length),
        username: body.username,
        role: body.role,
        scope: body.scope,
        state: 'invited',
        createdAt: ago(0),
      };
      users.push(user);
      return { user, link: { url: 'https://console.internal:8443/link#invite-fake-secret', expiresAt: ago(-day) } };
    },
    'users.update': ({ params, body }) => {
      const user = users.find((item) => item.id === params.userId) as User;
      Object.assign(user, body);
      return user;
    },
    'users.reset': () => ({ url: 'https://console.internal:8443/link#reset-fake-secret', expiresAt: ago(-day) }),
    'users.delete': ({ params }) =>
      void users.splice(
        users.findIndex((item) => item.id === params.userId),
        1,
      ),
    'tokens.list': () => ({
      items: empty
        ? []
        : [
            {
              id: idOf('t1'),
              name: 'ci pipeline',
              role: 'viewer',
              permissions: ['findings:read', 'assets:read'],
              scope: { team: ['shop'] },
              createdBy: 'anna.keller',
              createdAt: ago(20 * day),
              expiresAt: ago(-70 * day),
              lastUsedAt: ago(4 * minute),
            },
            {
              id: idOf('t2'),
              name: 'grafana',
              role: 'viewer',
              permissions: ['system:read'],
              scope: null,
              createdBy: 'ben.ode',
              createdAt: ago(80 * day),
              expiresAt: ago(-3 * day),
            },
          ],
    }),
    'tokens.create': ({ body }) => ({
      token: {
        id: idOf('t9'),
        name: body.name,
        role: body.role,
        permissions: ['findings:read'],
        scope: body.scope,
        createdBy: 'anna.keller',
        createdAt: ago(0),
        expiresAt: ago(-90 * day),
      },
      secret: 'ppt_fake_3b1f9a7c5e',
    }),
    'tokens.revoke': () => undefined,
    'audit.list': ({ query }) => {
      const actions = [
        'session.create',
        'findings.accept',
        'enrolmentKeys.create',
        'users.create',
        'sensor.enrol',
        'feeds.update',
        'assets.get',
      ];
      const rows = Array.from({ length: empty ? 1 : 240 }, (_, index) => ({
        id: String(9000 - index),
        at: ago(index * 13 * minute),
        actor:
          index % 5 === 4
            ? { kind: 'sensor' as const, name: 'edge-01' }
            : index % 7 === 3
              ? { kind: 'anonymous' as const, name: '203.0.113.77' }
              : { kind: 'user' as const, name: index % 2 === 0 ? 'anna.keller' : 'ben.ode' },
        action: actions[index % actions.length] ?? 'session.create',
        outcome: index % 7 === 3 ? ('refused' as const) : ('succeeded' as const),
        target: index % 3 === 0 ? 'libssl3 on edge-01' : 'edge fleet',
        address: '10.8.0.7',
        details: index % 7 === 3 ? { reason: 'The key is revoked.' } : { count: index },
      })).filter(
        (row) =>
          (query.outcome === undefined || row.outcome === query.outcome) &&
          (query.q === undefined || `${row.action} ${row.actor.name} ${row.target}`.includes(query.q)),
      );
      const start = Number(query.after ?? 0);
      const items = rows.slice(start, start + query.limit);
      return {
        items,
        ...(start + items.length < rows.length ? { next: String(start + items.length) } : {}),
        total: rows.length,
        totalIsMinimum: false,
      };
    },
    'feeds.status': () => feed,
    'feeds.update': () =>
      Object.assign(feed, {
        update: { state: 'running', step: 'Fetching OSV Debian', progress: 0.4, startedAt: ago(9000) },
      }),
    'feeds.import': () => feed,
    'feeds.rollback': () => feed,
    'feeds.schedule': ({ body }) => Object.assign(feed, { schedule: body }),
    'overview.get': () => overview(world),
    'trust.get': () => ({
      feeds: empty ? { state: 'none' } : { state: 'fresh', dataAt: ago(2 * hour) },
      hosts: { total: world.hosts.length, silent: empty ? 0 : 1, simulated: 0 },
      lostEvents: empty ? 0 : 312,
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
      memory: { rssBytes: 214e6, heapBytes: 88e6 },
      certificate: {
        source: 'given' as const,
        expiresAt: new Date(Date.now() + 9 * 86_400_000).toISOString(),
        warnings: ['The web certificate expires in 9 days, on 2026-12-07.'],
      },
      eventLoopLagMsP99: 6.2,
      disk: { freeBytes: 61e9, totalBytes: 120e9, dataBytes: 1.4e9 },
      losses,
      blind,
      addresses: ['https://10.8.4.2:8443', 'https://console.internal:8443'],
    }),
  };
};

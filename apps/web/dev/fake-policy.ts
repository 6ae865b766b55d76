/** FAKE answers for the telemetry policy. */
import { TelemetryRules, unwantedActions } from '@parapet/contract/api';
import { type FakeHandlers, FakeRefusal } from './fake-answers.ts';
import { ago, day, hour } from './fake-seed.ts';
import type { FakeWorld } from './fake-world.ts';

const invented = TelemetryRules.parse([
  { name: 'Keep what sudo does', actions: ['exec', 'exit', 'privilege-change'], programs: ['/usr/bin/sudo'], keep: 1 },
  {
    name: 'Health checks of the shop',
    actions: ['exec', 'exit'],
    where: 'containers',
    images: ['registry.example/shop/*:*'],
    programs: ['/usr/bin/curl', '/usr/bin/wget'],
    keep: 0,
  },
  {
    name: 'One in ten on test hosts',
    actions: ['exec', 'exit', 'connect', 'accept', 'listen', 'flow'],
    hosts: { env: ['test', 'stage'] },
    keep: 0.1,
  },
  {
    name: 'Scrapes of Prometheus',
    actions: ['accept', 'flow'],
    addresses: ['10.20.0.0/16'],
    ports: [{ from: 9090, to: 9100 }],
    keep: 1,
    perSecond: 20,
  },
  { name: 'No mounts', on: false, actions: ['mount'], keep: 0 },
]);

export const telemetryPolicyAnswers = (world: FakeWorld): FakeHandlers => {
  const empty = world.hosts.length === 0;
  let rules = empty ? [] : invented;
  let version = empty ? 0 : 7;
  const status = () => ({
    ...{ version, rules },
    ...(version === 0 ? {} : { changedAt: ago(3 * hour), changedBy: 'anna.keller' }),
    hosts: empty
      ? { followed: 0, 'on-its-way': 0, waiting: 0, unable: 0 }
      : { followed: world.hosts.length - 4, 'on-its-way': 0, waiting: 3, unable: 1 },
    unknown: empty ? [] : [{ action: 'datagram' as const, hosts: 12 }],
  });
  return {
    'telemetryPolicy.get': status,
    'telemetryPolicy.update': ({ body }) => {
      if (body.basedOn !== version)
        throw new FakeRefusal(409, 'changed', 'Somebody else has changed the policy since.');
      rules = body.rules;
      version += 1;
      return status();
    },
    'telemetryPolicy.preview': ({ body }) => ({
      rules: body.rules.map((rule, at) => ({ name: rule.name, hosts: 42 - at * 7, containers: 310 - at * 55 })),
      off: [...unwantedActions(body.rules.filter(({ on }) => on))],
    }),
    'telemetryPolicy.versions': () => ({
      items: Array.from({ length: version }, (_, at) => ({
        ...{ version: version - at, at: ago(3 * hour + at * 2 * day), by: at % 2 === 0 ? 'anna.keller' : 'ben.ode' },
        rules: Math.max(0, rules.length - at),
      })),
    }),
    'telemetryPolicy.version': ({ params }) => ({
      ...{ version: params.version, at: ago(5 * day), by: 'ben.ode' },
      rules: rules.slice(0, params.version),
    }),
    'telemetryPolicy.ofHost': () => ({
      ...{ version, rules: rules.filter(({ on, hosts }) => on && hosts === null) },
      ...{ standing: 'followed' as const, off: ['mount' as const], unknown: ['datagram' as const] },
    }),
  };
};

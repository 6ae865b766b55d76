/** FAKE timelines, made of the fake events. A process `9:9` did nothing. */
import {
  type ForensicProcess,
  type Forensics,
  type HuntEvent,
  type LookedProcess,
  livesOf,
  type ParsedOf,
  type ResultOf,
} from '@parapet/contract/api';
import { type FakeHandlers, FakeRefusal } from './fake-answers.ts';
import { chance, idOf } from './fake-seed.ts';
import type { FakeWorld } from './fake-world.ts';

type Ask = ParsedOf<'forensics.get'>['query'];

export const forensicAnswers = (world: FakeWorld, hunts: FakeHandlers): FakeHandlers => {
  const find = (q: string, { since, until }: Ask, limit: number): ResultOf<'hunt.events'> => {
    const found = hunts['hunt.events']?.({ query: { q, since, until, limit } });
    if (typeof found !== 'object') throw new Error('The fake console has no events.');
    return found;
  };
  const eventsOf = (q: string, ask: Ask): readonly HuntEvent[] => find(q, ask, 1000).items;
  const get = (ask: Ask): Forensics => {
    const container = world.containers.find(({ id }) => id === ask.containerId);
    const host = world.hosts.find(({ id }) => id === (container?.hostId ?? ask.hostId));
    if (host === undefined) throw new FakeRefusal(404, 'not-found', 'Nothing is known of this process in this time.');
    const q =
      container === undefined
        ? `host.id = ${host.id} and process.entity_id = "${ask.process}"`
        : `container.id = "${idOf('runtime', container.id).replaceAll('-', '')}"`;
    const events = eventsOf(q, ask);
    const started = container === undefined ? eventsOf(`host.id = ${host.id}`, ask).slice(0, 40) : events;
    const processes = livesOf(started.filter((event) => event['event.action'] !== 'connect')).flatMap(processOf);
    const isEmpty = ask.process === '9:9';
    const gaps = isEmpty ? [] : find(q, ask, 1).gaps;
    const [first] = livesOf(events).flatMap(processOf);
    return {
      subject: {
        kind: container === undefined ? 'process' : 'container',
        name: container?.name ?? first?.name ?? 'sh',
        ...{ hostId: host.id, hostName: host.name },
        ...(container === undefined ? {} : { containerId: container.id, containerName: container.name }),
        ...(container === undefined
          ? { process: first ?? { id: ask.process ?? '9:9', pid: 9, name: 'sh', knownBy: 'inventory' } }
          : {}),
      },
      ...{ since: ask.since, until: ask.until, hunt: q, gaps },
      ancestry: {
        processes: isEmpty
          ? []
          : (['sshd', 'systemd'] as const).map((name, index) => ({
              ...{ id: `${index === 0 ? 500 : 1}:1`, pid: index === 0 ? 500 : 1, name, knownBy: 'inventory' },
            })),
        end: isEmpty ? 'unseen' : 'first',
      },
      processes: isEmpty ? [] : processes.filter(({ id }) => id !== ask.process),
      actions: isEmpty
        ? []
        : [
            { action: 'exec', count: 12 },
            { action: 'connect', count: 340 },
            { action: 'file-write', count: 61 },
          ],
      lanes: isEmpty
        ? []
        : (['process', 'privilege', 'file', 'network', 'dns', 'started'] as const).map((lane) => laneOf(lane, ask)),
      peers: isEmpty
        ? []
        : Array.from({ length: 12 }, (_, index) => ({
            ...{
              direction: index % 4 === 0 ? 'ingress' : 'egress',
              transport: 'tcp',
              port: index % 3 === 0 ? 443 : 5432,
            },
            address: index % 5 === 0 ? `2001:db8::${index}` : `10.4.0.${index}`,
            ...{ connections: 240 - index * 17, failures: index === 2 ? 31 : 0 },
            ...{ bytesSent: index * 91_733, bytesReceived: index * 1_403_221, firstAt: ask.since, lastAt: ask.until },
          })),
      files: isEmpty
        ? []
        : [
            '/etc/cron.d/backup',
            '/root/.ssh/authorized_keys',
            '/usr/bin/a\u202eb',
            `/var/lib/${'long-name/'.repeat(14)}x`,
          ].map((path) => ({
            ...{ path, firstAt: ask.since, lastAt: ask.until },
            actions: [
              { action: 'file-write', count: 14 },
              { action: 'file-permission', count: 1 },
            ],
          })),
      edges: [],
      ...(container === undefined || isEmpty
        ? {}
        : {
            software: {
              ...{ assetId: container.id, name: container.name, packageCount: 412, findings: container.findings },
              ...(container.imageId === undefined ? {} : { imageId: container.imageId }),
              ...(container.imageName === undefined ? {} : { imageName: container.imageName }),
              ...(container.scannedAt === undefined ? {} : { scannedAt: container.scannedAt }),
            },
          }),
      limits: isEmpty ? [] : [{ part: 'peers', text: 'Made of the newest 10,000 of its events; there are more.' }],
    };
  };
  return {
    'forensics.get': ({ query }) => get(query),
    'forensics.look': ({ body }) => {
      if (body.process === '9:9') throw new FakeRefusal(409, 'nothing-there', 'This process has ended.');
      return { at: new Date().toISOString(), left: 0, processes: [openOf(4121, 'nginx'), openOf(4160, 'nginx')] };
    },
    'forensics.evidence': ({ query }) => JSON.stringify(get(query)),
  };
};

const openOf = (pid: number, name: string): LookedProcess => ({
  ...{ id: `${pid}:1`, pid, parentPid: 1, name, state: 'S', executable: `/usr/sbin/${name}`, userId: 33 },
  ...{ arguments: [`${name}:`, 'worker', 'process'], workingDirectory: '/', root: '/', capabilities: 'a80425fb' },
  cgroup: `0::/docker/${'a'.repeat(64)}`,
  files: [
    { descriptor: 0, path: '/dev/null', access: 'read' },
    { descriptor: 2, path: `/var/log/${'deep/'.repeat(20)}error.log`, access: 'write' },
    { descriptor: 9, path: '/tmp/\u001b[31mred', access: 'read-write', deleted: true },
  ],
  sockets: [
    { descriptor: 6, protocol: 'tcp', state: 'listening', localAddress: '::', localPort: 443 },
    {
      ...{ descriptor: 7, protocol: 'tcp', state: 'established', localAddress: '172.17.0.2', localPort: 41_002 },
      ...{ remoteAddress: '2001:db8::5', remotePort: 5432 },
    },
    { descriptor: 8, protocol: 'unix', state: 'listening', path: '/run/php/fpm.sock' },
  ],
  libraries: ['/usr/lib/x86_64-linux-gnu/libssl.so.3', '/usr/lib/x86_64-linux-gnu/libc.so.6'],
  limits: pid === 4160 ? ['It has 4,000 files and sockets open; the first 1024 are here.'] : [],
});

const laneOf = (lane: Forensics['lanes'][number]['lane'], { since, until }: Ask): Forensics['lanes'][number] => {
  const [from, to] = [Date.parse(since), Date.parse(until)];
  const stepMs = Math.max(1000, Math.ceil((to - from) / 120 / 1000) * 1000);
  const buckets = Array.from({ length: 119 }, (_, index) => ({
    at: new Date(from + index * stepMs).toISOString(),
    count: chance(lane, index) > 0.7 ? Math.ceil(chance(index, lane) ** 4 * 80) : 0,
  })).filter(({ count }) => count > 0);
  return { lane, stepMs, buckets, total: buckets.reduce((sum, { count }) => sum + count, 0) };
};

const processOf = (life: ReturnType<typeof livesOf>[number]): ForensicProcess[] => {
  const id = life.key.slice(life.key.indexOf('/') + 1);
  const at = (us: number | undefined): string | undefined =>
    us === undefined ? undefined : new Date(us / 1000).toISOString();
  if (!/^\d+:\d+$/.test(id)) return [];
  return [
    {
      ...{ id, pid: Number(id.split(':')[0]), name: life.name, knownBy: 'events' },
      ...(life.parent === undefined ? {} : { parentId: life.parent.slice(life.parent.indexOf('/') + 1) }),
      commandLine: life.commands.at(-1),
      ...(life.commands.length < 2 ? {} : { ranBefore: life.commands.slice(-9, -1) }),
      ...{ user: life.user, startedAt: at(life.startedAt), endedAt: at(life.endedAt), exitCode: life.exitCode },
    },
  ];
};

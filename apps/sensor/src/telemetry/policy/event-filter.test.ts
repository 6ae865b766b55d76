import { type ContainerFacts, HostRules, type TelemetryEvent } from '@parapet/contract/telemetry';
import { describe, expect, it } from 'vitest';
import { createEventFilter, type EventFilter } from './event-filter.ts';

const shop: ContainerFacts = {
  imageName: 'registry.example/shop/web:2.1',
  labels: { 'io.kubernetes.pod.namespace': 'shop', tier: 'front' },
};

const filterOf = (
  rules: readonly object[],
  surroundings: { containers?: ReadonlyMap<string, ContainerFacts>; elapsedMs?: () => number } = {},
): EventFilter =>
  createEventFilter(HostRules.parse(rules.map((rule, at) => ({ name: `rule ${at}`, keep: 0, ...rule }))), {
    containerOf: (id) => surroundings.containers?.get(id),
    elapsedMs: surroundings.elapsedMs ?? (() => 0),
  });

const event = (more: Partial<TelemetryEvent> = {}): TelemetryEvent => ({
  '@timestamp': 1_800_000_000_000_000,
  'event.action': 'exec',
  'process.entity_id': '42:1000',
  ...more,
});

const connection = (more: Partial<TelemetryEvent> = {}): TelemetryEvent =>
  event({
    'event.action': 'connect',
    'network.direction': 'egress',
    'source.ip': '192.0.2.1',
    'destination.ip': '198.51.100.7',
    'destination.port': 443,
    ...more,
  });

describe('a filter of events', () => {
  it('tells all without rules, and what no rule is about', () => {
    expect(filterOf([]).judge(event(), true)).toBe('tell');
    const filter = filterOf([{ actions: ['exit'] }]);
    expect(filter.judge(event(), true)).toBe('tell');
    expect(filter.judge(event({ 'event.action': 'exit' }), true)).toBe('unwanted');
    expect([...filter.off]).toEqual(['exit']);
  });

  it('goes by the first rule that fits', () => {
    const filter = filterOf([
      { actions: ['exec'], programs: ['/usr/bin/sudo'], keep: 1 },
      { actions: ['exec'], programs: ['/usr/bin/**'] },
    ]);
    expect(filter.judge(event({ 'process.executable': '/usr/bin/sudo' }), true)).toBe('tell');
    expect(filter.judge(event({ 'process.executable': '/usr/bin/env' }), true)).toBe('unwanted');
    expect(filter.judge(event(), true)).toBe('tell');
    expect([...filter.off]).toEqual([]);
  });

  it.each([
    ['the host itself', { where: 'host' }, event(), event({ 'container.id': 'a' })],
    ['containers', { where: 'containers' }, event({ 'container.id': 'a' }), event()],
    ['paths', { paths: ['/etc/*'] }, event({ 'file.path': '/etc/passwd' }), event({ 'file.path': '/etc/a/b' })],
    [
      'ports',
      { ports: [{ from: 400, to: 500 }] },
      connection(),
      connection({ 'destination.port': 80, 'source.port': 443 }),
    ],
    [
      'the other end of what went out',
      { addresses: ['198.51.100.0/24'] },
      connection(),
      connection({ 'source.ip': '198.51.100.7', 'destination.ip': '203.0.113.1' }),
    ],
    [
      'the other end of what came in',
      { addresses: ['198.51.100.7', '2001:db8::/32'] },
      connection({ 'network.direction': 'ingress', 'source.ip': '2001:db8::5', 'destination.ip': '192.0.2.1' }),
      connection({ 'network.direction': 'ingress', 'source.ip': '203.0.113.1' }),
    ],
  ])('knows %s', (_what, condition, fitting, other) => {
    const filter = filterOf([{ actions: ['exec', 'connect'], ...condition }]);
    expect(filter.judge(fitting, true)).toBe('unwanted');
    expect(filter.judge(other, true)).toBe('tell');
  });

  it.each([
    ['its image', { images: ['registry.example/shop/*'] }, true],
    ['another image', { images: ['registry.example/bank/*'] }, false],
    ['its namespace', { namespaces: ['sh*'] }, true],
    ['another namespace', { namespaces: ['kube-*'] }, false],
    ['its label', { labels: { tier: ['back', 'front'] } }, true],
    ['another label', { labels: { tier: ['back'] } }, false],
    ['a label that it does not have', { labels: { constructor: ['*'] } }, false],
  ])('knows a container by %s', (_what, condition, fits) => {
    const filter = filterOf([{ actions: ['exec'], ...condition }], { containers: new Map([['a', shop]]) });
    expect(filter.judge(event({ 'container.id': 'a' }), false)).toBe(fits ? 'unwanted' : 'tell');
    expect(filter.judge(event(), false)).toBe('tell');
  });

  it('waits for word of a container, and leaves nothing out when none comes', () => {
    const containers = new Map<string, ContainerFacts>();
    const filter = filterOf([{ actions: ['exec'], images: ['registry.example/shop/*'] }], { containers });
    const first = event({ 'container.id': 'a' });
    expect(filter.judge(first, false)).toBe('later');
    expect(filter.judge(first, true)).toBe('tell');
    containers.set('a', shop);
    expect(filter.judge(first, false)).toBe('unwanted');
  });

  it.each([
    ['all containers', [{ where: 'containers' }], true],
    ['their image', [{ images: ['registry.example/shop/*'] }], true],
    ['another image', [{ images: ['registry.example/bank/*'] }], false],
    ['the host', [{ where: 'host' }], false],
    ['a part', [{ where: 'containers', keep: 0.5 }], false],
    ['a path, which depends on the event', [{ paths: ['/etc/*'] }, { where: 'containers' }], false],
    ['them after an exception', [{ labels: { tier: ['front'] }, keep: 1 }, { where: 'containers' }], false],
    ['them after an exception for others', [{ labels: { tier: ['back'] }, keep: 1 }, { where: 'containers' }], true],
  ])('says beforehand that nothing of a container is told where a rule is about %s', (_what, rules, expected) => {
    const filter = filterOf(
      rules.map((rule) => ({ actions: ['login'], ...rule })),
      { containers: new Map([['a', shop]]) },
    );
    expect(filter.leavesOut('login', 'a')).toBe(expected);
    expect(filter.leavesOut('logout', 'a')).toBe(false);
  });

  it('does not say so of a container that is still unknown', () => {
    expect(filterOf([{ actions: ['login'], images: ['*'] }]).leavesOut('login', 'a')).toBe(false);
  });

  it('keeps a share of processes, each of them whole', () => {
    const filter = filterOf([{ actions: ['exec', 'exit'], keep: 0.25 }]);
    let kept = 0;
    for (let pid = 1; pid <= 4000; pid += 1) {
      const entity = { 'process.entity_id': `${pid}:${800_000 + pid * 7}` };
      const began = filter.judge(event(entity), true);
      expect(filter.judge(event({ ...entity, 'event.action': 'exit' }), true)).toBe(began);
      if (began === 'tell') kept += 1;
    }
    expect(kept).toBeGreaterThan(900);
    expect(kept).toBeLessThan(1100);
  });

  it('holds each workload to its rate', () => {
    let now = 0;
    const filter = filterOf([{ actions: ['exec'], keep: 1, perSecond: 5 }], { elapsedMs: () => now });
    const told = (workload: Partial<TelemetryEvent>, times: number): number =>
      Array.from({ length: times }, () => filter.judge(event(workload), true)).filter((each) => each === 'tell').length;
    expect(told({}, 20)).toBe(5);
    expect(told({ 'container.id': 'a' }, 3)).toBe(3);
    expect(filter.judge(event(), true)).toBe('limited');
    now += 400;
    expect(told({}, 20)).toBe(2);
    now += 60_000;
    expect(told({}, 20)).toBe(5);
  });
});

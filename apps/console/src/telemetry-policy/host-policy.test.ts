import { TelemetryRules } from '@parapet/contract/telemetry';
import { describe, expect, it } from 'vitest';
import { asksHosts, policyFor, rulesFor, standingTo } from './host-policy.ts';

const rules = TelemetryRules.parse([
  { name: 'all', actions: ['exit'], keep: 0 },
  { name: 'test hosts', actions: ['exec'], keep: 0.1, hosts: { env: ['test', 'lab'], site: ['a'] } },
  { name: 'off', actions: ['exec'], keep: 0, on: false, hosts: { env: ['x'] } },
]);

describe('the rules for a host', () => {
  it('are those that are on and whose labels it has', () => {
    const names = (labels: Readonly<Record<string, string>>) => rulesFor(rules, labels).map(({ name }) => name);
    expect(names({ env: 'lab', site: 'a' })).toEqual(['all', 'test hosts']);
    expect(names({ env: 'lab', site: 'b' })).toEqual(['all']);
    expect(names({ env: 'lab' })).toEqual(['all']);
    expect(rulesFor(TelemetryRules.parse([{ ...rules[1], hosts: { constructor: ['x'] } }]), {})).toEqual([]);
  });

  it('are told without what the host need not know, by a digest that follows from them', () => {
    const policy = policyFor(rules, {});
    expect(policy).toMatchObject({ format: 1, rules: [{ name: 'all', actions: ['exit'], keep: 0 }] });
    expect(Object.keys(policy.rules[0] as object)).not.toContain('hosts');
    expect(policy.digest).toMatch(/^[0-9a-f]{16}$/);
    expect(policyFor(rules, { env: 'x' }).digest).toBe(policy.digest);
    expect(policyFor(rules, { env: 'lab', site: 'a' }).digest).not.toBe(policy.digest);
    expect(policyFor([], {}).digest).toBe('default');
  });

  it('ask for labels of hosts only where a rule that is on does', () => {
    expect(asksHosts(rules)).toBe(true);
    expect(asksHosts(rules.filter(({ name }) => name !== 'test hosts'))).toBe(false);
  });
});

describe('where a host stands', () => {
  it.each([
    ['followed', { presence: 'unknown', followed: { digest: 'aa', off: [] } }],
    ['on-its-way', { presence: 'online', followed: { digest: 'default', off: [] } }],
    ['waiting', { presence: 'unknown', followed: { digest: 'default', off: [] } }],
    ['unable', { presence: 'online', followed: { digest: 'default', off: [], problem: 'not understood' } }],
    ['unable', { presence: 'online', followed: null }],
  ])('%s', (standing, host) => {
    expect(standingTo('aa', host)).toBe(standing);
  });

  it('a sensor without policies follows the one that asks for nothing', () => {
    expect(standingTo('default', { presence: 'online', followed: null })).toBe('followed');
  });
});

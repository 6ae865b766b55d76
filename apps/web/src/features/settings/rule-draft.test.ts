import { TelemetryRule } from '@parapet/contract/api';
import { describe, expect, it } from 'vitest';
import { ruleWords } from '../../lib/policy-words.ts';
import { draftOf, emptyDraft, ruleOf } from './rule-draft.ts';

const full = TelemetryRule.parse({
  name: 'the shop’s health checks',
  actions: ['exec', 'exit', 'connect'],
  where: 'containers',
  hosts: { env: ['prod', 'stage'] },
  images: ['registry.example/shop/*'],
  namespaces: ['shop'],
  labels: { tier: ['front', 'back'] },
  programs: ['/usr/bin/curl'],
  addresses: ['10.0.0.0/8'],
  ports: [
    { from: 80, to: 80 },
    { from: 8000, to: 8999 },
  ],
  keep: 0.125,
  perSecond: 20,
});

describe('a rule as it is typed', () => {
  it('is read as it was written', () => {
    expect(ruleOf(draftOf(full), true)).toEqual({ ok: true, rule: full });
    const plain = TelemetryRule.parse({ name: 'x', actions: ['mount'], keep: 0, on: false });
    expect(ruleOf(draftOf(plain), false)).toEqual({ ok: true, rule: plain });
  });

  it.each([
    ['a name', {}],
    ['at least one kind', { name: 'x' }],
    ['The share', { name: 'x', actions: ['exec'], deed: 'share', share: '100' }],
    ['Ports', { name: 'x', actions: ['exec'], ports: '80, http' }],
    ['Ports', { name: 'x', actions: ['exec'], ports: '90-80' }],
    ['Addresses', { name: 'x', actions: ['exec'], addresses: '10.0.0/8' }],
    ['Labels of hosts', { name: 'x', actions: ['exec'], hosts: 'prod' }],
    ['Events a second', { name: 'x', actions: ['exec'], deed: 'record', perSecond: '0.5' }],
    ['those of containers', { name: 'x', actions: ['exec'], where: 'host', images: 'nginx:*' }],
  ] as const)('says what is wrong: %s', (words, more) => {
    expect(ruleOf({ ...emptyDraft, ...more }, true)).toMatchObject({ problem: expect.stringContaining(words) });
  });
});

describe('the words for a rule', () => {
  it('say what it does with what', () => {
    expect(ruleWords(full)).toBe(
      'Of 12.5 % of processes records process events and connect in containers of image registry.example/shop/* ' +
        'in namespace shop in containers with tier = front or back by /usr/bin/curl with 10.0.0.0/8 at port 80 or 8000–8999 ' +
        'on hosts with env = prod or stage. At most 20 a second for each workload; what is more is lost and counted.',
    );
    expect(ruleWords({ ...full, ...TelemetryRule.parse({ name: 'x', actions: ['mount'], keep: 0 }) })).toContain(
      'Leaves out mount',
    );
  });
});

import { describe, expect, it, test } from 'vitest';
import { leftOutActions, policyLimits, TelemetryRule, TelemetryRules, unwantedActions } from './policy.ts';

const rule = (more: object = {}) => ({ name: 'a rule', actions: ['exec'], keep: 0, ...more });

describe('a rule of the telemetry policy', () => {
  it('says only what it needs', () => {
    expect(TelemetryRule.parse(rule())).toMatchObject({ on: true, hosts: null, where: 'anywhere', images: [] });
  });

  it.each([
    ['an action that there is not', { actions: ['dance'] }],
    ['no action', { actions: [] }],
    ['a share above one', { keep: 1.5 }],
    ['a pattern of wildcards', { paths: ['*?*?*?*?*?*?'] }],
    ['ports the wrong way round', { ports: [{ from: 90, to: 80 }] }],
    ['something that is no address', { addresses: ['10.0.0.0/33'] }],
    ['images of the host itself', { where: 'host', images: ['nginx:*'] }],
  ])('is refused with %s', (_what, more) => {
    expect(TelemetryRule.safeParse(rule(more)).success).toBe(false);
  });

  it('fits into a frame together with all the others', () => {
    const long = rule({ images: Array.from({ length: policyLimits.patterns }, (_, at) => `${at}`.padEnd(200, 'ä')) });
    expect(TelemetryRules.safeParse([long]).success).toBe(true);
    expect(TelemetryRules.safeParse(Array.from({ length: 4 }, () => long)).success).toBe(false);
    expect(TelemetryRules.safeParse(Array.from({ length: policyLimits.rules + 1 }, () => rule())).success).toBe(false);
  });
});

describe('unwantedActions', () => {
  const unwanted = (...rules: object[]) => unwantedActions(TelemetryRules.parse(rules));

  it('are those of which every event is left out', () => {
    expect(unwanted()).toEqual([]);
    expect(unwanted(rule({ actions: ['exit', 'mount'] }))).toEqual(['exit', 'mount']);
    expect(unwanted(rule({ where: 'host' }))).toEqual([]);
    expect(unwanted(rule({ where: 'host' }), rule())).toEqual(['exec']);
  });

  it('not those of which an earlier rule keeps some', () => {
    expect(unwanted(rule({ images: ['shop:*'], keep: 0.1 }), rule())).toEqual([]);
    expect(unwanted(rule({ keep: 1 }), rule())).toEqual([]);
    expect(unwanted(rule({ hosts: { env: ['test'] }, keep: 1 }), rule())).toEqual([]);
  });
});

test('leftOutActions tells what is left out wholly from what is left out in part', () => {
  const leftOut = (...rules: object[]) => leftOutActions(TelemetryRules.parse(rules));
  expect(leftOut()).toEqual({ all: [], some: [] });
  expect(leftOut(rule({ actions: ['exit'] }), rule({ keep: 0.1 }))).toEqual({ all: ['exit'], some: ['exec'] });
  expect(leftOut(rule({ programs: ['/bin/true'] }))).toEqual({ all: [], some: ['exec'] });
  // What comes after a rule for everything is never asked, and a rate is a loss.
  expect(leftOut(rule({ keep: 1 }), rule())).toEqual({ all: [], some: [] });
  expect(leftOut(rule({ keep: 1, perSecond: 5 }))).toEqual({ all: [], some: [] });
});

import { expect, it } from 'vitest';
import { isRiskUnknown, standingOf } from './standing.ts';

const now = Date.parse('2026-11-29T12:00:00Z');
const silentSince = new Date(2026, 10, 27, 3, 12).toISOString();

it.each([
  [{ kind: 'host', status: 'unknown', silentSince }, 'silent since 27 Nov, 03:12'],
  [{ kind: 'host-group', status: 'unknown' }, 'silent'],
  [{ kind: 'container', status: 'unknown' }, 'host silent'],
  [{ kind: 'container', status: 'running' }, 'running'],
  [{ kind: 'peer', status: 'present' }, 'seen'],
] as const)('says of %o: %s', (node, words) => expect(standingOf(node, now)).toBe(words));

it.each([
  [{ id: 'host:a', kind: 'host' }, true],
  [{ id: 'container:a', kind: 'container', risk: 0 }, false],
  [{ id: 'outside', kind: 'host-group' }, false],
  [{ id: 'service:a', kind: 'service' }, false],
] as const)('tells of %o whether its risk is one that is not known: %s', (node, unknown) => {
  expect(isRiskUnknown(node)).toBe(unknown);
});

import { expect, test } from 'vitest';
import { compareReleases, standingOf } from './version-standing.ts';

test.each([
  ['0.1.0', '0.2.0', -1],
  ['0.10.0', '0.9.9', 1],
  ['1.0.0', '1.0.0', 0],
  ['1.0.0-rc.2', '1.0.0-rc.10', -1],
  ['1.0.0-rc.1', '1.0.0', -1],
  ['1.0.0', '1.0.0-rc.1', 1],
  ['', '1.0.0', undefined],
  ['1.0', '1.0.0', undefined],
  ['1.0.0; drop table', '1.0.0', undefined],
])('%s against %s', (a, b, order) => {
  const compared = compareReleases(a, b);
  expect(compared === undefined ? undefined : Math.sign(compared)).toBe(order);
});

test.each([
  ['another build of the same version', { kind: 'installed', build: '0.2.0-old', architecture: 'x64' }, 'outdated'],
  ['the very build', { kind: 'installed', build: '0.2.0-new', architecture: 'x64' }, 'current'],
  ['a processor without an archive', { kind: 'installed', build: '0.2.0-old', architecture: 'arm64' }, 'current'],
  ['a container', { kind: 'container', build: '0.2.0-old', architecture: 'x64' }, 'current'],
  ['a sensor that says nothing of it', null, 'current'],
] as const)('of one version: %s', (_what, program, standing) => {
  const release = { version: '0.2.0', builds: new Map([['x64', '0.2.0-new']]) };
  expect(standingOf({ version: '0.2.0', program }, release)).toBe(standing);
});

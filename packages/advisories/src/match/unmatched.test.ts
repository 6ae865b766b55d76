import { expect, it } from 'vitest';
import { isUnmatched } from './unmatched.ts';

const debian = { id: 'debian', versionId: '12', name: 'Debian GNU/Linux 12' };
const database = {
  coverageOf: (distribution: typeof debian | undefined) => ({
    ecosystems: [],
    entries: distribution?.id === 'debian' ? 7 : 0,
  }),
  coverageOfType: (type: string) => ({ ecosystems: [], entries: type === 'npm' ? 3 : 0 }),
};

it.each([
  ['dpkg', debian, false],
  ['dpkg', { ...debian, id: 'devuan' }, true],
  ['rpm', undefined, true],
  ['npm', undefined, false],
  ['npm', { ...debian, id: 'devuan' }, false],
  ['vcpkg', debian, true],
])('packages of the type %s on %j', (type, distribution, expected) => {
  expect(isUnmatched(database, type, distribution)).toBe(expected);
});

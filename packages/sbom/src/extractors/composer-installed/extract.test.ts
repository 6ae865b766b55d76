import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { composerInstalled } from './index.ts';

const path = '/srv/vendor/composer/installed.json';
const packages = [
  { name: 'a/b', version: '1.0.0', license: ['MIT'] },
  { name: 'c/d', version: '2.0.0' },
];

describe('installed.json', () => {
  it.each([
    ['of version 1', packages, undefined],
    ['of version 2', { packages, 'dev-package-names': ['c/d'] }, 'dev'],
  ])('%s', async (_, document, scope) => {
    const { packages: found } = await extractFrom(composerInstalled, { [path]: JSON.stringify(document) });
    expect(found.map(({ name, version, scope: needed }) => [name, version, needed])).toEqual([
      ['a/b', '1.0.0', undefined],
      ['c/d', '2.0.0', scope],
    ]);
  });

  it('survives damage', () => survivesDamage(composerInstalled, path, JSON.stringify({ packages })));
});

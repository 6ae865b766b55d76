import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { composerLock } from './index.ts';

const lock = JSON.stringify({
  packages: [
    {
      name: 'a/b',
      version: 'v1.0.0',
      license: ['MIT'],
      source: { reference: '0123456789abcdef0123456789abcdef01234567' },
    },
  ],
  'packages-dev': [{ name: 'c/d', version: 'dev-main' }, { version: '1' }],
});

describe('composer.lock', () => {
  it('tells packages, licences, commits and what is for development', async () => {
    expect((await extractFrom(composerLock, { '/composer.lock': lock })).packages).toEqual([
      { name: 'a/b', version: 'v1.0.0', licences: ['MIT'], commit: '0123456789abcdef0123456789abcdef01234567' },
      { name: 'c/d', version: 'dev-main', licences: [], scope: 'dev' },
    ]);
    expect(await namesFrom(composerLock, { '/vendor/a/b/composer.lock': lock })).toEqual([]);
  });

  it('survives damage', () => survivesDamage(composerLock, '/composer.lock', lock));
});

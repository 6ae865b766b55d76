import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { pipfileLock } from './index.ts';

const lock = JSON.stringify({
  _meta: { sources: [{ name: 'pypi' }] },
  default: {
    a: { version: '==1.0' },
    local: { path: '.' },
    g: { git: 'https://example.org/g.git', ref: '0123456789abcdef' },
  },
  develop: { b: { version: '==2.0' } },
});

describe('Pipfile.lock', () => {
  it('tells packages, categories and commits', async () => {
    expect((await extractFrom(pipfileLock, { '/Pipfile.lock': lock })).packages).toEqual([
      { name: 'a', version: '1.0' },
      { name: 'g', version: '', commit: '0123456789abcdef' },
      { name: 'b', version: '2.0', scope: 'dev' },
    ]);
  });

  it('survives damage', () => survivesDamage(pipfileLock, '/Pipfile.lock', lock));
});

import type { Package } from '@parapet/contract/sbom';
import { describe, expect, it } from 'vitest';
import { filesOf, joinCopies } from './package-copies.ts';

const copy = (more: Partial<Package>): Package => ({
  purl: 'pkg:npm/a@1',
  type: 'npm',
  name: 'a',
  version: '1',
  licences: [],
  location: '/x',
  files: [],
  ...more,
});

describe('joinCopies', () => {
  const owned = copy({ location: '/owned', owner: 'pkg:deb/debian/node-a@1', evidence: 'installed', files: ['/o'] });
  const locked = copy({ location: '/lock', evidence: 'locked' });
  const installed = copy({ location: '/installed', evidence: 'installed', files: ['/i'] });
  const development = copy({ location: '/dev', evidence: 'installed', scope: 'dev' });

  it.each([
    ['one that nothing owns before one that is owned', owned, locked, '/lock'],
    ['one that is there before one in a lock file', locked, installed, '/installed'],
    ['one to run before one for development', development, installed, '/installed'],
    ['the first of equals', installed, copy({ location: '/other', evidence: 'installed' }), '/installed'],
  ])('takes %s', (_, a, b, location) => {
    expect(joinCopies(a, b).location).toBe(location);
  });

  it('takes the better one whatever the order, and the files of both', () => {
    expect(joinCopies(owned, installed)).toEqual({ ...installed, files: ['/i', '/o'] });
    expect(joinCopies(installed, owned)).toEqual({ ...installed, files: ['/i', '/o'] });
    expect(joinCopies(undefined, owned)).toBe(owned);
  });
});

describe('filesOf', () => {
  it.each([
    ['/app/app.jar!/BOOT-INF/lib/y.jar', 'installed', ['/app/app.jar']],
    ['/usr/local/bin/tool', 'binary', ['/usr/local/bin/tool']],
    ['/app/package-lock.json', 'locked', []],
    ['/app/node_modules/a/package.json', 'installed', []],
  ] as const)('of %s, %s, are %j', (location, evidence, files) => {
    expect(filesOf(copy({ location, evidence }))).toEqual(files);
  });
});

import { describe, expect, it } from 'vitest';
import { extractFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { renvLock } from './index.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

const lock = JSON.stringify({
  R: { Version: '4.4.1', Repositories: [] },
  Packages: {
    a: { Package: 'a', Version: '1.2-3', Source: 'Repository', Repository: 'CRAN' },
    b: { Package: 'b', Version: '2.0.0', Source: 'Bioconductor' },
    c: { Package: 'c', Version: '0.1', Source: 'GitHub', RemoteSha: commit },
    own: { Package: 'own', Version: '0.1' },
    odd: 'nothing',
  },
});

describe('renv.lock', () => {
  it('tells packages of CRAN, Bioconductor and repositories', async () => {
    expect((await extractFrom(renvLock, { '/app/renv.lock': lock })).packages).toEqual([
      { name: 'a', version: '1.2-3' },
      { name: 'b', version: '2.0.0', type: 'bioconductor' },
      { name: 'c', version: '0.1', commit },
    ]);
    expect((await packagesOf({ '/app/renv.lock': lock })).map(({ purl }) => purl)).toEqual([
      'pkg:cran/a@1.2-3',
      'pkg:bioconductor/b@2.0.0',
      'pkg:cran/c@0.1',
    ]);
  });

  it('survives damage', () => survivesDamage(renvLock, '/renv.lock', lock));
});

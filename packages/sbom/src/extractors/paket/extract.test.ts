import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { paket } from './index.ts';

const lock = `NUGET
  remote: https://example.org/index.json
    A (1.0.0)
      B (>= 2.0)
    B (2.0.1) - restriction: >= net45
GITHUB
  remote: user/project
    src/x.fs (0123456789abcdef0123456789abcdef01234567)
HTTP
  remote: http://example.org
    x.fs (1)
`;

describe('Paket', () => {
  it('locks packages and commits', async () => {
    expect((await extractFrom(paket, { '/paket.lock': lock })).packages).toEqual([
      { name: 'A', version: '1.0.0' },
      { name: 'B', version: '2.0.1' },
      { name: 'src/x.fs', version: '', type: 'github', commit: '0123456789abcdef0123456789abcdef01234567' },
    ]);
  });

  it('declares packages', async () => {
    const text =
      'source https://example.org\nnuget A ~> 1.0 // why\nnuget B\ngroup Test\n  github user/project:2.0 file.fs\n';
    expect((await extractFrom(paket, { '/paket.dependencies': text })).packages).toEqual([
      { name: 'A', version: '1.0', evidence: 'declared', isDirect: true },
      { name: 'B', version: '', evidence: 'declared', isDirect: true },
      { name: 'user/project', version: '2.0', type: 'github', evidence: 'declared', isDirect: true },
    ]);
  });

  it('survives damage', () => survivesDamage(paket, '/paket.lock', lock));
});

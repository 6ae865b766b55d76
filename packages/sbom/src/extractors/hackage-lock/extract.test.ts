import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { hackageLock } from './index.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

const stack = `packages:
- completed:
    hackage: fast-text-1.2.3@sha256:${'0'.repeat(64)},1234
    pantry-tree:
      sha256: ${'1'.repeat(64)}
      size: 100
  original:
    hackage: fast-text-1.2.3
- completed:
    commit: ${commit}
    git: https://example.org/own.git
    name: own
    version: 0.1.0
  original:
    git: https://example.org/own.git
- odd
snapshots:
- completed:
    sha256: ${'2'.repeat(64)}
`;

const freeze = `active-repositories: hackage.haskell.org:merge
-- any.old ==1.0,
constraints: any.base ==4.18.0.0,
             any.fast-text ==2.0.2,
             fast-text +simdutf,
             any.ranged >=1 && <2
index-state: hackage.haskell.org 2026-01-01T00:00:00Z
`;

describe('locked packages of Haskell', () => {
  it('of Stack', async () => {
    expect((await extractFrom(hackageLock, { '/app/stack.yaml.lock': stack })).packages).toEqual([
      { name: 'fast-text', version: '1.2.3', isDirect: true },
      { name: 'own', version: '0.1.0', isDirect: true, commit },
    ]);
  });

  it('of Cabal', async () => {
    const files = { '/app/cabal.project.freeze': freeze };
    expect(await namesFrom(hackageLock, files)).toEqual(['base@4.18.0.0', 'fast-text@2.0.2']);
    expect((await packagesOf(files))[1]?.purl).toBe('pkg:hackage/fast-text@2.0.2');
  });

  it('survives damage', async () => {
    await survivesDamage(hackageLock, '/stack.yaml.lock', stack);
    await survivesDamage(hackageLock, '/cabal.project.freeze', freeze);
  });
});

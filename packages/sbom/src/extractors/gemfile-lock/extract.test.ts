import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { gemfileLock } from './index.ts';

const lock = `GIT
  remote: https://example.org/g.git
  revision: 0123456789abcdef0123456789abcdef01234567
  specs:
    g (0.1.0)

GEM
  remote: https://example.org/
  specs:
    a (1.0.0)
      b (>= 1)
    b (2.0.0-x86_64-linux)

PLATFORMS
  ruby

DEPENDENCIES
  a (~> 1.0)
  g!

BUNDLED WITH
   2.4.1
`;

describe('Gemfile.lock', () => {
  it('tells gems, platforms and commits', async () => {
    expect((await extractFrom(gemfileLock, { '/Gemfile.lock': lock })).packages).toEqual([
      { name: 'g', version: '0.1.0', commit: '0123456789abcdef0123456789abcdef01234567', isDirect: true },
      { name: 'a', version: '1.0.0', isDirect: true },
      { name: 'b', version: '2.0.0', qualifiers: { platform: 'x86_64-linux' } },
    ]);
  });

  it('survives damage', () => survivesDamage(gemfileLock, '/gems.locked', lock));
});

import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { yarnLock } from './index.ts';

const version1 = `# yarn lockfile v1


"@s/a@^1.0.0", "@s/a@^1.2.0":
  version "1.2.3"
  resolved "https://registry.example.org/@s/a/-/a-1.2.3.tgz#0123456789abcdef0123456789abcdef01234567"
  dependencies:
    version "9.9.9"

b@~2.0.0:
  version "2.0.1"

"other@npm:real@3":
  version "3.0.0"

"git@git+https://example.org/git.git":
  version "0.1.0"
  resolved "git+https://example.org/git.git#fedcba9876543210fedcba9876543210fedcba98"
`;

const berry = `__metadata:
  version: 8
  cacheKey: 10

"@s/a@npm:^1.0.0, @s/a@npm:^1.2.0":
  version: 1.2.3
  resolution: "@s/a@npm:1.2.3"
  dependencies:
    b: "npm:^2.0.0"
  languageName: node
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  linkType: soft

"alias@npm:real@^3":
  version: 3.0.0
  resolution: "real@npm:3.0.0"

"git@https://example.org/git.git":
  version: 0.1.0
  resolution: "git@https://example.org/git.git#commit=fedcba9876543210fedcba9876543210fedcba98"
`;

describe('yarn.lock', () => {
  it.each([
    ['of version 1', version1, 'b@2.0.1'],
    ['of Berry', berry, undefined],
  ])('%s', async (_, text, more) => {
    const expected = ['@s/a@1.2.3', 'git@0.1.0', 'real@3.0.0', ...(more === undefined ? [] : [more])].sort();
    expect(await namesFrom(yarnLock, { '/yarn.lock': text })).toEqual(expected);
    const { packages } = await extractFrom(yarnLock, { '/yarn.lock': text });
    expect(packages.map(({ commit }) => commit).filter(Boolean)).toEqual(['fedcba9876543210fedcba9876543210fedcba98']);
  });

  it('with the line ends of Windows', async () => {
    expect(await namesFrom(yarnLock, { '/yarn.lock': version1.replaceAll('\n', '\r\n') })).toHaveLength(4);
  });

  it.each([version1, berry])('survives damage', (text) => survivesDamage(yarnLock, '/yarn.lock', text));
});

import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { pubLock } from './index.ts';

const lock = `packages:
  a:
    dependency: "direct main"
    description:
      name: a
      url: "https://example.org"
    source: hosted
    version: "1.10"
  b:
    dependency: "direct dev"
    description:
      path: "."
      ref: main
      resolved-ref: "0123456789abcdef0123456789abcdef01234567"
      url: "https://example.org/b.git"
    source: git
    version: "0.2.0+1"
  c:
    dependency: transitive
    description: flutter
    source: sdk
    version: "0.0.0"
sdks:
  dart: ">=3.0.0 <4.0.0"
`;

describe('pubspec.lock', () => {
  it('tells packages, commits and what is for development', async () => {
    expect((await extractFrom(pubLock, { '/app/pubspec.lock': lock })).packages).toEqual([
      { name: 'a', version: '1.10', isDirect: true },
      {
        name: 'b',
        version: '0.2.0+1',
        isDirect: true,
        scope: 'dev',
        commit: '0123456789abcdef0123456789abcdef01234567',
      },
      { name: 'c', version: '0.0.0' },
    ]);
    expect(await namesFrom(pubLock, { '/root/.pub-cache/hosted/x/pubspec.lock': lock })).toEqual([]);
  });

  it('survives damage', () => survivesDamage(pubLock, '/pubspec.lock', lock));
});

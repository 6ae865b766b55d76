import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { conanLock } from './index.ts';

const second = JSON.stringify({
  version: '0.5',
  requires: ['a/1.2.3#0123456789abcdef0123456789abcdef%1667396813.184', 'b/2.0@team/stable', 'broken'],
  build_requires: ['cmake/3.28.1#0123456789abcdef0123456789abcdef'],
  python_requires: ['tool/0.1'],
});

const first = JSON.stringify({
  version: '0.4',
  graph_lock: {
    nodes: {
      0: { ref: 'app/1.0', path: 'conanfile.py', requires: ['1'], build_requires: ['2', '1'] },
      1: { ref: 'a/1.2.3#0123456789abcdef0123456789abcdef', context: 'host', requires: ['3'] },
      2: { ref: 'ninja/1.11', context: 'host' },
      3: { ref: 'c/cci.20200203' },
      4: { ref: 'cmake/3.0', context: 'build' },
      5: { ref: '1.2.3' },
    },
  },
});

const oldest = JSON.stringify({
  graph_lock: {
    nodes: {
      x: { pref: null, requires: { 'a/1.0@u/c#0f': 'y' } },
      y: { pref: 'a/1.0@u/c#0f:19729b9559f3ae196cad45cb2b97468ccb75dcd1#58' },
    },
  },
});

describe('conan.lock', () => {
  it('tells the references of Conan 2, with users and revisions', async () => {
    expect((await extractFrom(conanLock, { '/conan.lock': second })).packages).toEqual([
      { name: 'a', version: '1.2.3', qualifiers: { rrev: '0123456789abcdef0123456789abcdef' } },
      { name: 'b', version: '2.0', qualifiers: { user: 'team', channel: 'stable' } },
      {
        name: 'cmake',
        version: '3.28.1',
        qualifiers: { rrev: '0123456789abcdef0123456789abcdef' },
        scope: 'dev',
      },
      { name: 'tool', version: '0.1', qualifiers: {}, scope: 'dev' },
    ]);
    expect((await packagesOf({ '/conan.lock': second })).map(({ purl }) => purl)).toContain(
      'pkg:conan/b@2.0?channel=stable&user=team',
    );
  });

  it('tells the nodes of Conan 1 without the project, and which only build', async () => {
    const { packages } = await extractFrom(conanLock, { '/conan.lock': first });
    expect(packages.map(({ name, version, scope }) => `${name}@${version} ${scope ?? ''}`.trim())).toEqual([
      'a@1.2.3',
      'ninja@1.11 dev',
      'c@cci.20200203',
      'cmake@3.0 dev',
    ]);
    expect(await namesFrom(conanLock, { '/conan.lock': oldest })).toEqual(['a@1.0']);
  });

  it('survives damage', async () => {
    await survivesDamage(conanLock, '/conan.lock', first);
    await survivesDamage(conanLock, '/conan.lock', second);
  });
});

import { describe, expect, it } from 'vitest';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { conda } from './index.ts';

const record = JSON.stringify({
  name: 'a',
  version: '1.0',
  build: 'py39_0',
  subdir: 'linux-64',
  license: 'BSD-3-Clause',
  files: ['bin/a', 'lib/liba.so.1', 'lib/a.py'],
});

describe('Conda', () => {
  it('has a record of each installed package', async () => {
    expect(
      (await extractFrom(conda, { '/opt/conda/conda-meta/a-1.0.json': record, '/x/a.json': '{' })).packages,
    ).toEqual([
      {
        name: 'a',
        version: '1.0',
        licences: ['BSD-3-Clause'],
        qualifiers: { build: 'py39_0', subdir: 'linux-64' },
        files: ['/opt/conda/bin/a', '/opt/conda/lib/liba.so.1'],
      },
    ]);
  });

  it('has environments that name packages of two kinds', async () => {
    const text = 'name: x\ndependencies:\n  - python=3.10\n  - forge::b>=2\n  - c=1.0=h1\n  - pip:\n    - d==4\n';
    const { packages } = await extractFrom(conda, { '/environment.yml': text });
    expect(packages.map(({ name, version, evidence, type }) => [name, version, evidence, type])).toEqual([
      ['python', '3.10', 'locked', undefined],
      ['b', '', 'declared', undefined],
      ['c', '1.0', 'locked', undefined],
      ['d', '4', 'locked', 'pypi'],
    ]);
  });

  it('says when a record has no version', async () => {
    expect((await extractFrom(conda, { '/conda-meta/a.json': '{"name":"a"}' })).problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(conda, '/conda-meta/a.json', record));
});

import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { pythonMetadata } from './index.ts';

const packages = '/usr/lib/python3/dist-packages';
const metadata =
  'Metadata-Version: 2.1\nName: Sample_One\nVersion: 1.0.post1\nLicense: MIT\nLicense: other\n\nName: body\n';

describe('metadata of an installed package', () => {
  it('gives name, version and licence, and the modules that a process maps', async () => {
    const { packages: found } = await extractFrom(pythonMetadata, {
      [`${packages}/sample-1.dist-info/METADATA`]: metadata,
      [`${packages}/sample-1.dist-info/RECORD`]:
        'sample/_c.cpython-311.so,sha256=x,10\nsample/a.py,,\n../../../bin/x.so,,\n',
    });
    expect(found).toEqual([
      {
        name: 'Sample_One',
        version: '1.0.post1',
        licences: ['MIT'],
        files: [`${packages}/sample/_c.cpython-311.so`, '/usr/bin/x.so'],
      },
    ]);
  });

  it.each([
    ['License-Expression: MIT OR Apache-2.0\nLicense: long words', ['MIT OR Apache-2.0']],
    ['License: UNKNOWN\nClassifier: License :: OSI Approved :: BSD License', ['BSD License']],
    [`License: ${'x'.repeat(300)}`, []],
    ['', []],
  ])('%s', async (headers, licences) => {
    const { packages: found } = await extractFrom(pythonMetadata, {
      '/x/a.egg-info': `name: a\nversion: 1\n${headers}`,
    });
    expect(found[0]?.licences).toEqual(licences);
  });

  it('lies in each of the places that tools use', async () => {
    const files = Object.fromEntries(
      [
        '/a.dist-info/METADATA',
        '/b.egg-info/PKG-INFO',
        '/c.egg-info',
        '/d.egg/EGG-INFO/PKG-INFO',
        '/src/PKG-INFO',
        '/METADATA',
      ].map((path) => [path, `Name: ${path[1]}\nVersion: 1\n`]),
    );
    expect(await namesFrom(pythonMetadata, files)).toEqual(['a@1', 'b@1', 'c@1', 'd@1']);
  });

  it('without a name is a problem', async () => {
    expect((await extractFrom(pythonMetadata, { '/a.dist-info/METADATA': 'Version: 1\n' })).problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(pythonMetadata, '/a.dist-info/METADATA', metadata));
});

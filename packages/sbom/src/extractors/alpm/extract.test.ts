import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryFileSystemOf } from '../../file-system/memory.ts';
import { packagesOf } from '../../testing/extract.ts';
import type { Extraction } from '../extractor.ts';
import { extractAlpm } from './extract.ts';
import { parseDesc, parseFiles } from './format.ts';

const extract = (
  files: Readonly<Record<string, string>>,
  claim: (purl: string, paths: Iterable<string>) => void = () => {},
): Promise<Extraction> =>
  extractAlpm({
    fileSystem: memoryFileSystemOf(files),
    distribution: { id: 'arch', versionId: '', name: 'Arch Linux' },
    signal: new AbortController().signal,
    claim,
  });

const desc = `%NAME%
libtext

%VERSION%
1:2.3.4-1

%BASE%
text

%DESC%
A library
%VERSION%

%ARCH%
x86_64

%LICENSE%
MIT
GPL-2.0-or-later

`;

const files = `%FILES%
usr/
usr/bin/
usr/bin/text
usr/lib/libtext.so.2
usr/share/doc/text.txt

%BACKUP%
etc/text.conf\t0123456789abcdef
`;

const folder = '/var/lib/pacman/local/libtext-1:2.3.4-1';
const root = { [`${folder}/desc`]: desc, [`${folder}/files`]: files };

describe('an Arch root', () => {
  it('gives packages with base, licences and owned programs', async () => {
    const claimed: string[] = [];
    const { packages, problems } = await extract(root, (_, paths) => claimed.push(...paths));
    expect(problems).toEqual([]);
    expect(packages).toEqual([
      {
        purl: 'pkg:alpm/arch/libtext@1:2.3.4-1?arch=x86_64',
        type: 'alpm',
        name: 'libtext',
        version: '1:2.3.4-1',
        architecture: 'x86_64',
        source: { name: 'text', version: '1:2.3.4-1' },
        licences: ['MIT', 'GPL-2.0-or-later'],
        location: `${folder}/desc`,
        files: ['/usr/bin/text', '/usr/lib/libtext.so.2'],
      },
    ]);
    expect(claimed).toEqual(['/usr/bin/text', '/usr/lib/libtext.so.2', '/usr/share/doc/text.txt']);
  });

  it('says which language’s packages are its own', async () => {
    const metadata = '/usr/lib/python3/site-packages/text-1.0.dist-info/METADATA';
    const found = await packagesOf({
      ...root,
      [`${folder}/files`]: `%FILES%\n${metadata.slice(1)}\n`,
      [metadata]: 'Name: text\nVersion: 1.0\n',
    });
    expect(found.find(({ type }) => type === 'pypi')?.owner).toBe('pkg:alpm/arch/libtext@1:2.3.4-1?arch=x86_64');
  });

  it('says what is broken and keeps the rest', async () => {
    const { packages, problems } = await extract({
      ...root,
      '/var/lib/pacman/local/ALPM_DB_VERSION': '9\n',
      '/var/lib/pacman/local/empty-1-1/files': files,
      '/var/lib/pacman/local/broken-1-1/desc': '%NAME%\nbroken\n',
    });
    expect(packages).toHaveLength(1);
    expect(problems.map(({ code }) => code).sort()).toEqual(['broken-entry', 'not-found']);
    expect(await extract({ '/etc/hosts': '' })).toEqual({ packages: [], problems: [] });
  });
});

describe('the format', () => {
  it('survives every cut and whatever comes', () => {
    for (let end = 0; end <= desc.length; end += 1) parseDesc(desc.slice(0, end));
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        parseDesc(text.replaceAll(' ', '\n'));
        parseFiles(`%FILES%\n${text.replaceAll(' ', '\n')}`);
      }),
      { numRuns: 200, seed: 4 },
    );
    expect(parseDesc(`%NAME%\n${'x'.repeat(10_000)}\n\n%VERSION%\n1\n`)).toBeUndefined();
    expect(parseFiles(`%FILES%\n${'a\n'.repeat(600_000)}`).length).toBeLessThan(500_001);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryFileSystemOf } from '../../file-system/memory.ts';
import type { Extraction } from '../extractor.ts';
import { extractOpkg } from './extract.ts';
import { parseList } from './format.ts';

const extract = (files: Readonly<Record<string, string>>): Promise<Extraction> =>
  extractOpkg({
    fileSystem: memoryFileSystemOf(files),
    distribution: { id: 'openwrt', versionId: '24.10.0', name: 'OpenWrt' },
    signal: new AbortController().signal,
    claim: () => {},
  });

const status = `Package: libtext1
Version: 2026.01.20~252a9b0c-r1
Depends: libc
Status: install user installed
Architecture: x86_64
Installed-Time: 1700000000

Package: gone
Version: 1.0
Status: deinstall user not-installed
Architecture: x86_64

Package: lonely
Status: install ok installed
`;

describe('an OpenWrt root', () => {
  it('gives installed packages with the files that they own', async () => {
    const { packages, problems } = await extract({
      '/usr/lib/opkg/status': status,
      '/usr/lib/opkg/info/libtext1.list': '/usr/lib/libtext.so.1\t0755\n/usr/share/text\nnothing\n',
    });
    expect(packages).toEqual([
      {
        purl: 'pkg:opkg/openwrt/libtext1@2026.01.20~252a9b0c-r1?arch=x86_64',
        type: 'opkg',
        name: 'libtext1',
        version: '2026.01.20~252a9b0c-r1',
        architecture: 'x86_64',
        source: { name: 'libtext1', version: '2026.01.20~252a9b0c-r1' },
        licences: [],
        location: '/usr/lib/opkg/status',
        files: ['/usr/lib/libtext.so.1'],
      },
    ]);
    expect(problems).toMatchObject([{ code: 'broken-entry' }]);
  });

  it('also where Yocto keeps them, and says what is broken', async () => {
    expect((await extract({ '/var/lib/opkg/status': status })).packages).toHaveLength(1);
    expect(await extract({ '/var/lib/opkg/status/x': '' })).toMatchObject({ problems: [{ code: 'not-a-file' }] });
    expect(await extract({ '/etc/hosts': '' })).toEqual({ packages: [], problems: [] });
  });

  it('survives whatever comes', async () => {
    for (let end = 0; end <= status.length; end += 7) await extract({ '/usr/lib/opkg/status': status.slice(0, end) });
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => void parseList(text.replaceAll(' ', '\n'))),
      { numRuns: 100, seed: 4 },
    );
    expect(parseList('/x\n'.repeat(300_000))).toHaveLength(200_000);
  });
});

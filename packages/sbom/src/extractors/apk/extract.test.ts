import { describe, expect, it } from 'vitest';
import { memoryFileSystemOf } from '../../file-system/memory.ts';
import type { Extraction } from '../extractor.ts';
import { extractApk } from './extract.ts';
import { parseInstalled } from './format.ts';

const extract = (files: Readonly<Record<string, string>>, id = 'alpine'): Promise<Extraction> =>
  extractApk({
    fileSystem: memoryFileSystemOf(files),
    distribution: { id, versionId: '3.20.3', name: 'Alpine' },
    signal: new AbortController().signal,
    claim: () => {},
  });

const installed = `C:Q1abcdefghijklmnopqrstuvwxyz=
P:libcrypto3
V:3.3.2-r0
A:x86_64
S:1234
I:5678
T:Crypto library
U:https://example.org
L:Apache-2.0
o:openssl
m:Somebody <somebody@example.org>
t:1725500000
c:0123456789abcdef
D:so:libc.musl-x86_64.so.1
p:so:libcrypto.so.3=3
F:etc
F:etc/ssl
R:openssl.cnf
Z:Q1x=
F:lib
R:libcrypto.so.3
a:0:0:755
Z:Q1y=

P:busybox
V:1.36.1-r29
A:x86_64
L:GPL-2.0-only
F:
R:init
F:bin
R:busybox
`;

describe('an Alpine root', () => {
  it('gives packages with origin, licence and owned programs', async () => {
    const { packages, problems } = await extract({ '/lib/apk/db/installed': installed });
    expect(problems).toEqual([]);
    expect(packages).toEqual([
      {
        purl: 'pkg:apk/alpine/libcrypto3@3.3.2-r0?arch=x86_64',
        type: 'apk',
        name: 'libcrypto3',
        version: '3.3.2-r0',
        architecture: 'x86_64',
        source: { name: 'openssl', version: '3.3.2-r0' },
        licences: ['Apache-2.0'],
        location: '/lib/apk/db/installed',
        files: ['/lib/libcrypto.so.3'],
      },
      {
        purl: 'pkg:apk/alpine/busybox@1.36.1-r29?arch=x86_64',
        type: 'apk',
        name: 'busybox',
        version: '1.36.1-r29',
        architecture: 'x86_64',
        source: { name: 'busybox', version: '1.36.1-r29' },
        licences: ['GPL-2.0-only'],
        location: '/lib/apk/db/installed',
        files: ['/bin/busybox'],
      },
    ]);
  });

  it('counts the database once under a merged /usr, wherever it lies', async () => {
    const merged = await extract({ '/lib': '-> usr/lib', '/usr/lib/apk/db/installed': installed });
    expect(merged.packages).toHaveLength(2);
    expect(merged.packages[0]?.files).toEqual(['/lib/libcrypto.so.3', '/usr/lib/libcrypto.so.3']);
    expect((await extract({ '/usr/lib/apk/db/installed': installed }, 'wolfi')).packages[0]?.purl).toMatch(
      'apk/wolfi/',
    );
  });

  it('says what is broken and keeps the rest', async () => {
    const { packages, problems } = await extract({ '/lib/apk/db/installed': `P:lonely\n\n${installed}` });
    expect(packages).toHaveLength(2);
    expect(problems).toMatchObject([{ code: 'broken-entry' }]);
    expect(await extract({ '/lib/apk/db/installed/x': '' })).toMatchObject({ problems: [{ code: 'not-a-file' }] });
    expect(await extract({ '/etc/hosts': '' })).toEqual({ packages: [], problems: [] });
  });
});

describe('parseInstalled', () => {
  it('survives every cut and much noise', () => {
    for (let end = 0; end <= installed.length; end += 1) parseInstalled(installed.slice(0, end));
    expect(parseInstalled('\n\n\n').records).toEqual([]);
    expect(parseInstalled('PX\nQ\n:\n').records).toEqual([]);
    expect(parseInstalled(`P:${'x'.repeat(100_000)}\nV:1\n`).broken).toBe(1);
  });

  it('stops at an absurd number of files', () => {
    const text = `P:a\nV:1\nF:bin\n${'R:x\n'.repeat(250_000)}`;
    expect(parseInstalled(text).records[0]?.files.length).toBe(200_000);
  });
});

import { describe, expect, it } from 'vitest';
import { memoryFileSystemOf } from '../../file-system/memory.ts';
import type { Extraction } from '../extractor.ts';
import { extractDpkg } from './extract.ts';
import { parseStatus } from './format.ts';

const extract = (files: Readonly<Record<string, string>>): Promise<Extraction> =>
  extractDpkg({
    fileSystem: memoryFileSystemOf(files),
    distribution: { id: 'debian', versionId: '12', name: 'Debian' },
    signal: new AbortController().signal,
    claim: () => {},
  });

const status = `Package: libssl3
Status: install ok installed
Priority: optional
Section: libs
Maintainer: Somebody <somebody@example.org>
Architecture: amd64
Multi-Arch: same
Source: openssl
Version: 3.0.11-1~deb12u2
Conffiles:
 /etc/ssl/openssl.cnf 0123456789abcdef
 Package: not-a-field
Description: a library
 Version: 9.9 is no field either
 .
 more

Package: base-files
Status: install ok installed
Architecture: amd64
Version: 12.4+deb12u5

Package: perl-base
Status: install ok installed
Architecture: amd64
Source: perl (5.36.0-7+deb12u1)
Version: 5.36.0-7+deb12u1+b1

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 1.0

Package: half
Status: install reinstreq half-configured
Architecture: all
Version: 2.0
`;

describe('a Debian root', () => {
  it('gives each present package with its source and its purl', async () => {
    const { packages, problems } = await extract({ '/var/lib/dpkg/status': status });
    expect(problems).toEqual([]);
    expect(packages.map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64',
      'pkg:deb/debian/base-files@12.4%2Bdeb12u5?arch=amd64',
      'pkg:deb/debian/perl-base@5.36.0-7%2Bdeb12u1%2Bb1?arch=amd64',
      'pkg:deb/debian/half@2.0?arch=all',
    ]);
    expect(packages.map(({ source }) => source)).toEqual([
      { name: 'openssl', version: '3.0.11-1~deb12u2' },
      { name: 'base-files', version: '12.4+deb12u5' },
      { name: 'perl', version: '5.36.0-7+deb12u1' },
      { name: 'half', version: '2.0' },
    ]);
  });

  it('finds the owned files by both names of their lists, and under a merged /usr', async () => {
    const { packages } = await extract({
      '/var/lib/dpkg/status': status,
      '/var/lib/dpkg/info/libssl3:amd64.list': '/.\n/usr\n/usr/lib\n/usr/lib/libssl.so.3\n/usr/share/doc\n',
      '/var/lib/dpkg/info/base-files.list': '/.\n/bin/x\n',
      '/bin': '-> usr/bin',
    });
    expect(packages.map(({ files }) => files)).toEqual([['/usr/lib/libssl.so.3'], ['/bin/x', '/usr/bin/x'], [], []]);
  });

  it('skips what has no name or version and says how many', async () => {
    const { packages, problems } = await extract({
      '/var/lib/dpkg/status':
        'Package: a\nStatus: install ok installed\n\nVersion: 1\nStatus: install ok installed\n\nPackage: b\nStatus: install ok installed\nVersion: 1\n',
    });
    expect(packages.map(({ name }) => name)).toEqual(['b']);
    expect(problems).toMatchObject([{ code: 'broken-entry', at: '/var/lib/dpkg/status' }]);
  });

  it('is quiet where there is no dpkg', async () => {
    expect(await extract({ '/etc/hosts': '' })).toEqual({ packages: [], problems: [] });
  });

  it('says when the status file cannot be read', async () => {
    const { problems } = await extract({ '/var/lib/dpkg/status/oops': '' });
    expect(problems).toMatchObject([{ code: 'not-a-file' }]);
  });
});

describe('a distroless image', () => {
  it('reads one stanza per file and the checksums beside it', async () => {
    const { packages, problems } = await extract({
      '/var/lib/dpkg/status.d/libc6': 'Package: libc6\nSource: glibc\nVersion: 2.36-9+deb12u4\nArchitecture: amd64\n',
      '/var/lib/dpkg/status.d/libc6.md5sums':
        '0123456789abcdef0123456789abcdef  lib/x86_64-linux-gnu/libc.so.6\n0123456789abcdef0123456789abcdef  usr/share/doc/libc6/copyright\n',
      '/var/lib/dpkg/status.d/tzdata': 'Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n',
    });
    expect(problems).toEqual([]);
    expect(packages).toMatchObject([
      { name: 'libc6', location: '/var/lib/dpkg/status.d/libc6', files: ['/lib/x86_64-linux-gnu/libc.so.6'] },
      { name: 'tzdata', files: [] },
    ]);
  });
});

describe('parseStatus', () => {
  it('takes a stanza without a status for absent in the status file, as dpkg does', () => {
    const text = 'Package: a\nVersion: 1\n';
    expect(parseStatus(text).records).toEqual([]);
    expect(parseStatus(text, 'installed').records).toHaveLength(1);
  });

  it('reads Windows line ends, field names in any case and a last stanza without a line end', () => {
    const text =
      'package: a\r\nSTATUS: install ok installed\r\nversion: 1\r\n\r\nPackage: b\r\nStatus: install ok installed\r\nVersion: 2';
    expect(parseStatus(text).records.map(({ name, version }) => `${name} ${version}`)).toEqual(['a 1', 'b 2']);
  });

  it('survives every cut and much noise', () => {
    for (let end = 0; end <= status.length; end += 1) parseStatus(status.slice(0, end));
    expect(parseStatus('\0'.repeat(10_000)).records).toEqual([]);
    expect(parseStatus(`Package: ${'x'.repeat(100_000)}\nVersion: 1\nStatus: install ok installed\n`).broken).toBe(1);
    expect(parseStatus(':\n::\n \n\t\nPackage\n').records).toEqual([]);
  });
});

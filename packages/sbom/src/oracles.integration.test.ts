import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Sbom } from '@parapet/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSbom } from './create-sbom.ts';
import { openDirectory } from './file-system/layers.ts';
import { berkeleyDatabase, rpmHeader } from './testing/rpm.ts';

const scan = async (root: string) => {
  const opened = await openDirectory(root);
  if (!opened.ok) throw new Error(opened.error.message);
  await using fileSystem = opened.value;
  return await createSbom({ target: { kind: 'host', name: root }, fileSystem });
};

const run = (program: string, ...args: readonly string[]): string[] =>
  execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1e8, stdio: ['ignore', 'pipe', 'ignore'] })
    .split('\n')
    .filter((line) => line !== '');

const hasDpkg = existsSync('/usr/bin/dpkg-query') && existsSync('/var/lib/dpkg/status');

describe.skipIf(!hasDpkg)('this Debian host (needs dpkg)', () => {
  let sbom: Sbom;
  beforeAll(async () => {
    sbom = await scan('/');
  });

  it('has the packages, versions and sources that dpkg-query says', async () => {
    const fields = ['db:Status-Status', 'Package', 'Version', 'Architecture', 'source:Package', 'source:Version'];
    const format = `${fields.map((field) => `\${${field}}`).join(' ')}\n`;
    const expected = run('dpkg-query', '-W', '-f', format)
      .filter((line) => line.startsWith('installed '))
      .map((line) => line.slice('installed '.length));
    const found = sbom.packages
      .filter(({ type }) => type === 'dpkg')
      .map(({ name, version, architecture, source }) =>
        [name, version, architecture, source?.name, source?.version].join(' '),
      );
    expect(found.sort()).toEqual(expected.sort());
    // What else lies on this machine may well be broken: archives of somebody's tests, for one.
    expect(sbom.problems.filter(({ at }) => at === undefined || at.startsWith('/var/lib/dpkg'))).toEqual([]);
  });

  it('knows whose file a running program is', () => {
    const owner = sbom.packages.find(({ files }) => files.includes('/usr/bin/dpkg-query'));
    expect(owner?.name).toBe('dpkg');
    expect(sbom.packages.find(({ files }) => files.includes('/usr/bin/bash'))?.name).toBe('bash');
  });
});

const hasRpm = existsSync('/usr/bin/rpm') && existsSync('/usr/bin/rpmbuild');
const specification = `Name: parapet-sample
Epoch: 2
Version: 1.4.2~rc1
Release: 3.el9
Summary: a sample
License: MIT AND Apache-2.0
BuildArch: noarch
%description
a sample
%package libs
Summary: its library
%description libs
its library
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/lib64 %{buildroot}/usr/share/sample
echo x > %{buildroot}/usr/bin/sample
echo x > %{buildroot}/usr/lib64/libsample.so.1
echo x > %{buildroot}/usr/share/sample/data
%files
%attr(0755,root,root) /usr/bin/sample
/usr/share/sample/data
%files libs
/usr/lib64/libsample.so.1
`;

describe.skipIf(!hasRpm)('a root made by rpm (needs rpm and rpmbuild)', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'parapet-rpm-root-'));
    writeFileSync(join(folder, 'sample.spec'), specification);
    run('rpmbuild', '-bb', '--define', `_topdir ${folder}/top`, join(folder, 'sample.spec'));
    mkdirSync(join(folder, 'root/var/lib/rpm'), { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const query = (root: string, backend = 'sqlite'): string[] =>
    run(
      'rpm',
      '--root',
      root,
      '--dbpath',
      '/var/lib/rpm',
      '--define',
      `_db_backend ${backend}`,
      '-qa',
      '--qf',
      '%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE} %{LICENSE}\n',
    );
  const found = async (root: string): Promise<string[]> =>
    (await scan(root)).packages.map(({ name, version, licences }) => `${name} ${version} ${licences.join()}`);

  it('reads the SQLite database as rpm does', async () => {
    const root = join(folder, 'root');
    const packages = ['parapet-sample', 'parapet-sample-libs'].map(
      (name) => `${folder}/top/RPMS/noarch/${name}-1.4.2~rc1-3.el9.noarch.rpm`,
    );
    run(
      'rpm',
      '--root',
      root,
      '--dbpath',
      '/var/lib/rpm',
      '-i',
      '--justdb',
      '--nodeps',
      '--nosignature',
      '--nodigest',
      ...packages,
    );
    const expected = query(root);
    expect(expected).toHaveLength(2);
    expect((await found(root)).sort()).toEqual(expected.sort());
    const sbom = await scan(root);
    expect(sbom.packages.flatMap(({ files }) => files).sort()).toEqual([
      '/usr/bin/sample',
      '/usr/lib64/libsample.so.1',
    ]);
  });

  it('reads a Berkeley DB that rpm reads, too', async () => {
    const root = join(folder, 'berkeley');
    mkdirSync(join(root, 'var/lib/rpm'), { recursive: true });
    const headers = ['a', 'b', 'c'].map((name) =>
      rpmHeader({
        name,
        version: '1.0',
        release: '1',
        epoch: 3,
        licence: 'MIT',
        description: 'x'.repeat(name === 'b' ? 9000 : 1),
      }),
    );
    writeFileSync(join(root, 'var/lib/rpm/Packages'), berkeleyDatabase(headers));
    expect(query(root, 'bdb_ro')).toHaveLength(3);
    expect((await found(root)).sort()).toEqual(query(root, 'bdb_ro').sort());
  });
});

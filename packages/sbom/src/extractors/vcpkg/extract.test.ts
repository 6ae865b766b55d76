import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { vcpkg } from './index.ts';

const status = `Package: zlib
Version: 1.3.1
Port-Version: 2
Architecture: x64-linux
Multi-Arch: same
Abi: 0123
Status: install ok installed

Package: curl
Version: 8.10.1
Architecture: x64-linux
Status: install ok installed

Package: curl
Feature: ssl
Architecture: x64-linux
Status: install ok installed

Package: gone
Version: 1.0
Architecture: x64-linux
Status: purge ok not-installed
`;

const manifest = JSON.stringify({
  name: 'app',
  dependencies: ['fmt', { name: 'zlib', 'version>=': '1.3#1' }, { name: 'cmake-tool', host: true }, { features: [] }],
  overrides: [{ name: 'fmt', version: '10.1.1#3' }],
});

describe('vcpkg', () => {
  it('tells what is installed, each port once', async () => {
    const path = '/src/vcpkg/installed/vcpkg/status';
    expect((await extractFrom(vcpkg, { [path]: status })).packages).toEqual([
      { name: 'zlib', version: '1.3.1', qualifiers: { triplet: 'x64-linux', port_version: '2' } },
      { name: 'curl', version: '8.10.1', qualifiers: { triplet: 'x64-linux' } },
    ]);
    expect((await packagesOf({ [path]: status }))[0]).toMatchObject({
      purl: 'pkg:vcpkg/zlib@1.3.1?port_version=2&triplet=x64-linux',
      evidence: 'installed',
    });
  });

  it('tells what is asked for, with overrides', async () => {
    expect((await extractFrom(vcpkg, { '/app/vcpkg.json': manifest })).packages).toEqual([
      { name: 'fmt', version: '10.1.1', evidence: 'declared', isDirect: true },
      { name: 'zlib', version: '1.3', evidence: 'declared', isDirect: true },
      { name: 'cmake-tool', version: '', evidence: 'declared', isDirect: true, scope: 'build' },
    ]);
  });

  it('leaves other files of these names alone', async () => {
    expect(await namesFrom(vcpkg, { '/var/lib/dpkg/status': status, '/vcpkg/ports/x/vcpkg.json': manifest })).toEqual(
      [],
    );
  });

  it('survives damage', async () => {
    await survivesDamage(vcpkg, '/vcpkg/status', status);
    await survivesDamage(vcpkg, '/vcpkg.json', manifest);
  });
});

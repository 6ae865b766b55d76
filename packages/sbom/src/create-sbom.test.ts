import { Sbom } from '@parapet/contract';
import { createManualClock, problem } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { createSbom } from './create-sbom.ts';
import type { FileSystem } from './file-system/file-system.ts';
import { memoryFileSystemOf } from './file-system/memory.ts';
import { elfOf } from './testing/program.ts';

const clock = createManualClock(Date.parse('2026-11-21T12:00:00.000Z'));
const target = { kind: 'host', name: 'web-1' } as const;
const status = 'Package: a\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\n';

describe('createSbom', () => {
  it('gives what the schema says', async () => {
    const fileSystem = memoryFileSystemOf({
      '/etc/os-release': 'ID=debian\nVERSION_ID=12',
      '/var/lib/dpkg/status': status,
    });
    const sbom = await createSbom({ target, fileSystem, clock });
    expect(Sbom.parse(sbom)).toEqual(sbom);
    expect(sbom).toMatchObject({
      format: 'parapet-sbom/1',
      status: 'succeeded',
      target,
      createdAt: '2026-11-21T12:00:00.000Z',
      distribution: { id: 'debian', versionId: '12' },
      packages: [{ purl: 'pkg:deb/debian/a@1.0-1?arch=amd64' }],
      problems: [],
    });
  });

  it('finds nothing in an empty target, which is no failure', async () => {
    const sbom = await createSbom({ target, fileSystem: memoryFileSystemOf({}), clock });
    expect(sbom).toMatchObject({ status: 'succeeded', packages: [], problems: [] });
    expect(sbom).not.toHaveProperty('distribution');
  });

  it('warns of a release without security updates, which leaves the scan whole', async () => {
    const osRelease = 'ID=debian\nVERSION_ID=10\nPRETTY_NAME="Debian GNU/Linux 10 (buster)"';
    const fileSystem = memoryFileSystemOf({ '/etc/os-release': osRelease, '/var/lib/dpkg/status': status });
    expect(await createSbom({ target, fileSystem, clock })).toMatchObject({
      status: 'succeeded',
      problems: [
        {
          code: 'end-of-life',
          message: 'Debian GNU/Linux 10 (buster) has had no security updates since 2024-06-30.',
        },
      ],
    });
  });

  it('tells a system of BusyBox alone by its version', async () => {
    const busybox = elfOf({ '.rodata': Buffer.from('\0BusyBox v1.36.1 (2026)\0', 'latin1') });
    const sbom = await createSbom({ target, fileSystem: memoryFileSystemOf({ '/bin/[': busybox }), clock });
    expect(sbom.distribution).toEqual({ id: 'busybox', versionId: '1.36.1', name: 'BusyBox 1.36.1' });
    const elsewhere = await createSbom({ target, fileSystem: memoryFileSystemOf({ '/srv/busybox': busybox }), clock });
    expect(elsewhere).not.toHaveProperty('distribution');
  });

  it('leaves images out that Podman of a host keeps where it was told to', async () => {
    const manifest = '{"name":"left-pad","version":"1.3.0"}';
    const fileSystem = memoryFileSystemOf({
      '/etc/containers/storage.conf': '[storage]\ngraphroot = "/data/podman/"',
      '/data/podman/overlay/x/diff/node_modules/left-pad/package.json': manifest,
      '/data/app/node_modules/left-pad/package.json': manifest,
    });
    const found = async (kind: 'host' | 'container') =>
      (await createSbom({ target: { kind, name: 'web-1' }, fileSystem, clock })).packages.length;
    expect([await found('host'), await found('container')]).toEqual([1, 2]);
  });

  it('is partial with packages and problems, failed with problems alone', async () => {
    const broken = { '/var/lib/rpm/Packages': 'no database at all '.repeat(100) };
    const partial = await createSbom({
      target,
      fileSystem: memoryFileSystemOf({ ...broken, '/var/lib/dpkg/status': status }),
      clock,
    });
    expect(partial).toMatchObject({
      status: 'partial',
      packages: [{ name: 'a' }],
      problems: [{ code: 'broken-database' }],
    });
    const failed = await createSbom({ target, fileSystem: memoryFileSystemOf(broken), clock });
    expect(failed).toMatchObject({ status: 'failed', packages: [] });
  });

  it('takes over problems met before, and bounds all of them', async () => {
    const problems = Array.from({ length: 2500 }, (_, index) => problem('layer', 'x'.repeat(5000), `/${index}`));
    const sbom = await createSbom({ target, fileSystem: memoryFileSystemOf({}), problems, clock });
    expect(Sbom.parse(sbom).problems).toHaveLength(1000);
    expect(sbom.problems.at(-1)).toMatchObject({
      code: 'more-problems',
      message: '1501 more problems are not listed.',
    });
  });

  it('keeps what others found when one extractor fails', async () => {
    const fileSystem: FileSystem = {
      ...memoryFileSystemOf({ '/var/lib/dpkg/status': status }),
      open: () => Promise.reject(new Error('a bug')),
    };
    const sbom = await createSbom({ target, fileSystem, clock });
    expect(sbom).toMatchObject({
      status: 'partial',
      packages: [{ name: 'a' }],
      problems: [{ code: 'extractor-failed' }],
    });
  });

  it('stops when asked', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(createSbom({ target, fileSystem: memoryFileSystemOf({}), signal })).rejects.toThrow('enough');
  });
});

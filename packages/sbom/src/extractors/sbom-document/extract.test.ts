import type { Sbom } from '@parapet/contract';
import { describe, expect, it } from 'vitest';
import { createSbom } from '../../create-sbom.ts';
import { memoryFileSystemOf } from '../../file-system/memory.ts';
import { extractFrom, survivesDamage } from '../../testing/extract.ts';
import { elfOf } from '../../testing/program.ts';
import { sbomDocument } from './index.ts';

const spdx = JSON.stringify({
  spdxVersion: 'SPDX-2.3',
  SPDXID: 'SPDXRef-DOCUMENT',
  name: 'nginx',
  packages: [
    {
      SPDXID: 'SPDXRef-nginx',
      name: 'nginx',
      versionInfo: '1.25.3-1',
      licenseDeclared: 'BSD-2-Clause',
      externalRefs: [
        {
          referenceCategory: 'PACKAGE-MANAGER',
          referenceType: 'purl',
          referenceLocator: 'pkg:bitnami/nginx@1.25.3-1?arch=amd64&distro=debian-12',
        },
      ],
    },
  ],
});

const cyclonedx = JSON.stringify({
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  components: [
    { type: 'library', name: 'left', version: '1.0.0', purl: 'pkg:npm/%40scope/left@1.0.0' },
    { type: 'library', name: 'libc6', version: '2.36-9', purl: 'pkg:deb/debian/libc6@2.36-9' },
  ],
});

const nginx = elfOf({ '.rodata': Buffer.from('\0nginx/1.25.3\0', 'latin1') });

const sbomOf = (files: Readonly<Record<string, string | Buffer>>, kind: Sbom['target']['kind']): Promise<Sbom> =>
  createSbom({ target: { kind, name: 'sample' }, fileSystem: memoryFileSystemOf(files) });

describe('a bill of materials inside an image', () => {
  it('is told with the mark of its origin, without packages of distributions', async () => {
    const { packages } = await sbomOf({ '/usr/share/sbom/app.cdx.json': cyclonedx }, 'image');
    expect(packages).toEqual([
      {
        purl: 'pkg:npm/%40scope/left@1.0.0',
        type: 'npm',
        name: '@scope/left',
        version: '1.0.0',
        licences: [],
        location: '/usr/share/sbom/app.cdx.json',
        files: [],
        evidence: 'declared',
        foundBy: 'sbom-document',
      },
    ]);
  });

  it('of Bitnami tells what is there, once', async () => {
    const files = { '/opt/bitnami/nginx/.spdx-nginx.spdx': spdx, '/opt/bitnami/nginx/sbin/nginx': nginx };
    const { packages } = await sbomOf(files, 'container');
    expect(packages).toMatchObject([
      {
        purl: 'pkg:bitnami/nginx@1.25.3-1?arch=amd64&distro=debian-12',
        type: 'bitnami',
        evidence: 'installed',
        foundBy: 'sbom-document',
        licences: ['BSD-2-Clause'],
      },
    ]);
  });

  it('is not read in a folder or on a host, where it is somebody’s output', async () => {
    for (const kind of ['directory', 'host'] as const)
      expect((await sbomOf({ '/srv/app.cdx.json': cyclonedx }, kind)).packages).toEqual([]);
  });

  it('of another format is none, and of an unknown version a problem', async () => {
    const files = { '/a/sbom.json': '{"name":"x"}', '/a/LICENSE.spdx': 'SPDXVersion: SPDX-2.1\n' };
    expect(await extractFrom(sbomDocument, files)).toEqual({ packages: [], problems: [] });
    const unknown = { '/bom.json': cyclonedx.replace('1.5', '9.0') };
    expect((await extractFrom(sbomDocument, unknown)).problems).toHaveLength(1);
  });

  it('survives damage', async () => {
    await survivesDamage(sbomDocument, '/x.cdx.json', cyclonedx);
    await survivesDamage(sbomDocument, '/x.spdx.json', spdx);
  });
});

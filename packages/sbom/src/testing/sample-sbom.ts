import type { Sbom } from '@parapet/contract';

/** An SBOM with a bit of everything that writers have to deal with. */
export const sampleSbom: Sbom = {
  format: 'parapet-sbom/1',
  status: 'partial',
  target: { kind: 'image', name: 'example.org/app:1' },
  createdAt: '2026-11-21T12:00:00.123Z',
  distribution: { id: 'alpine', versionId: '3.20.3', name: 'Alpine Linux v3.20' },
  packages: [
    {
      purl: 'pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64',
      type: 'apk',
      name: 'musl',
      version: '1.2.5-r0',
      architecture: 'x86_64',
      source: { name: 'musl', version: '1.2.5-r0' },
      licences: ['MIT'],
      location: '/lib/apk/db/installed',
      files: ['/lib/ld-musl-x86_64.so.1'],
    },
    {
      purl: 'pkg:apk/alpine/zlib@1.3.1-r1?arch=x86_64',
      type: 'apk',
      name: 'zlib',
      version: '1.3.1-r1',
      licences: ['Zlib', 'custom words of somebody'],
      location: '/lib/apk/db/installed',
      files: [],
    },
    {
      purl: 'pkg:apk/alpine/zlib@1.3.1-r1?arch=x86_64',
      type: 'apk',
      name: 'zlib',
      version: '1.3.1-r1',
      licences: [],
      location: '/usr/lib/apk/db/installed',
      files: [],
    },
  ],
  problems: [{ code: 'broken-layer', message: 'A layer could not be read.', at: 'blobs/sha256/0' }],
};

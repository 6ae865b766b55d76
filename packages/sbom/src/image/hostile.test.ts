import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Sbom } from '@parapet/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSbom } from '../create-sbom.ts';
import { damaged } from '../testing/damage.ts';
import { dockerArchive, ociArchive } from '../testing/image.ts';
import { tarOf } from '../testing/tar.ts';
import { openImageArchive } from './open-image-archive.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-hostile-image-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const status = 'Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n';
const lower = tarOf([
  { path: 'etc/os-release', type: '2', target: '../usr/lib/os-release' },
  { path: 'usr/lib/os-release', content: 'ID=debian\nVERSION_ID="12"\n' },
  { path: 'var/lib/dpkg/status', content: status },
  { path: 'srv/node_modules/left-pad/package.json', content: '{"name":"left-pad","version":"1.3.0"}' },
]);
const upper = tarOf([{ path: 'srv/.wh.node_modules', content: '' }]);

const scan = async (archive: Buffer): Promise<Sbom | undefined> => {
  const path = join(folder, 'image.tar');
  writeFileSync(path, archive);
  const opened = await openImageArchive(path);
  if (!opened.ok) return undefined;
  await using fileSystem = opened.value.fileSystem;
  return createSbom({ target: { kind: 'image', name: 'hostile' }, fileSystem, problems: opened.value.problems });
};

it.each([
  ['of docker save', dockerArchive([lower, upper])],
  ['of an OCI layout, packed', ociArchive([gzipSync(lower), zstdCompressSync(upper)])],
])('an archive %s is at worst a problem when it is damaged', async (_, archive) => {
  expect((await scan(archive))?.packages).toHaveLength(1);
  await fc.assert(
    fc.asyncProperty(damaged(archive), async (bytes) => {
      const sbom = await scan(bytes);
      if (sbom !== undefined) expect(Sbom.safeParse(sbom).error).toBeUndefined();
    }),
    { numRuns: 60, seed: 28 },
  );
});

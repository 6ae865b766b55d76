import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createSbom } from '../create-sbom.ts';
import { tarOf } from '../testing/tar.ts';
import { openRootStream } from './open-image-archive.ts';

const root = tarOf([
  { path: 'etc/os-release', content: 'ID=debian\nVERSION_ID="12"\n' },
  { path: 'var/lib/dpkg/status', content: 'Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n' },
]);
const sbomOf = async (content: Buffer | undefined) =>
  createSbom({
    target: { kind: 'container', name: 'x' },
    ...(await openRootStream(Readable.from(content === undefined ? [] : [content]), 'x')),
  });

describe('a root as one archive', () => {
  it.each([
    ['plain', root],
    ['gzip', gzipSync(root)],
  ])('is read, %s', async (_, content) => {
    expect(await sbomOf(content)).toMatchObject({ status: 'succeeded', packages: [{ name: 'a' }] });
  });

  it.each([
    ['cut', root.subarray(0, 520)],
    ['no archive', Buffer.alloc(2048, 'x')],
    ['empty', undefined],
  ])('that is %s is a problem, not a crash', async (_, content) => {
    const sbom = await sbomOf(content);
    expect(sbom.problems).not.toEqual([]);
    expect(sbom.status).toBe('failed');
  });
});

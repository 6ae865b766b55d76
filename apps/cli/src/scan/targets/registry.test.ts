import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeTar } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSbomOf, targets } from './registry.ts';
import type { TargetContext } from './target.ts';

const context: TargetContext = {
  signal: new AbortController().signal,
  say: () => undefined,
  offline: true,
  platform: undefined,
};
const status = 'Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n';
let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'parapet-targets-'));
  mkdirSync(join(dir, 'root/var/lib/dpkg'), { recursive: true });
  writeFileSync(join(dir, 'root/var/lib/dpkg/status'), status);
  const tar = Buffer.concat([writeTar([{ name: 'var/lib/dpkg/status', content: status }]), Buffer.alloc(1024)]);
  writeFileSync(join(dir, 'root.tar'), tar);
  writeFileSync(join(dir, 'root.tar.gz'), gzipSync(tar));
  writeFileSync(join(dir, 'junk'), 'junk'.repeat(1000));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('targets', () => {
  it('are those of the folders, each with the files of a target', () => {
    const folders = readdirSync(import.meta.dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(targets.map(({ name }) => name).sort()).toEqual(folders.map(({ name }) => name).sort());
    for (const { name } of folders) {
      expect(readdirSync(join(import.meta.dirname, name))).toEqual(
        expect.arrayContaining(['index.ts', 'make-sbom.ts']),
      );
    }
  });

  it.each([
    ['dir:', 'root', 'directory'],
    ['', 'root', 'directory'],
    ['archive:', 'root', 'archive'],
    ['archive:', 'root.tar', 'archive'],
    ['', 'root.tar.gz', 'archive'],
  ])('%s%s is read as %s', async (prefix, name, kind) => {
    const sbom = await makeSbomOf(`${prefix}${join(dir, name)}`, context);
    expect(sbom).toMatchObject({ status: 'succeeded', target: { kind }, packages: [{ name: 'a' }] });
  });

  it.each([
    ['dir:/no/such', '/no/such'],
    ['archive:/no/such', 'There is no file or folder'],
    ['/no/such', 'There is no folder or file'],
    ['image:-rf', 'no name of an image'],
    ['container:a b', 'no name of an image'],
    ['host:other', 'without a name'],
  ])('%s is refused: %s', async (name, message) => {
    await expect(makeSbomOf(name, context)).rejects.toThrow(message);
  });

  it('says what a file that is no archive was taken for', async () => {
    await expect(makeSbomOf(join(dir, 'junk'), context)).rejects.toThrow(
      /as an image archive .* or as a tar of a root/,
    );
  });
});

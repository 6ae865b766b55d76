import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPackageDatabases } from './package-databases.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parapet-packages-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('findPackageDatabases', () => {
  it('finds each kind with its size', async () => {
    for (const folder of ['var/lib/dpkg/status.d', 'lib/apk/db', 'usr/lib/sysimage/rpm']) {
      await mkdir(join(root, folder), { recursive: true });
    }
    await writeFile(join(root, 'var/lib/dpkg/status'), 'abc');
    await writeFile(join(root, 'lib/apk/db/installed'), 'ab');
    await writeFile(join(root, 'usr/lib/sysimage/rpm/rpmdb.sqlite'), 'a');
    const found = findPackageDatabases(root);
    expect(found.map(({ path }) => path)).toEqual([
      '/var/lib/dpkg/status',
      '/var/lib/dpkg/status.d',
      '/lib/apk/db/installed',
      '/usr/lib/sysimage/rpm/rpmdb.sqlite',
    ]);
    expect(found[0]).toMatchObject({ sizeBytes: 3, modifiedAt: expect.any(Number) });
  });

  it('finds what package managers of languages write, and no cache of a running Python', async () => {
    const python = 'usr/local/lib/python3.12/site-packages';
    await mkdir(join(root, python, '__pycache__'), { recursive: true });
    expect(findPackageDatabases(root)).toEqual([]);
    await mkdir(join(root, python, 'a-1.0.dist-info'));
    await mkdir(join(root, 'app/node_modules'), { recursive: true });
    await writeFile(join(root, 'app/node_modules/.package-lock.json'), '{}');
    await mkdir(join(root, 'usr/lib/node_modules'), { recursive: true });
    expect(findPackageDatabases(root).map(({ path }) => path)).toEqual([
      '/usr/lib/node_modules',
      '/app/node_modules/.package-lock.json',
      `/${python}`,
    ]);
  });

  it('never follows a link that a workload made', async () => {
    const outside = join(root, 'outside');
    await mkdir(join(outside, 'dpkg'), { recursive: true });
    await writeFile(join(outside, 'dpkg/status'), 'secret');
    const inside = join(root, 'inside');
    await mkdir(join(inside, 'var'), { recursive: true });
    await symlink(outside, join(inside, 'var/lib'));
    expect(findPackageDatabases(inside)).toEqual([]);
    await rm(join(inside, 'var/lib'));
    await mkdir(join(inside, 'var/lib/dpkg'), { recursive: true });
    await symlink(join(outside, 'dpkg/status'), join(inside, 'var/lib/dpkg/status'));
    expect(findPackageDatabases(inside)).toEqual([]);
    expect(findPackageDatabases(join(root, 'nothing'))).toEqual([]);
  });
});

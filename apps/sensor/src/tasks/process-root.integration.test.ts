import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSbom } from '@parapet/sbom';
import { describeWith, eventually, programOf, root } from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { containerRootOf } from '../proc/container-root.ts';
import { readStat } from '../proc/process-files.ts';
import { openProcessRoot } from './process-root.ts';

describeWith([root, programOf('busybox')], 'the root of a process that has another than the host', () => {
  let folder = '';
  let child: ChildProcess;
  let pid = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-root-'));
    for (const path of ['bin', 'etc', 'var/lib/dpkg']) await mkdir(join(folder, path), { recursive: true });
    await copyFile('/bin/busybox', join(folder, 'bin/busybox'));
    await writeFile(join(folder, 'etc/os-release'), 'ID=debian\nVERSION_ID=12\n');
    await writeFile(
      join(folder, 'var/lib/dpkg/status'),
      'Package: inside\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n',
    );
    child = spawn('/bin/busybox', ['chroot', folder, '/bin/busybox', 'sleep', '600'], { stdio: 'ignore' });
    pid = child.pid ?? 0;
    await eventually('the process has its root', async () => containerRootOf('/proc', pid));
  });
  afterAll(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  it('is read as the files of its container', async () => {
    const startTicks = readStat('/proc', pid)?.startTicks ?? 0;
    const opened = await openProcessRoot({ procPath: '/proc', pid, startTicks }, 'sample');
    if (!opened.ok) throw new Error(opened.error.message);
    await using fileSystem = opened.value;
    const sbom = await createSbom({ target: { kind: 'container', name: 'sample' }, fileSystem });
    expect(sbom).toMatchObject({ status: 'succeeded', distribution: { id: 'debian' } });
    expect(sbom.packages.filter(({ type }) => type === 'dpkg')).toMatchObject([{ name: 'inside' }]);
  });

  it('is not read for another process that had its pid before, nor for one that is gone', async () => {
    expect(await openProcessRoot({ procPath: '/proc', pid, startTicks: 1 }, 'x')).toMatchObject({
      error: { code: 'gone' },
    });
    // Above the largest pid that there is.
    expect(await openProcessRoot({ procPath: '/proc', pid: 2 ** 30, startTicks: 1 }, 'x')).toMatchObject({
      error: { code: 'unreadable' },
    });
  });

  it('is none for a process of the host', () => {
    expect(containerRootOf('/proc', process.pid)).toBeUndefined();
  });
});

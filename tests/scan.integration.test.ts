import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, root } from '../tools/build.ts';

let dir = '';
beforeAll(async () => {
  await ensureBuilt(() => undefined);
  dir = await mkdtemp(join(tmpdir(), 'parapet-scan-test-'));
  await mkdir(join(dir, 'etc'), { recursive: true });
  await mkdir(join(dir, 'var/lib/dpkg'), { recursive: true });
  await writeFile(
    join(dir, 'etc/os-release'),
    'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  );
  await writeFile(
    join(dir, 'var/lib/dpkg/status'),
    'Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.11-1\nDescription: \u001b[2Jsecure\n',
  );
});
afterAll(() => rm(dir, { recursive: true }));

const parapet = (...args: readonly string[]) =>
  execArgv([process.execPath, join(root, 'build/cli.js'), ...args], { timeoutMs: 180_000 });
const scan = (...args: readonly string[]) => parapet('scan', ...args, '--data-dir', join(dir, 'no-console'));

describe('parapet scan', () => {
  it('lists packages of a folder and says that there is nothing to match with', async () => {
    const outcome = await scan(dir);
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toContain('1 packages, Debian GNU/Linux 12 (bookworm)');
    expect(outcome.stdout).toContain('There are no advisories yet');
  });

  it('prints one document and writes others beside it', async () => {
    const file = join(dir, 'out.spdx.json');
    const outcome = await scan(dir, '--json', '-o', `spdx-json=${file}`);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      format: 'parapet-scan/1',
      sbom: { packages: [{ name: 'openssl', version: '3.0.11-1' }], status: 'succeeded' },
    });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ spdxVersion: 'SPDX-2.3' });
  });

  it.each([
    ['--fail-on', 'high'],
    ['-o', 'sarif'],
  ])('has no answer to %s %s when there are no advisories', async (...args) => {
    const outcome = await scan(dir, ...args);
    expect(outcome).toMatchObject({ exitCode: 3, stdout: '' });
    expect(outcome.stderr).toContain('could not be answered');
  });

  it('says when there are no packages, and when there is no such target', async () => {
    await mkdir(join(dir, 'empty'), { recursive: true });
    expect((await scan(join(dir, 'empty'))).stdout).toContain('No packages were found');
    expect(await scan('-rf')).toMatchObject({ exitCode: 2 });
    expect(await scan(dir, '-o', 'pdf')).toMatchObject({ exitCode: 2, stdout: '' });
    const missing = await scan('/no/such/thing');
    expect(missing).toMatchObject({ exitCode: 2, stdout: '' });
    expect(missing.stderr).toContain('/no/such/thing');
  });
});

describe('parapet sbom', () => {
  it.each(['cyclonedx-json', 'spdx-json'])('prints %s and nothing else', async (format) => {
    const outcome = await parapet('sbom', `dir:${dir}`, '-o', format);
    expect(outcome.exitCode).toBe(0);
    expect(outcome.stdout).toContain('openssl');
    expect(JSON.stringify(JSON.parse(outcome.stdout), undefined, 2)).toBe(outcome.stdout.trimEnd());
    expect(outcome.stderr).toContain('Reading packages');
  });
});

describe('parapet diff', () => {
  it('tells what came, and by its exit code that something differs', async () => {
    const [before, after] = [join(dir, 'before.json'), join(dir, 'after.json')];
    await scan(`dir:${dir}`, '-o', `json=${before}`);
    await writeFile(join(dir, 'package-lock.json'), lockOf('left', '1.0.0'));
    await parapet('sbom', `dir:${dir}`, '-o', `spdx-json=${after}`);
    await rm(join(dir, 'package-lock.json'));
    const outcome = await parapet('diff', before, after, '--exit-code');
    expect(outcome).toMatchObject({ exitCode: 1, stderr: '' });
    expect(outcome.stdout).toContain('+ npm left 1.0.0');
    expect(await parapet('diff', before, before, '--exit-code')).toMatchObject({ exitCode: 0 });
    expect(await parapet('diff', before, after, '--fail-on', 'any')).toMatchObject({ exitCode: 3, stdout: '' });
    expect(await parapet('diff', before, join(dir, 'none'))).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

const lockOf = (name: string, version: string): string =>
  JSON.stringify({ lockfileVersion: 3, packages: { '': {}, [`node_modules/${name}`]: { version } } });

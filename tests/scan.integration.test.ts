import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
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

const scan = (...args: readonly string[]) =>
  execArgv([process.execPath, join(root, 'build/cli.js'), 'scan', ...args, '--data-dir', join(dir, 'no-console')], {
    timeoutMs: 60_000,
  });

describe('parapet scan', () => {
  it('lists packages of a folder and says that there is nothing to match with', async () => {
    const outcome = await scan(dir);
    expect(outcome).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toContain('1 packages, Debian GNU/Linux 12 (bookworm)');
    expect(outcome.stdout).toContain('There are no advisories yet');
  });

  it('prints JSON and both published formats', async () => {
    expect(JSON.parse((await scan(dir, '--json')).stdout)).toMatchObject({
      sbom: { packages: [{ name: 'openssl', version: '3.0.11-1' }], status: 'succeeded' },
    });
    expect(JSON.parse((await scan(dir, '--format', 'cyclonedx')).stdout)).toMatchObject({ bomFormat: 'CycloneDX' });
    expect(JSON.parse((await scan(dir, '--format', 'spdx')).stdout)).toMatchObject({ spdxVersion: 'SPDX-2.3' });
  });

  it('does not pretend that nothing was found when there are no advisories', async () => {
    const outcome = await scan(dir, '--fail-on', 'high');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('--fail-on could not be answered');
  });

  it('says when a folder is no system, and when there is no such target', async () => {
    expect((await scan(join(dir, 'etc'))).stdout).toContain('No package database was found');
    expect(await scan('-rf')).toMatchObject({ exitCode: 2 });
    const missing = await scan('/no/such/thing');
    expect(missing.exitCode).not.toBe(0);
    expect(missing.stderr).toContain('/no/such/thing');
  });
});

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { startConnectProxy } from '@parapet/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../tools/build.ts';
import { type ConsoleProcess, startConsoleProcess } from './support/from-sources.ts';

let dir: string;
let running: ConsoleProcess;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parapet-upload-test-'));
  await mkdir(join(dir, 'project'));
  const packages = { '': { name: 'shop' }, 'node_modules/left-pad': { version: '1.3.0' } };
  await writeFile(
    join(dir, 'project/package-lock.json'),
    JSON.stringify({ name: 'shop', lockfileVersion: 3, packages }),
  );
  running = await startConsoleProcess();
  // The command line is given the folder above the console's.
  await symlink(running.dataDir, join(dir, 'console'));
}, 300_000);
afterAll(async () => {
  await running.stop();
  await rm(dir, { recursive: true, force: true });
});

const parapet = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const program = [process.execPath, '--disable-warning=ExperimentalWarning', join(root, 'apps/cli/src/main.ts')];
  return execArgv(['env', ...variables, ...program, ...args], { timeoutMs: 180_000 });
};

const scanAndUpload = (env: Readonly<Record<string, string>>, ...args: readonly string[]) =>
  parapet(
    [
      'scan',
      `dir:${join(dir, 'project')}`,
      '--upload',
      `https://localhost:${running.port()}`,
      '--data-dir',
      dir,
      ...args,
    ],
    env,
  );

test('a scan of the command line is on the console, marked as uploaded; only whom it trusts gets the token', async () => {
  const made = await running.call('POST', '/api/v1/tokens', {
    ...{ name: 'pipeline', role: 'operator', permissions: ['scans:write'] },
  });
  expect(made.status, JSON.stringify(made.json)).toBe(200);
  const tokenFile = join(dir, 'token');
  await writeFile(tokenFile, made.json.secret);

  const untrusted = await scanAndUpload({}, '--token-file', tokenFile);
  expect(untrusted).toMatchObject({ exitCode: 3 });
  expect(untrusted.stderr).toContain('--tls-ca');

  const authority = join(dir, 'authority.pem');
  const printed = await parapet(['authority', '--data-dir', dir]);
  expect(printed.stderr).toBe('');
  await writeFile(authority, printed.stdout);
  expect(printed.stdout).not.toContain('PRIVATE');

  const trusting = ['--tls-ca', authority, '--label', 'team=shop'] as const;
  const refused = await scanAndUpload({ PARAPET_TOKEN: 'ppt_wrong' }, ...trusting);
  expect(refused).toMatchObject({ exitCode: 3 });
  expect(refused.stderr).toContain('does not know the token');

  await using proxy = await startConnectProxy();
  const uploaded = await scanAndUpload({ HTTPS_PROXY: proxy.url }, '--token-file', tokenFile, ...trusting);
  expect(proxy.asked).toEqual([`localhost:${running.port()}`]);
  expect(uploaded, uploaded.stderr).toMatchObject({ exitCode: 0 });
  const [, id] =
    /uploaded: 1 packages, not matched, for want of advisories about them: https:\/\/localhost:\d+\/assets\/(\S+)/.exec(
      uploaded.stderr,
    ) ?? [];
  const { json: asset } = await running.call('GET', `/api/v1/assets/${id}`);
  expect(asset).toMatchObject({
    ...{ kind: 'upload', labels: { team: 'shop' }, packageCount: 1 },
    scan: { state: 'done', reporter: 'token pipeline' },
  });
  const { json: packages } = await running.call('GET', `/api/v1/assets/${id}/packages`);
  expect(packages.items).toMatchObject([{ purl: 'pkg:npm/left-pad@1.3.0', evidence: 'locked' }]);
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import {
  buildBusyboxImage,
  describeWith,
  docker,
  dockerDaemon,
  dockerSocketPath,
  eventually,
  root,
  testLabel,
} from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root as checkout } from '../tools/build.ts';
import { signInFirstAdmin } from './support/console-api.ts';
import { freePort, makeDataDir, type RunningParapet, removeDataDir, startParapet } from './support/parapet.ts';

process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';

describeWith([root, dockerDaemon], 'a sensor as a container', () => {
  let dataDir: string;
  let running: RunningParapet;
  let get: Awaited<ReturnType<typeof signInFirstAdmin>>;
  let neighbour: string;
  const neighbourName = `parapet-test-neighbour-${process.pid}`;

  beforeAll(async () => {
    neighbour = await docker(
      'run',
      '-d',
      '--label',
      testLabel,
      '--name',
      neighbourName,
      await buildBusyboxImage(),
      'sleep',
      '600',
    );
    dataDir = await makeDataDir();
    const port = await freePort();
    running = await startParapet({
      ...{ dataDir, port, args: ['--no-sensor'] },
      env: { PARAPET_PUBLIC_URLS: `https://localhost:${port}` },
    });
    get = await signInFirstAdmin(running);
  });
  afterAll(async () => {
    await docker('rm', '-f', 'parapet-sensor').catch(() => '');
    await docker('volume', 'rm', 'parapet-sensor').catch(() => '');
    await docker('rm', '-f', neighbour).catch(() => '');
    await running?.stop();
    await removeDataDir(dataDir);
  });

  const printed = async (): Promise<string> => {
    const args = ['sensor-command', '--docker', '--json', '--data-dir', dataDir];
    const outcome = await execArgv([process.execPath, join(checkout, 'build/cli.js'), ...args], { timeoutMs: 120_000 });
    return JSON.parse(outcome.stdout).commands.docker;
  };
  const runLine = (line: string) =>
    execArgv(['/bin/sh', '-c', line], {
      timeoutMs: 120_000,
      env: { PATH: process.env['PATH'], HOME: '/root', DOCKER_HOST: `unix://${dockerSocketPath() ?? ''}` },
    });
  const sensor = async () => (await get('/api/v1/sensors')).items[0];
  const assets = async (kind: string, q: string) => (await get(`/api/v1/assets?kind=${kind}&q=${q}`)).items;

  it('is loaded and run by the printed line, and sees host, processes and containers', async () => {
    const outcome = await runLine(await printed());
    expect(outcome.stderr).toContain('runs as the container parapet-sensor');
    await eventually('the host at the console', async () => (await sensor())?.presence === 'online');
    await eventually(
      'the container beside it',
      async () => (await assets('container', neighbourName))[0]?.status === 'running',
    );
    const { hostId, collectors } = await sensor();
    const facts = await eventually('the facts of the host', async () => {
      const found = await get(`/api/v1/assets/${hostId}`);
      return found.distribution === undefined ? undefined : found;
    });
    // The host's own, not those of the image, which has none.
    expect(facts.distribution).toBe(/^PRETTY_NAME="(.*)"$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1]);
    expect(collectors.filter(({ state }: { state: string }) => state !== 'running')).toEqual([]);
    expect(collectors.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['docker', 'host', 'network', 'process']),
    );
    const processes = await eventually('processes of the host', async () => {
      const { items } = await get(`/api/v1/assets/${hostId}/processes`);
      return items?.length > 3 ? items : undefined;
    });
    expect(JSON.stringify(processes)).toContain('console.js');
  });

  it('finds the packages of the host and of images where they lie', async () => {
    const { hostId } = await sensor();
    for (const kind of ['host', 'image']) {
      const scan = await eventually(`the scan of the ${kind}`, async () => {
        const { items } = await get('/api/v1/scans');
        return items.find(
          ({ asset, state }: { asset: { kind: string }; state: string }) =>
            asset.kind === kind && ['done', 'partial', 'failed'].includes(state),
        );
      });
      expect([kind, scan.state, scan.message]).toEqual([kind, expect.stringMatching(/done|partial/), scan.message]);
    }
    expect((await get(`/api/v1/assets/${hostId}`)).packageCount).toBeGreaterThan(100);
  });

  it('keeps no key in the container’s settings', async () => {
    expect(await docker('inspect', 'parapet-sensor')).not.toContain('ppk_');
  });

  it('leaves by the same line', async () => {
    const outcome = await runLine((await printed()).replace(/ parapet'$/, " parapet --uninstall'"));
    expect(outcome.stderr).toContain('removed from this host');
    await eventually('the console shows it as removed', async () => (await sensor())?.presence === 'removed');
    expect(await docker('ps', '-aq', '--filter', 'name=parapet-sensor')).toBe('');
  });
});

import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { eventually } from '@parapet/testkit';
import { buildPackage } from '../apps/console/src/delivery/delivery-builder.ts';
import { makeDebianHostRoot, startBareHost } from '../tests/support/bare-host.ts';
import { signInFirstAdmin } from '../tests/support/console-api.ts';
import { freePort, makeDataDir, removeDataDir, startParapet } from '../tests/support/parapet.ts';
import { root } from '../tools/build.ts';

const address = `10.77.${process.pid % 250}.1`;
const restMs = Number(process.env['INSTALL_BENCH_REST_MS'] ?? 30_000);

/**
 * A host without Node and Docker, a minimal Debian in spaces of its own, is added by the printed line: from its start to the
 * host being online at the console, with download and unpacking. Bytes of what is served; memory of the sensor after a rest.
 */
export const run = async (): Promise<Readonly<Record<string, number | string>>> => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const dataDir = await makeDataDir();
  const port = await freePort();
  const running = await startParapet({
    ...{ dataDir, port, args: ['--no-sensor'] },
    env: { PARAPET_PUBLIC_URLS: `https://${address}:${port}` },
  });
  const host = await startBareHost('bench-debian', await makeDebianHostRoot(), 0);
  try {
    const get = await signInFirstAdmin(running);
    const begun = performance.now();
    const args = ['sensor-command', '--json', '--data-dir', dataDir];
    const printed = await execArgv([process.execPath, join(root, 'build/cli.js'), ...args], { timeoutMs: 180_000 });
    const makeSeconds = seconds(begun);
    const line: string = JSON.parse(printed.stdout).commands.linux;
    const startedAt = performance.now();
    const installed = await host.run(line);
    if (installed.exitCode !== 0) throw new Error(installed.stderr);
    const lineSeconds = seconds(startedAt);
    await eventually('the host at the console', async () => {
      const { items } = await get('/api/v1/sensors');
      return items[0]?.presence === 'online';
    });
    const installSeconds = seconds(startedAt);
    await new Promise((resolve) => setTimeout(resolve, restMs));
    const memory = await sensorMemory(host.root);
    const archives = await archiveBytes();
    return { makeSeconds, lineSeconds, installSeconds, ...archives, ...memory, load: (await loadNow()).toFixed(1) };
  } finally {
    await host.dispose();
    await running.stop();
    await removeDataDir(dataDir);
  }
};

/** Of each processor; one that cannot be had here says why in place of its size. */
const archiveBytes = async (): Promise<Record<string, number | string>> => {
  const figures: Record<string, number | string> = {};
  for (const architecture of ['x64', 'arm64'] as const) {
    const dir = await mkdtemp(join(tmpdir(), 'parapet-bench-install-'));
    const [packagesDir, temporaryDir] = [join(dir, 'packages'), join(dir, 'tmp')];
    for (const each of [packagesDir, temporaryDir]) await mkdir(each);
    const made = await buildPackage(
      {
        ...{ kind: 'archive', architecture, version: '0.1.0', programDir: join(root, 'build') },
        ...{ packagesDir, temporaryDir, known: [] },
      },
      AbortSignal.timeout(300_000),
    );
    const figure = `archiveBytes${architecture === 'x64' ? 'X64' : 'Arm64'}`;
    if (!made.ok) figures[figure] = made.error.message;
    else if (made.value.kind === 'made') {
      const { sha256, contentBytes } = made.value.package;
      figures[figure] = (await stat(join(packagesDir, `${sha256}.tar.gz`))).size;
      figures[`${figure}Unpacked`] = contentBytes;
    }
    await rm(dir, { recursive: true, force: true });
  }
  return figures;
};

/** The process whose program lies in the host's root. */
const sensorMemory = async (hostRoot: string): Promise<Record<string, number>> => {
  const found = await execArgv(['pgrep', '-f', '^/opt/parapet-sensor/.*/sensor.js$']);
  for (const pid of found.stdout.trim().split('\n')) {
    const own = await execArgv(['readlink', `/proc/${pid}/root`]);
    if (own.stdout.trim() !== hostRoot) continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const megabytes = (name: string): number =>
      Math.round((Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * 1024) / 1e5) / 10;
    return { sensorRssMb: megabytes('VmRSS'), sensorAnonymousMb: megabytes('RssAnon') };
  }
  throw new Error('the sensor of the host is not running');
};

const seconds = (since: number): number => Math.round((performance.now() - since) / 100) / 10;
const loadNow = async (): Promise<number> => Number((await readFile('/proc/loadavg', 'utf8')).split(' ')[0]);

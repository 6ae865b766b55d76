import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser } from '@parapet/testkit';
import { memoryOfTree } from '../tests/support/memory.ts';
import { makeDataDir, removeDataDir, startParapet } from '../tests/support/parapet.ts';
import { root } from '../tools/build.ts';

const idleMs = 60_000;

/** From a fresh clone to a usable page, the warm start, memory at rest and the weight of the first page. Needs root and Chromium. */
export const run = async (): Promise<Record<string, number>> => ({ ...(await freshClone()), ...(await running()) });

const freshClone = async (): Promise<Record<string, number>> => {
  const dir = await mkdtemp(join(tmpdir(), 'parapet-bench-start-'));
  const clone = join(dir, 'clone');
  const cache = join(dir, 'cache');
  const timed = (what: string, argv: readonly string[], cwd: string): number => {
    const startedAt = performance.now();
    const result = spawnSync(argv[0] ?? '', argv.slice(1), {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (result.status !== 0) throw new Error(`${what} failed: ${result.stderr}`);
    return (performance.now() - startedAt) / 1000;
  };
  try {
    timed('git clone', ['git', 'clone', '--quiet', root, clone], dir);
    const install = [
      'npm',
      'install',
      '--no-save',
      '--omit=dev',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      '--cache',
      cache,
    ];
    const withDownloadS = timed('npm install', install, clone);
    const downloadedMb = (await sizeOf(join(cache, '_cacache', 'content-v2'))) / 1e6;
    await rm(join(clone, 'node_modules'), { recursive: true });
    const installS = timed('npm install from its cache', [...install, '--prefer-offline'], clone);
    const buildS = timed('build', [process.execPath, 'tools/build.ts'], clone);
    return {
      downloadedMb: round(downloadedMb),
      installWithDownloadS: round(withDownloadS),
      installS: round(installS),
      buildS: round(buildS),
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

const running = async (): Promise<Record<string, number>> => {
  const dataDir = await makeDataDir();
  try {
    const firstAt = performance.now();
    const first = await startParapet({ dataDir });
    const page = await loadFirstPage(first.url);
    const firstStartS = (performance.now() - firstAt) / 1000;
    await first.stop();
    const warmAt = performance.now();
    const warm = await startParapet({ dataDir, port: first.port });
    const warmStartS = (performance.now() - warmAt) / 1000;
    await sleep(idleMs);
    const processes = await memoryOfTree(warm.pid);
    await warm.stop();
    const sum = (pick: (command: string) => boolean, value: 'rssMib' | 'pssMib' | 'anonymousMib'): number =>
      round(processes.filter(({ command }) => pick(command)).reduce((total, memory) => total + memory[value], 0));
    const isConsole = (command: string): boolean => command.includes('console.js') || command.includes('postgres');
    return {
      firstStartToPageS: round(firstStartS),
      warmStartS: round(warmStartS),
      consoleIdlePssMib: sum(isConsole, 'pssMib'),
      consoleIdleRssMib: sum(isConsole, 'rssMib'),
      sensorIdleRssMib: sum((command) => command.includes('sensor.js'), 'rssMib'),
      sensorIdleAnonymousMib: sum((command) => command.includes('sensor.js'), 'anonymousMib'),
      supervisorPssMib: sum((command) => command.includes('cli.js'), 'pssMib'),
      ...page,
    };
  } finally {
    await removeDataDir(dataDir);
  }
};

/** The sign-in page in a browser that has nothing cached: time to its heading, and the script it took. */
const loadFirstPage = async (url: string): Promise<{ firstPageMs: number; firstPageScriptGzipKb: number }> => {
  await using browser = await launchBrowser();
  const { page } = await browser.open();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  const scripts = new Set<string>();
  let bytes = 0;
  devtools.on('Network.responseReceived', ({ requestId, type }) => type === 'Script' && scripts.add(requestId));
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) bytes += encodedDataLength;
  });
  const startedAt = performance.now();
  await page.goto(url);
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  const firstPageMs = performance.now() - startedAt;
  await page.waitForLoadState('networkidle');
  return { firstPageMs: Math.round(firstPageMs), firstPageScriptGzipKb: round(bytes / 1000) };
};

const sizeOf = async (path: string): Promise<number> => {
  const info = await stat(path);
  if (!info.isDirectory()) return info.size;
  const sizes = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
};

const round = (value: number): number => Math.round(value * 10) / 10;

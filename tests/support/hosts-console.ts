import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { eventually } from '@parapet/testkit';
import { root } from '../../tools/build.ts';
import { type Balancer, balancerSettings, startBalancer } from './balancer.ts';
import type { BareHost } from './bare-host.ts';
import { type ConsoleApi, signInFirstAdmin } from './console-api.ts';
import { makeNextRelease } from './next-release.ts';
import { freePort, makeDataDir, type RunningParapet, removeDataDir, startParapet } from './parapet.ts';

/** The built console for hosts in networks of their own, behind a balancer and directly. */
export type HostsConsole = {
  readonly running: () => RunningParapet;
  readonly api: ConsoleApi;
  readonly balancerPort: number;
  readonly httpProxyPort: number;
  /** The line for another host with a fresh key in it: as the page "Add a host" puts it together, or as the command line prints it. */
  readonly printedLine: (kind?: 'host' | 'docker') => Promise<string>;
  /** The same line for a host that reaches the console by the balancer only. */
  readonly throughBalancer: (line: string) => string;
  /** What a person does for a host that cannot fetch: copies both files there; the key is piped in. Returns the line for it. */
  readonly copyTo: (host: BareHost, line: string) => Promise<string>;
  /** Waits until the archive of this version and processor is made. */
  readonly makeArchive: () => Promise<void>;
  /** Stops the console and starts the next version on its data. `drained` is what it answered to the balancer while it stopped. */
  readonly upgrade: () => Promise<{ drained: number; exitCode: number | undefined; version: string }>;
  readonly dispose: () => Promise<void>;
};

const drainSeconds = 4;

/** The first network reaches the console itself, the others its balancer where there is one. */
export const startHostsConsole = async (gateways: readonly string[], withBalancer: boolean): Promise<HostsConsole> => {
  await using stack = new AsyncDisposableStack();
  const dataDir = await makeDataDir();
  stack.defer(() => removeDataDir(dataDir));
  const [port, balancerPort] = [await freePort(), await freePort()];
  const portOf = (index: number): number => (index === 0 || !withBalancer ? port : balancerPort);
  const urls = [
    ...gateways.map((address, index) => `https://${address}:${portOf(index)}`),
    `https://localhost:${port}`,
  ];
  const start = (programDir?: string): Promise<RunningParapet> =>
    startParapet({
      ...{ dataDir, port, args: ['--no-sensor'] },
      ...(programDir === undefined ? {} : { programDir }),
      env: {
        ...(withBalancer ? balancerSettings : {}),
        PARAPET_PUBLIC_URLS: urls.join(','),
        PARAPET_DRAIN_SECONDS: String(drainSeconds),
      },
    });
  let running = await start();
  let programDir: string | undefined;
  stack.defer(async () => {
    await running.stop();
  });
  const balancer: Balancer | undefined = withBalancer ? await startBalancer(port, balancerPort) : undefined;
  if (balancer !== undefined) stack.defer(balancer.dispose);
  const api = await signInFirstAdmin(running);
  const moved = stack.move();

  const makeArchive = async (): Promise<void> => {
    const wanted = { kind: 'archive', architecture: process.arch };
    await api('/api/v1/sensor-delivery', wanted);
    const isReady = async (): Promise<boolean> => {
      const { packages } = await api('/api/v1/sensor-delivery');
      const found = packages.find(
        ({ kind, architecture }: typeof wanted) => kind === wanted.kind && architecture === wanted.architecture,
      );
      if (found.state === 'failed') throw new Error(found.problem);
      return found.state === 'ready';
    };
    // Made at the lowest priority, which on a busy machine is little.
    await eventually('the archive', isReady, 400_000);
  };
  const lineOfThePage = async (): Promise<string> => {
    await makeArchive();
    const { secret } = await api('/api/v1/enrolment-keys', { name: 'a host', maxUses: 1 });
    const { commands } = await api('/api/v1/sensor-delivery');
    return commands.linux.replaceAll('THE-ENROLMENT-KEY', secret);
  };
  const lineForDocker = async (): Promise<string> => {
    const program = join(programDir ?? join(root, 'build'), 'cli.js');
    const args = ['sensor-command', '--docker', '--json', '--data-dir', dataDir];
    const printed = await execArgv([process.execPath, program, ...args], { timeoutMs: 120_000 });
    if (printed.exitCode !== 0) throw new Error(printed.stderr);
    return JSON.parse(printed.stdout).commands.docker;
  };
  return {
    running: () => running,
    api,
    balancerPort,
    httpProxyPort: balancer?.httpPort ?? 0,
    printedLine: (kind = 'host') => (kind === 'docker' ? lineForDocker() : lineOfThePage()),
    throughBalancer: (line) => (withBalancer ? line.replace(`:${port}/`, `:${balancerPort}/`) : line),
    copyTo: async (host, line) => {
      const scriptUrl = /https:\/\/\S+\.sh/.exec(line)?.[0] ?? '';
      const script = await (await fetch(scriptUrl.replace(host.gateway, 'localhost'))).text();
      const hash = /^x64_hash=([0-9a-f]{64})$/m.exec(script)?.[1] ?? '';
      const archive = await fetch(`${running.url}/sensor/packages/${hash}.tar.gz`);
      await writeFile(join(host.root, 'tmp/install.sh'), script);
      await writeFile(join(host.root, 'tmp/archive'), Buffer.from(await archive.arrayBuffer()));
      return `${/^printf %s \S+ \| /.exec(line)?.[0]} sh /tmp/install.sh --archive /tmp/archive`;
    },
    makeArchive,
    upgrade: async () => {
      const next = moved.use(await makeNextRelease());
      const stopping = running.stop();
      const drained = await eventually('the console saying that it stops', async () => {
        const { status } = await fetch(`${running.url}/readyz`);
        return status === 200 ? undefined : status;
      });
      const exitCode = await stopping;
      programDir = next.programDir;
      running = await start(programDir);
      return { drained, exitCode, version: next.version };
    },
    dispose: () => moved.disposeAsync(),
  };
};

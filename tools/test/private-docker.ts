import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type PrivateDocker = {
  /** Value for DOCKER_HOST; absent when there is no daemon to use. */
  readonly host: string | undefined;
  readonly note: string | undefined;
  readonly stop: () => Promise<void>;
};

const nothing = async (): Promise<void> => undefined;

/** Uses the Docker daemon that answers, else as root starts one with its own roots, socket and bridge. */
export const startPrivateDocker = async (deps: {
  isRoot: boolean;
  say: (text: string) => void;
}): Promise<PrivateDocker> => {
  const existing = process.env['DOCKER_HOST']?.replace(/^unix:\/\//, '') ?? '/var/run/docker.sock';
  if (await answers(existing)) return { host: `unix://${existing}`, note: undefined, stop: nothing };
  if (!deps.isRoot)
    return { host: undefined, note: 'no Docker daemon answers, and starting one needs root', stop: nothing };
  if (!existsSync('/usr/sbin/dockerd'))
    return { host: undefined, note: 'no Docker daemon answers and dockerd is not installed', stop: nothing };
  const dir = await mkdtemp(join(tmpdir(), 'parapet-docker-'));
  const bridge = `ppt${process.pid % 100_000}`;
  const subnet = `10.${200 + (process.pid % 50)}.${process.pid % 250}.1/24`;
  spawnSync('ip', ['link', 'add', 'name', bridge, 'type', 'bridge']);
  spawnSync('ip', ['addr', 'add', subnet, 'dev', bridge]);
  spawnSync('ip', ['link', 'set', bridge, 'up']);
  const socket = join(dir, 'docker.sock');
  const log = await open(join(dir, 'log'), 'w');
  const args = [
    '--host',
    `unix://${socket}`,
    '--data-root',
    join(dir, 'data'),
    '--exec-root',
    join(dir, 'exec'),
    '--pidfile',
    join(dir, 'pid'),
    '--bridge',
    bridge,
  ];
  const daemon = spawn('/usr/sbin/dockerd', args, { stdio: ['ignore', log.fd, log.fd], detached: true });
  daemon.on('error', () => undefined);
  const stop = async (): Promise<void> => {
    daemon.kill('SIGTERM');
    for (let i = 0; i < 100 && daemon.exitCode === null && daemon.signalCode === null; i += 1) await sleep(200);
    daemon.kill('SIGKILL');
    removeRulesOf(bridge);
    spawnSync('ip', ['link', 'del', bridge]);
    await log.close();
    await unmountBelow(dir);
    await rm(dir, { recursive: true, force: true }).catch(() => undefined);
  };
  for (let i = 0; i < 600; i += 1) {
    if (await answers(socket)) {
      deps.say(`started a private Docker daemon in ${dir}`);
      return { host: `unix://${socket}`, note: undefined, stop };
    }
    if (daemon.exitCode !== null) break;
    await sleep(200);
  }
  const lastLine = (await readFile(join(dir, 'log'), 'utf8')).trim().split('\n').at(-1) ?? '';
  await stop();
  return { host: undefined, note: `a private Docker daemon did not come up: ${lastLine.slice(0, 300)}`, stop: nothing };
};

/** The daemon leaves its rules for translation and forwarding behind; those that name its bridge go with it. */
const removeRulesOf = (bridge: string): void => {
  for (const table of ['nat', 'filter']) {
    const rules = spawnSync('iptables', ['-t', table, '-S'], { encoding: 'utf8' }).stdout ?? '';
    for (const rule of rules.split('\n').filter((line) => line.startsWith('-A ') && line.split(' ').includes(bridge))) {
      spawnSync('iptables', ['-t', table, '-D', ...rule.split(' ').slice(1)]);
    }
  }
};

/** A killed daemon can leave overlay mounts, which keep the folder from being removed. */
const unmountBelow = async (dir: string): Promise<void> => {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(`${dir}/`)).reverse()) spawnSync('umount', ['-l', mount]);
};

const answers = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const ping = request({ socketPath, path: '/_ping', timeout: 3000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.end();
  });

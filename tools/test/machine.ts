import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { startPrivateDocker } from './private-docker.ts';

export type Machine = {
  readonly env: Readonly<Record<string, string>>;
  /** What could not be made ready, in plain words. */
  readonly notes: readonly string[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** Debian packages that tests use, by a file that shows that they are there. */
const packages = [
  { name: 'chromium', file: '/usr/bin/chromium', use: 'the browser of the browser tests' },
  { name: 'docker.io', file: '/usr/sbin/dockerd', use: 'a private Docker daemon' },
  { name: 'debootstrap', file: '/usr/sbin/debootstrap', use: 'a Debian image to scan' },
  { name: 'iptables', file: '/usr/sbin/iptables', use: 'network translation of the daemon' },
  { name: 'nftables', file: '/usr/sbin/nft', use: 'network translation in test namespaces' },
  {
    name: 'iproute2',
    file: '/usr/bin/ip',
    use: 'network namespaces as extra hosts',
    alternatives: ['/bin/ip', '/sbin/ip'],
  },
  { name: 'busybox-static', file: '/bin/busybox', use: 'a small image', alternatives: ['/usr/bin/busybox'] },
  { name: 'haproxy', file: '/usr/sbin/haproxy', use: 'a load balancer in front of the console' },
  { name: 'postgresql', file: '/usr/lib/postgresql', use: 'the oldest PostgreSQL that is supported' },
  { name: 'openssl', file: '/usr/bin/openssl', use: 'a second opinion on certificates' },
  {
    name: 'postgresql',
    file: '/usr/lib/postgresql/15/bin/postgres',
    use: 'the oldest supported PostgreSQL',
    alternatives: ['/usr/lib/postgresql/16/bin/postgres', '/usr/lib/postgresql/17/bin/postgres'],
  },
  { name: 'docker-registry', file: '/usr/bin/docker-registry', use: 'a registry to read images of' },
  { name: 'rpm', file: '/usr/bin/rpm', use: 'a second opinion on rpm databases' },
  { name: 'podman', file: '/usr/bin/podman', use: 'a store of images as Podman makes it' },
] as const;

/** Installs what is missing and starts Docker where this machine allows it. */
export const prepareMachine = async (say: (text: string) => void): Promise<Machine> => {
  const notes: string[] = [];
  const isRoot = process.getuid?.() === 0;
  const missing = packages.filter(
    (entry) => ![entry.file, ...('alternatives' in entry ? entry.alternatives : [])].some((file) => existsSync(file)),
  );
  if (missing.length > 0) {
    if (isRoot && existsSync('/usr/bin/apt-get')) installPackages(missing, say, notes);
    else
      notes.push(
        `not installed, because this is ${isRoot ? 'not Debian' : 'not root'}: ${missing.map((entry) => entry.name).join(', ')}`,
      );
  }
  const docker = await startPrivateDocker({ isRoot, say });
  if (docker.note !== undefined) notes.push(docker.note);
  return {
    env: docker.host === undefined ? {} : { DOCKER_HOST: docker.host },
    notes,
    [Symbol.asyncDispose]: docker.stop,
  };
};

const installPackages = (
  missing: readonly { name: string; use: string }[],
  say: (text: string) => void,
  notes: string[],
): void => {
  for (const entry of missing) say(`installing the Debian package ${entry.name} (${entry.use})`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore', timeout: 300_000 });
  for (const entry of missing) {
    // Another apt may be at work: it is waited for.
    const argv = ['-o', 'DPkg::Lock::Timeout=600', 'install', '-y', '-qq', '--no-install-recommends', entry.name];
    const result = spawnSync('apt-get', argv, { env, encoding: 'utf8', timeout: 900_000 });
    if (result.status !== 0)
      notes.push(`apt-get could not install ${entry.name}: ${result.stderr.trim().split('\n').at(-1) ?? ''}`);
  }
};

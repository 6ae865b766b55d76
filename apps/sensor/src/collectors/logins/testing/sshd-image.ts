import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { importImage, makeDebianRoot } from '@parapet/testkit';

/** What the container runs: a log in a file and sshd. */
export const sshdCommand = [
  '/bin/sh',
  '-c',
  'mkdir -p /run/sshd; /bin/busybox syslogd -O /var/log/auth.log; exec /usr/sbin/sshd -D',
] as const;

/** Debian's sshd and su with the user `ann`, as an image; returns its reference. Takes some 10 s once the tests have their Debian root. */
export const buildSshdImage = async (password: string): Promise<string> => {
  const system = await makeDebianRoot();
  try {
    await inside(system, 'apt-get', 'install', '-y', '--no-install-recommends', '--download-only', 'openssh-server');
    // Unpacked and not installed: what its scripts do takes longer than all else here.
    await inside(system, 'sh', '-ec', `for deb in ${archives}/*.deb; do ${unpack}; done`);
    mkdirSync(join(system, 'etc/ssh'), { recursive: true });
    writeFileSync(join(system, 'etc/ssh/sshd_config'), 'UsePAM yes\nPasswordAuthentication yes\nUseDNS no\n');
    await inside(system, 'ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', '/etc/ssh/ssh_host_ed25519_key');
    await inside(system, 'useradd', '--system', '--home-dir', '/run/sshd', '--shell', '/usr/sbin/nologin', 'sshd');
    await inside(system, 'useradd', '--create-home', 'ann');
    await inside(system, 'sh', '-ec', `echo 'ann:${password}' | chpasswd`);
    copyFileSync('/bin/busybox', join(system, 'bin/busybox'));
    // Two thirds of it, which nothing here reads.
    for (const folder of unread) rmSync(join(system, folder), { recursive: true, force: true });
    return await importImage(system, 'parapet-test/sshd:1');
  } finally {
    rmSync(system, { recursive: true, force: true });
  }
};

const archives = '/var/cache/apt/archives';
/** `dpkg-deb --extract` would put a folder in the place of the link /lib. */
const unpack = 'dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C /';
const unread = [
  'usr/share',
  'usr/lib/x86_64-linux-gnu/gconv',
  'usr/lib/aarch64-linux-gnu/gconv',
  'var/lib/apt',
  'var/cache',
];

const inside = async (root: string, ...argv: readonly string[]): Promise<void> => {
  const { exitCode, stdout, stderr } = await execArgv(['chroot', root, ...argv], {
    timeoutMs: 600_000,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (exitCode !== 0) throw new Error(`${argv[0]} failed: ${stdout.slice(-500)}${stderr.slice(-500)}`);
};

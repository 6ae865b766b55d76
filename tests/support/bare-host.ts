import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExecOutcome, execArgv } from '@parapet/core';
import { eventually, makeDebianRoot } from '@parapet/testkit';

/** A host of its own on this machine: network, process and name spaces and a root folder. Nothing of this machine's files is in it. */
export type BareHost = {
  readonly name: string;
  readonly root: string;
  /** Where this machine is for it. */
  readonly gateway: string;
  /** Runs a command line by its shell, as a person at its console would. */
  readonly run: (command: string, env?: Readonly<Record<string, string>>) => Promise<ExecOutcome>;
  /** Drops all that it sends, as a firewall rule gone wrong does; call the result to mend that. */
  readonly cutOff: () => Promise<() => Promise<void>>;
  readonly dispose: () => Promise<void>;
};

/** Starts a host on a prepared root folder, which it removes with itself. */
export const startBareHost = async (name: string, root: string, index: number): Promise<BareHost> => {
  const tag = `${process.pid % 10_000}${index}`;
  const [namespace, outside, inside] = [`ppt-bare-${tag}`, `pptb${tag}o`, `pptb${tag}i`];
  const subnet = `10.${77 + index}.${process.pid % 250}`;
  await ip('netns', 'add', namespace);
  await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', namespace);
  await ip('addr', 'add', `${subnet}.1/24`, 'dev', outside);
  await ip('link', 'set', outside, 'up');
  await ip('-n', namespace, 'addr', 'add', `${subnet}.2/24`, 'dev', inside);
  await ip('-n', namespace, 'link', 'set', inside, 'up');
  await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  // Its first process takes in what its children leave behind, as an init does.
  const script =
    'mount --bind "$1" "$1" && mount -t proc proc "$1/proc" && mount --bind /dev "$1/dev" && hostname "$2" && exec chroot "$1" /bin/sh -c "while :; do sleep 1000 & wait; done"';
  const spaces = ['unshare', '--mount', '--uts', '--pid', '--fork', '--kill-child'];
  const child = spawn('ip', ['netns', 'exec', namespace, ...spaces, '/bin/sh', '-c', script, 'init', root, name], {
    stdio: 'ignore',
  });
  const init = await eventually('the first process of the host', () => childOf(child));
  await eventually(
    'the root of the host',
    async () => (await readFile(`/proc/${init}/root/etc/hostname`, 'utf8')) !== '',
  );
  const nft = async (commands: string): Promise<void> => {
    const outcome = await execArgv(['ip', 'netns', 'exec', namespace, 'nft', commands]);
    if (outcome.exitCode !== 0) throw new Error(`nft ${commands}: ${outcome.stderr.trim()}`);
  };
  const enter = ['nsenter', '--target', init, '--mount', '--uts', '--pid', '--net', '--root', '--wd=/'] as const;
  return {
    name,
    root,
    gateway: `${subnet}.1`,
    run: (command, env = {}) =>
      execArgv([...enter, '/bin/sh', '-c', command], {
        timeoutMs: 120_000,
        env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...env },
      }),
    cutOff: async () => {
      await nft('add table ip cut; add chain ip cut out { type filter hook output priority 0; policy drop; }');
      return () => nft('delete table ip cut');
    },
    dispose: async () => {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      await ip('link', 'del', outside);
      await ip('netns', 'del', namespace);
      await rm(root, { recursive: true, force: true });
    },
  };
};

const applets = [
  ...[
    'sh',
    'cat',
    'chmod',
    'chown',
    'cp',
    'cut',
    'df',
    'echo',
    'grep',
    'gzip',
    'head',
    'hostname',
    'id',
    'kill',
    'ln',
    'ls',
  ],
  ...[
    'mkdir',
    'mv',
    'printf',
    'readlink',
    'rm',
    'rmdir',
    'sed',
    'setsid',
    'sha256sum',
    'sleep',
    'stty',
    'tail',
    'tar',
    'tr',
  ],
  ...['uname', 'wget', 'find', 'ps'],
];

/** A root of one static file, Debian's BusyBox: no C library of any kind, as little as a musl host without its own. */
export const makeBusyboxRoot = async (): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), 'parapet-bare-busybox-'));
  for (const dir of ['bin', 'dev', 'etc', 'proc', 'root', 'tmp', 'var', 'run']) await mkdir(join(root, dir));
  await copyFile('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of applets) await symlink('busybox', join(root, 'bin', applet));
  await writeFile(join(root, 'etc/os-release'), 'ID=busybox\nPRETTY_NAME="BusyBox alone"\n');
  await writeFile(join(root, 'etc/machine-id'), `${'b'.repeat(31)}${process.pid % 10}\n`);
  await writeFile(join(root, 'etc/hostname'), 'bare\n');
  return root;
};

/** A minimal Debian with curl as the root of a host. */
export const makeDebianHostRoot = async (): Promise<string> => {
  const root = await makeDebianRoot();
  await writeFile(join(root, 'etc/machine-id'), `${'d'.repeat(31)}${process.pid % 10}\n`);
  await writeFile(join(root, 'etc/hostname'), 'minimal\n');
  return root;
};

const ip = async (...args: readonly string[]): Promise<void> => {
  const outcome = await execArgv(['ip', ...args]);
  if (outcome.exitCode !== 0) throw new Error(`ip ${args.join(' ')}: ${outcome.stderr.trim()}`);
};

const childOf = async (parent: ChildProcess): Promise<string | undefined> => {
  if (parent.exitCode !== null) throw new Error(`the host ended with ${parent.exitCode}`);
  const children = await readFile(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8');
  return children.trim().split(' ')[0] || undefined;
};

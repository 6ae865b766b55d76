import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { makeDebianRoot } from './debian-root.ts';
import { onceInARun } from './once-in-a-run.ts';
import { dockerSocketPath } from './requirements.ts';

/** Every container, image and network that tests make carries this label; nothing else is touched. */
export const testLabel = 'parapet.test=1';

/** Runs the docker command line against the test daemon; throws with its own words when it fails. Returns trimmed output. */
export const docker = async (...args: readonly string[]): Promise<string> => {
  const outcome = await execArgv(['docker', ...args], {
    timeoutMs: 120_000,
    env: {
      PATH: process.env['PATH'],
      HOME: tmpdir(),
      DOCKER_HOST: `unix://${dockerSocketPath() ?? '/var/run/docker.sock'}`,
    },
  });
  if (outcome.exitCode !== 0) throw new Error(`docker ${args.join(' ')} failed: ${outcome.stderr.trim()}`);
  return outcome.stdout.trim();
};

/** Starts a labelled container and returns its id. */
export const runContainer = (image: string, options: readonly string[], command: readonly string[]): Promise<string> =>
  docker('run', '--detach', '--label', testLabel, ...options, image, ...command);

/** Removes a container whatever its state. */
export const removeContainer = async (id: string): Promise<void> => {
  await docker('rm', '--force', '--volumes', id).catch(() => undefined);
};

const applets = [
  'sh',
  'sleep',
  'ls',
  'cat',
  'nc',
  'wget',
  'httpd',
  'echo',
  'true',
  'false',
  'id',
  'ip',
  'mkdir',
  'cp',
  'udhcpc',
  'ping',
];

/** A 2 MB image of Debian's static busybox, made once in a run; returns its reference. */
export const buildBusyboxImage = async (): Promise<string> => {
  const reference = 'parapet-test/busybox:1';
  await onceInARun('busybox-image', () => importBusybox(reference));
  return reference;
};

const importBusybox = async (reference: string): Promise<void> => {
  const root = await mkdtemp(join(tmpdir(), 'parapet-busybox-'));
  try {
    for (const dir of ['bin', 'etc', 'tmp', 'www']) await mkdir(join(root, dir));
    await copyFile('/bin/busybox', join(root, 'bin/busybox'));
    for (const applet of applets) await symlink('busybox', join(root, 'bin', applet));
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n');
    await writeFile(join(root, 'www/index.html'), 'hello\n');
    await importImage(root, reference);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

/** A minimal Debian as an image, made once in a run; returns its reference. */
export const buildDebianImage = async (release: 'bookworm' | 'trixie' = 'bookworm'): Promise<string> => {
  const reference = `parapet-test/debian:${release}`;
  await onceInARun(`debian-${release}-image`, async () => {
    const root = await makeDebianRoot(release);
    try {
      await importImage(root, reference);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
  return reference;
};

/** Packs a folder and gives it to the daemon as an image of one layer. */
export const importImage = async (root: string, reference: string): Promise<string> => {
  const tar = spawn('tar', ['-C', root, '-c', '.'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const load = spawn('docker', ['import', '--change', `LABEL ${testLabel}`, '-', reference], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HOME: tmpdir(),
      DOCKER_HOST: `unix://${dockerSocketPath() ?? '/var/run/docker.sock'}`,
    },
  });
  tar.stdout.pipe(load.stdin);
  let complaint = '';
  load.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    load.on('error', reject);
    load.on('close', resolve);
  });
  if (code !== 0) throw new Error(`docker import failed: ${complaint.trim()}`);
  return reference;
};

import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { exists, onceInARun, sharedDir } from './once-in-a-run.ts';

/**
 * A minimal Debian with curl in a fresh folder, with its real package database, from the mirror of this machine. Takes some 30 s
 * the first time in a run and 2 s after that.
 */
export const makeDebianRoot = async (release: 'bookworm' | 'trixie' = 'bookworm'): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), 'parapet-debian-'));
  if (sharedDir === undefined) {
    await makeRoot(release, root);
    return root;
  }
  const kept = join(sharedDir, `debian-${release}.tar`);
  await onceInARun(`debian-${release}`, async () => {
    await makeRoot(release, root);
    await run(['tar', '-cf', `${kept}.new`, '--numeric-owner', '-C', root, '.']);
    await rename(`${kept}.new`, kept);
  });
  // Whoever made it has it already.
  if (!(await exists(join(root, 'etc')))) await run(['tar', '-xpf', kept, '--numeric-owner', '-C', root]);
  return root;
};

const makeRoot = async (release: string, root: string): Promise<void> => {
  await run(['debootstrap', '--variant=minbase', '--include=curl', release, root]);
  await unmountBelow(root);
  await rm(join(root, 'var/cache/apt'), { recursive: true, force: true });
};

/** debootstrap leaves its /proc mounted when somebody looks into it at that moment, as a sensor of another test does. */
const unmountBelow = async (root: string): Promise<void> => {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const below = mounts
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${root}/`));
  for (const path of below.toReversed()) await run(['umount', '--lazy', path]);
};

const run = async (argv: readonly [string, ...string[]]): Promise<void> => {
  const { exitCode, stdout, stderr } = await execArgv([...argv], { timeoutMs: 600_000 });
  if (exitCode !== 0) throw new Error(`${argv[0]} failed: ${stdout.slice(-500)}${stderr.slice(-500)}`);
};

import { access, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';

/** A folder for what tests of one run share; `npm test` makes and removes it. Without it each makes its own. */
const sharedDir = process.env['PARAPET_TEST_SHARED_DIR'];

/**
 * A minimal Debian with curl in a fresh folder, with its real package database, from the mirror of this machine. Takes some 30 s
 * the first time in a run and 2 s after that.
 */
export const makeDebianRoot = async (release: 'bookworm' | 'trixie' = 'bookworm'): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), 'parapet-debian-'));
  const kept = sharedDir === undefined ? undefined : join(sharedDir, `debian-${release}.tar`);
  if (kept !== undefined && (await exists(kept))) {
    await run(['tar', '-xpf', kept, '--numeric-owner', '-C', root]);
    return root;
  }
  await run(['debootstrap', '--variant=minbase', '--include=curl', release, root]);
  await unmountBelow(root);
  await rm(join(root, 'var/cache/apt'), { recursive: true, force: true });
  if (kept !== undefined) {
    await run(['tar', '-cf', `${kept}.new`, '--numeric-owner', '-C', root, '.']);
    await rename(`${kept}.new`, kept);
  }
  return root;
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

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const run = async (argv: readonly [string, ...string[]]): Promise<void> => {
  const { exitCode, stdout, stderr } = await execArgv([...argv], { timeoutMs: 600_000 });
  if (exitCode !== 0) throw new Error(`${argv[0]} failed: ${stdout.slice(-500)}${stderr.slice(-500)}`);
};

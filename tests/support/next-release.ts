import { chmod, cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programVersion } from '@parapet/core';
import { ensureBuilt, root } from '../../tools/build.ts';

/** The built program as if it had been released under another version: nothing else differs. */
export type NextRelease = AsyncDisposable & { readonly programDir: string; readonly version: string };

const version = '0.2.0';
/** As the bundles have it: the console's and the command line's, and the sensor's. */
const said = new RegExp(`\\b((?:program|sensor)Version = )"${programVersion.replaceAll('.', '\\.')}"`);

export const makeNextRelease = async (): Promise<NextRelease> => {
  await ensureBuilt(() => undefined);
  const dir = await mkdtemp(join(tmpdir(), 'parapet-next-'));
  // The console's own user reads it.
  await chmod(dir, 0o755);
  const programDir = join(dir, 'build');
  await cp(join(root, 'build'), programDir, { recursive: true });
  // Its PostgreSQL is the checkout's.
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
  let renamed = 0;
  for (const name of (await readdir(programDir)).filter((each) => each.endsWith('.js'))) {
    const path = join(programDir, name);
    const code = await readFile(path, 'utf8');
    if (!said.test(code)) continue;
    renamed += 1;
    await writeFile(path, code.replace(said, `$1"${version}"`));
  }
  if (renamed < 3) throw new Error(`only ${renamed} programs of the build say their version`);
  return { programDir, version, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
};

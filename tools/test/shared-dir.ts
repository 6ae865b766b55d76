import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is slow to make and the same for many processes of one run, e.g. a root of Debian. */
export const makeSharedDir = async (): Promise<
  AsyncDisposable & { readonly env: Readonly<Record<string, string>> }
> => {
  const dir = await mkdtemp(join(tmpdir(), 'parapet-test-'));
  // Consoles run as another user. Sensors and consoles are started a hundred times from the same sources, and without this each
  // strips and compiles them anew.
  const compiled = join(dir, 'compiled');
  await mkdir(compiled);
  await chmod(dir, 0o755);
  await chmod(compiled, 0o1777);
  return {
    env: { PARAPET_TEST_SHARED_DIR: dir, NODE_COMPILE_CACHE: compiled },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
};

import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** As whom tests that run as root start what must not: consoles and PostgreSQL. */
const nobody = 65_534;

/** What is slow to make and the same for many processes of one run, e.g. a root of Debian. */
export const makeSharedDir = async (
  uid = process.getuid?.(),
): Promise<AsyncDisposable & { readonly env: Readonly<Record<string, string>> }> => {
  const dir = await mkdtemp(join(tmpdir(), 'parapet-test-'));
  await chmod(dir, 0o755);
  // Sensors and consoles are started a hundred times from the same sources, and without this each strips and compiles them anew.
  const compiled = join(dir, 'compiled');
  await mkdir(compiled);
  await chmod(compiled, 0o755);
  for (const user of uid === 0 ? [0, nobody] : [uid]) await makeOwn(join(compiled, String(user)), user);
  return {
    env: { PARAPET_TEST_SHARED_DIR: dir, NODE_COMPILE_CACHE: join(compiled, String(uid)) },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
};

/** Node runs what it finds there: nobody else may write it. */
const makeOwn = async (path: string, uid: number | undefined): Promise<void> => {
  await mkdir(path, { mode: 0o700 });
  if (uid !== undefined && uid !== process.getuid?.()) await chown(path, uid, uid);
};

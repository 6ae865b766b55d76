import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is slow to make and the same for many test files of one run, e.g. a root of Debian. */
export const makeSharedDir = async (): Promise<AsyncDisposable & { readonly dir: string }> => {
  const dir = await mkdtemp(join(tmpdir(), 'parapet-test-'));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
};
